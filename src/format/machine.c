/* SPDX-License-Identifier: Apache-2.0 */
/* Owns what is taken from systemd-machined's files. Opens nothing. */
#include "dbgattach/format/machine.h"

#include "dbgattach/base/text.h"
#include "src/format/line.h"

#include <limits.h>

/* systemd writes a value with quotes only where it holds what a shell would understand: then it is none of ours. */
static bool copy(struct slice value, char *out, size_t size)
{
	if (value.length == 0 || value.length >= size || memchr(value.text, '\0', value.length) ||
	    memchr(value.text, '"', value.length))
		return false;
	memcpy(out, value.text, value.length);
	out[value.length] = '\0';
	return true;
}

int machine_parse(const char *bytes, size_t length, struct machine *ret, struct err *err)
{
	struct lines lines = { .bytes = bytes, .length = length };
	struct machine out = { 0 };
	struct slice line, key;
	uint64_t pid;

	while (line_next(&lines, &line)) {
		if (!field_next(&line, '=', &key))
			continue;
		if (slice_is(key, "CLASS"))
			out.is_container = slice_is(line, "container");
		else if (slice_is(key, "SCOPE") && line.length > 0 && !copy(line, out.unit, sizeof(out.unit)))
			return err_set(err, ERR_MALFORMED, "line %zu: SCOPE names no unit", lines.number);
		else if (slice_is(key, "LEADER")) {
			if (text_u64(line.text, line.length, INT_MAX, &pid) < 0 || pid == 0)
				return err_set(err, ERR_MALFORMED, "line %zu: LEADER is no process id", lines.number);
			out.leader = (pid_t)pid;
		}
	}
	if (out.leader == 0)
		return err_set(err, ERR_MALFORMED, "LEADER is missing");
	*ret = out;
	return 0;
}
