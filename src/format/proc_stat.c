/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the reading of /proc/PID/stat: "PID (COMM) STATE PPID ...". COMM is the process's own and may hold anything. */
#include "dbgattach/format/proc_stat.h"

#include "dbgattach/base/text.h"
#include "src/format/line.h"

#include <limits.h>

#define FIELD_STATE 3
#define FIELD_PPID 4
#define FIELD_START_TIME 22

static int malformed(size_t field, struct err *err)
{
	return err_set(err, ERR_MALFORMED, "field %zu of the process's stat cannot be read", field);
}

/* Numbers that are not kept must still be numbers: signed ones among them. */
static bool is_number(struct slice word)
{
	size_t sign = word.length > 0 && word.text[0] == '-' ? 1 : 0;
	uint64_t ignored;
	return text_u64(word.text + sign, word.length - sign, UINT64_MAX, &ignored) == 0;
}

static int parse_field(size_t number, struct slice word, struct proc_stat *out, struct err *err)
{
	uint64_t value;

	switch (number) {
	case FIELD_STATE:
		if (word.length != 1 ||
		    ((word.text[0] < 'A' || word.text[0] > 'Z') && (word.text[0] < 'a' || word.text[0] > 'z')))
			return malformed(number, err);
		out->state = word.text[0];
		return 0;
	case FIELD_PPID:
		if (text_u64(word.text, word.length, INT_MAX, &value) < 0)
			return malformed(number, err);
		out->ppid = (pid_t)value;
		return 0;
	case FIELD_START_TIME:
		if (text_u64(word.text, word.length, UINT64_MAX, &out->start_time) < 0)
			return malformed(number, err);
		return 0;
	default:
		return is_number(word) ? 0 : malformed(number, err);
	}
}

int proc_stat_parse(const char *bytes, size_t length, struct proc_stat *ret, struct err *err)
{
	struct proc_stat out = { 0 };
	uint64_t pid;

	/* Only numbers follow COMM, so the last ')' of all is the one that ends it, whatever COMM pretends. */
	const char *open = length > 0 ? memchr(bytes, '(', length) : NULL;
	const char *close = open ? memrchr(open, ')', length - (size_t)(open - bytes)) : NULL;
	if (!close || open - bytes < 2 || open[-1] != ' ' ||
	    text_u64(bytes, (size_t)(open - bytes) - 1, INT_MAX, &pid) < 0 || pid == 0)
		return malformed(1, err);
	out.pid = (pid_t)pid;

	struct slice rest = { close + 1, length - (size_t)(close + 1 - bytes) };
	if (rest.length > 0 && rest.text[rest.length - 1] == '\n')
		rest.length--;
	for (size_t number = FIELD_STATE; number <= FIELD_START_TIME; number++) {
		struct slice word;
		if (!word_next(&rest, &word))
			return malformed(number, err);
		int r = parse_field(number, word, &out, err);
		if (r < 0)
			return r;
	}
	/* A number that the end of the bytes cut short would be another number. */
	if (rest.length == 0)
		return malformed(FIELD_START_TIME, err);
	*ret = out;
	return 0;
}
