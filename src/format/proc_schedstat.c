/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the reading of /proc/PID/schedstat: "RAN QUEUED TIMESLICES". */
#include "dbgattach/format/proc_schedstat.h"

#include "dbgattach/base/text.h"
#include "src/format/line.h"

#define FIELDS 3

int proc_schedstat_parse(const char *bytes, size_t length, struct proc_schedstat *ret, struct err *err)
{
	struct slice rest = { bytes, length };
	uint64_t values[FIELDS];

	/* Without its end a number could be the beginning of another. */
	bool whole = length > 0 && bytes[length - 1] == '\n';
	if (whole)
		rest.length--;
	for (size_t i = 0; i < FIELDS; i++) {
		struct slice word;
		if (!whole || !word_next(&rest, &word) || text_u64(word.text, word.length, UINT64_MAX, &values[i]) < 0)
			return err_set(err, ERR_MALFORMED, "field %zu of the process's schedstat cannot be read",
				       i + 1);
	}
	*ret = (struct proc_schedstat) { .ran_ns = values[0], .queued_ns = values[1] };
	return 0;
}
