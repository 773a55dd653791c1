/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the reading of /proc/PID/status. The kernel escapes newlines in the process's name, so no process can add lines;
 * a line that comes twice is refused all the same.
 */
#include "dbgattach/format/proc_status.h"

#include "dbgattach/base/text.h"
#include "src/format/line.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#define LEVELS_MAX 64 /* the kernel nests 32 PID namespaces */
#define CAPABILITY_DIGITS 16

static int read_u64(struct slice value, uint64_t max, uint64_t *ret)
{
	struct slice word, more;
	if (!word_next(&value, &word) || word_next(&value, &more))
		return -EINVAL;
	return text_u64(word.text, word.length, max, ret);
}

static int read_pid(struct slice value, pid_t *ret)
{
	uint64_t number;
	if (read_u64(value, INT_MAX, &number) < 0)
		return -EINVAL;
	*ret = (pid_t)number;
	return 0;
}

static int read_flag(struct slice value, int *ret)
{
	uint64_t number;
	if (read_u64(value, INT_MAX, &number) < 0)
		return -EINVAL;
	*ret = (int)number;
	return 0;
}

static int read_ids(struct slice value, uint32_t ret[4])
{
	struct slice word;
	for (size_t i = 0; i < 4; i++) {
		uint64_t number;
		if (!word_next(&value, &word) || text_u64(word.text, word.length, UINT32_MAX, &number) < 0)
			return -EINVAL;
		ret[i] = (uint32_t)number;
	}
	return word_next(&value, &word) ? -EINVAL : 0;
}

static int read_capabilities(struct slice value, uint64_t *ret)
{
	struct slice word, more;
	uint64_t set = 0;

	if (!word_next(&value, &word) || word_next(&value, &more) || word.length != CAPABILITY_DIGITS ||
	    !text_is_hex(word.text, word.length))
		return -EINVAL;
	for (size_t i = 0; i < word.length; i++) {
		char c = word.text[i];
		set = set << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	*ret = set;
	return 0;
}

static int parse_state(struct slice value, struct proc_status *out)
{
	struct slice word;
	if (!word_next(&value, &word) || word.length != 1)
		return -EINVAL;
	out->state = word.text[0];
	return 0;
}

static int parse_tgid(struct slice value, struct proc_status *out)
{
	return read_pid(value, &out->tgid);
}

static int parse_ppid(struct slice value, struct proc_status *out)
{
	return read_pid(value, &out->ppid);
}

/* The last number is that of the innermost PID namespace. */
static int parse_nspid(struct slice value, struct proc_status *out)
{
	struct slice word;
	while (word_next(&value, &word)) {
		if (++out->nspid_levels > LEVELS_MAX || read_pid(word, &out->nspid) < 0)
			return -EINVAL;
	}
	return out->nspid_levels > 0 ? 0 : -EINVAL;
}

static int parse_uid(struct slice value, struct proc_status *out)
{
	return read_ids(value, out->uid);
}

static int parse_gid(struct slice value, struct proc_status *out)
{
	return read_ids(value, out->gid);
}

static int parse_groups(struct slice value, struct proc_status *out)
{
	struct slice counted = value, word;
	size_t count = 0;

	while (word_next(&counted, &word))
		count++;
	if (count > PROC_STATUS_GROUPS_MAX)
		return -EINVAL;
	if (count == 0)
		return 0;
	out->groups = calloc(count, sizeof(*out->groups));
	if (!out->groups)
		return -ENOMEM;
	while (word_next(&value, &word)) {
		uint64_t number;
		if (text_u64(word.text, word.length, UINT32_MAX, &number) < 0)
			return -EINVAL;
		out->groups[out->groups_count++] = (gid_t)number;
	}
	return 0;
}

static int parse_umask(struct slice value, struct proc_status *out)
{
	struct slice word, more;
	mode_t mask = 0;

	if (!word_next(&value, &word) || word_next(&value, &more) || word.length > 4)
		return -EINVAL;
	for (size_t i = 0; i < word.length; i++) {
		if (word.text[i] < '0' || word.text[i] > '7')
			return -EINVAL;
		mask = mask << 3 | (mode_t)(word.text[i] - '0');
	}
	out->umask = mask;
	return 0;
}

static int parse_cap_inheritable(struct slice value, struct proc_status *out)
{
	return read_capabilities(value, &out->cap_inheritable);
}

static int parse_cap_permitted(struct slice value, struct proc_status *out)
{
	return read_capabilities(value, &out->cap_permitted);
}

static int parse_cap_effective(struct slice value, struct proc_status *out)
{
	return read_capabilities(value, &out->cap_effective);
}

static int parse_cap_bounding(struct slice value, struct proc_status *out)
{
	return read_capabilities(value, &out->cap_bounding);
}

static int parse_cap_ambient(struct slice value, struct proc_status *out)
{
	return read_capabilities(value, &out->cap_ambient);
}

static int parse_no_new_privs(struct slice value, struct proc_status *out)
{
	return read_flag(value, &out->no_new_privs);
}

static int parse_seccomp(struct slice value, struct proc_status *out)
{
	return read_flag(value, &out->seccomp);
}

static int parse_seccomp_filters(struct slice value, struct proc_status *out)
{
	return read_flag(value, &out->seccomp_filters);
}

/* Mandatory: what every kernel since 4.3 prints and what a decision rests upon. */
static const struct {
	const char *name;
	bool mandatory;
	int (*parse)(struct slice value, struct proc_status *out);
} fields[] = {
	{ "Umask", false, parse_umask },
	{ "State", true, parse_state },
	{ "Tgid", true, parse_tgid },
	{ "PPid", true, parse_ppid },
	{ "Uid", true, parse_uid },
	{ "Gid", true, parse_gid },
	{ "Groups", true, parse_groups },
	{ "NSpid", false, parse_nspid },
	{ "CapInh", true, parse_cap_inheritable },
	{ "CapPrm", true, parse_cap_permitted },
	{ "CapEff", true, parse_cap_effective },
	{ "CapBnd", true, parse_cap_bounding },
	{ "CapAmb", true, parse_cap_ambient },
	{ "NoNewPrivs", false, parse_no_new_privs },
	{ "Seccomp", false, parse_seccomp },
	{ "Seccomp_filters", false, parse_seccomp_filters },
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static int parse_lines(struct lines *lines, struct proc_status *out, struct err *err)
{
	struct slice line, name;
	uint32_t seen = 0;

	while (line_next(lines, &line)) {
		if (!field_next(&line, ':', &name))
			return err_set(err, ERR_MALFORMED, "status: line %zu has no \":\"", lines->number);
		size_t i = 0;
		while (i < FIELDS && !slice_is(name, fields[i].name))
			i++;
		if (i == FIELDS)
			continue;
		int r = seen & 1U << i ? -EINVAL : fields[i].parse(line, out);
		if (r == -ENOMEM)
			return err_sys(err, ENOMEM, "reading status");
		if (r < 0)
			return err_set(err, ERR_MALFORMED, "status: line %zu (%s) cannot be read", lines->number,
				       fields[i].name);
		seen |= 1U << i;
	}
	for (size_t i = 0; i < FIELDS; i++)
		if (fields[i].mandatory && !(seen & 1U << i))
			return err_set(err, ERR_MALFORMED, "status: \"%s\" is missing", fields[i].name);
	return 0;
}

int proc_status_parse(const char *bytes, size_t length, struct proc_status *ret, struct err *err)
{
	struct lines lines = { .bytes = bytes, .length = length };
	__attribute__((cleanup(proc_status_done))) struct proc_status out = {
		.umask = (mode_t)-1,
		.no_new_privs = -1,
		.seccomp = -1,
		.seccomp_filters = -1,
	};

	int r = parse_lines(&lines, &out, err);
	if (r < 0)
		return r;
	/* Capabilities or groups that were read only in part must not pass for fewer. */
	if (length == 0 || bytes[length - 1] != '\n')
		return err_set(err, ERR_MALFORMED, "status: line %zu is cut short", lines.number);
	*ret = out;
	out.groups = NULL;
	return 0;
}

void proc_status_done(struct proc_status *status)
{
	free(status->groups);
	*status = (struct proc_status) { 0 };
}
