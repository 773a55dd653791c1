/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the reading of /proc/PID/limits: "NAME  SOFT  HARD  UNIT", the first line being the heading. */
#include "dbgattach/format/proc_limits.h"

#include "dbgattach/base/text.h"
#include "src/format/line.h"

static const char *const names[] = {
	[RLIMIT_CPU] = "Max cpu time",
	[RLIMIT_FSIZE] = "Max file size",
	[RLIMIT_DATA] = "Max data size",
	[RLIMIT_STACK] = "Max stack size",
	[RLIMIT_CORE] = "Max core file size",
	[RLIMIT_RSS] = "Max resident set",
	[RLIMIT_NPROC] = "Max processes",
	[RLIMIT_NOFILE] = "Max open files",
	[RLIMIT_MEMLOCK] = "Max locked memory",
	[RLIMIT_AS] = "Max address space",
	[RLIMIT_LOCKS] = "Max file locks",
	[RLIMIT_SIGPENDING] = "Max pending signals",
	[RLIMIT_MSGQUEUE] = "Max msgqueue size",
	[RLIMIT_NICE] = "Max nice priority",
	[RLIMIT_RTPRIO] = "Max realtime priority",
	[RLIMIT_RTTIME] = "Max realtime timeout",
};
_Static_assert(sizeof(names) / sizeof(names[0]) == RLIM_NLIMITS, "every limit has a name");

static bool parse_value(struct slice *rest, rlim_t *ret)
{
	struct slice word;
	uint64_t value;

	if (!word_next(rest, &word))
		return false;
	if (slice_is(word, "unlimited")) {
		*ret = RLIM_INFINITY;
		return true;
	}
	if (text_u64(word.text, word.length, UINT64_MAX, &value) < 0)
		return false;
	*ret = value;
	return true;
}

/* The resource whose name the line starts with, or -1: a limit that came after this was written is passed over. */
static int resource_of(struct slice line)
{
	for (int i = 0; i < (int)RLIM_NLIMITS; i++) {
		size_t length = strlen(names[i]);
		if (line.length > length && line.text[length] == ' ' && memcmp(line.text, names[i], length) == 0)
			return i;
	}
	return -1;
}

int proc_limits_parse(const char *bytes, size_t length, struct proc_limits *ret, struct err *err)
{
	struct lines lines = { .bytes = bytes, .length = length };
	struct slice line;
	struct proc_limits out;
	uint32_t seen = 0;

	while (line_next(&lines, &line)) {
		int resource = resource_of(line);
		if (resource < 0)
			continue;
		struct slice rest = { line.text + strlen(names[resource]), line.length - strlen(names[resource]) };
		if ((seen & 1U << resource) || !parse_value(&rest, &out.limit[resource].rlim_cur) ||
		    !parse_value(&rest, &out.limit[resource].rlim_max) || rest.length == 0)
			return err_set(err, ERR_MALFORMED, "limits: line %zu cannot be read", lines.number);
		seen |= 1U << resource;
	}
	for (int i = 0; i < (int)RLIM_NLIMITS; i++)
		if (!(seen & 1U << i))
			return err_set(err, ERR_MALFORMED, "limits: \"%s\" is missing", names[i]);
	*ret = out;
	return 0;
}
