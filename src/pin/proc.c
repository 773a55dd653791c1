/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the reading of a pinned process's facts, all through its /proc directory fd. Judges none of them. */
#include "dbgattach/pin.h"

#include "dbgattach/base/buffer.h"
#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/text.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROC_FILE_MAX (2U << 20) /* status with 65,536 groups */

static int parse_status(const struct buffer *buffer, struct process_facts *out, struct err *err)
{
	return proc_status_parse(buffer->data, buffer->length, &out->status, err);
}

static int parse_limits(const struct buffer *buffer, struct process_facts *out, struct err *err)
{
	return proc_limits_parse(buffer->data, buffer->length, &out->limits, err);
}

static int parse_uid_map(const struct buffer *buffer, struct process_facts *out, struct err *err)
{
	return idmap_parse(buffer->data, buffer->length, &out->uid_map, err);
}

static int parse_gid_map(const struct buffer *buffer, struct process_facts *out, struct err *err)
{
	return idmap_parse(buffer->data, buffer->length, &out->gid_map, err);
}

static int parse_oom_score_adj(const struct buffer *buffer, struct process_facts *out, struct err *err)
{
	size_t sign = buffer->length > 0 && buffer->data[0] == '-' ? 1 : 0;
	size_t length = buffer->length;
	uint64_t value;

	if (length > 0 && buffer->data[length - 1] == '\n')
		length--;
	if (length < sign || text_u64(buffer->data + sign, length - sign, 1000, &value) < 0)
		return err_set(err, ERR_MALFORMED, "is not a number from -1000 to 1000");
	out->oom_score_adj = sign ? -(int)value : (int)value;
	return 0;
}

static int keep_cgroup(const struct buffer *buffer, struct process_facts *out, struct err *err)
{
	out->cgroup = strdup(buffer->data);
	return out->cgroup ? 0 : err_sys(err, ENOMEM, "reading /proc");
}

static const struct {
	const char *name;
	int (*parse)(const struct buffer *buffer, struct process_facts *out, struct err *err);
} files[] = {
	{ "status", parse_status },
	{ "limits", parse_limits },
	{ "uid_map", parse_uid_map },
	{ "gid_map", parse_gid_map },
	{ "oom_score_adj", parse_oom_score_adj },
	{ "cgroup", keep_cgroup },
};

static int read_files(const struct pin *pin, struct process_facts *out, struct err *err)
{
	cleanup_buffer struct buffer buffer = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int r = io_read_file_at(pin->proc_fd, files[i].name, PROC_FILE_MAX, &buffer);
		if (r < 0)
			return err_sys(err, r, "/proc/%d/%s", pin->pid, files[i].name);
		r = files[i].parse(&buffer, out, err);
		if (r < 0)
			return err_wrap(err, "/proc/%d/%s", pin->pid, files[i].name);
	}
	return 0;
}

/* Where a link leads is only shown, so that it cannot be read is no error: NULL. */
static int read_link(const struct pin *pin, const char *name, char **ret, struct err *err)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(pin->proc_fd, name, target, sizeof(target));

	if (length < 0 || (size_t)length == sizeof(target))
		return 0;
	*ret = strndup(target, (size_t)length);
	return *ret ? 0 : err_sys(err, ENOMEM, "reading /proc");
}

int process_facts_read(const struct pin *pin, struct process_facts *ret, struct err *err)
{
	__attribute__((cleanup(process_facts_done))) struct process_facts out = { 0 };

	int r = read_files(pin, &out, err);
	if (r == 0)
		r = read_link(pin, "root", &out.root, err);
	if (r == 0)
		r = read_link(pin, "cwd", &out.cwd, err);

	/* Last, so that all of the above is known to be of one process; and an end explains what failed before it. */
	struct err unverified;
	int alive = pin_verify(pin, &unverified);
	if (alive < 0 && (r == 0 || unverified.kind == ERR_GONE)) {
		if (err)
			*err = unverified;
		return alive;
	}
	if (r < 0)
		return r;
	*ret = out;
	out = (struct process_facts) { 0 };
	return 0;
}

void process_facts_done(struct process_facts *facts)
{
	proc_status_done(&facts->status);
	free(facts->cgroup);
	free(facts->root);
	free(facts->cwd);
	*facts = (struct process_facts) { 0 };
}
