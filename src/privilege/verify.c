/* SPDX-License-Identifier: Apache-2.0 */
/* Did it come true? Read by the host from its own /proc, never told by the session. */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/format/proc_status.h"
#include "dbgattach/privilege.h"

#include <errno.h>
#include <inttypes.h>

#define STATUS_MAX (1U << 20)

static int compare(const struct proc_status *status, const struct privilege_expectation *expected, struct err *err)
{
	int filters = expected->seccomp_filters;
	const struct {
		const char *what;
		uint64_t is, should;
	} checks[] = {
		{ "uid", status->uid[0], expected->uid },
		{ "effective uid", status->uid[1], expected->uid },
		{ "saved uid", status->uid[2], expected->uid },
		{ "filesystem uid", status->uid[3], expected->uid },
		{ "gid", status->gid[0], expected->gid },
		{ "effective gid", status->gid[1], expected->gid },
		{ "saved gid", status->gid[2], expected->gid },
		{ "filesystem gid", status->gid[3], expected->gid },
		{ "number of groups", status->groups_count, expected->groups_count },
		{ "inheritable set", status->cap_inheritable, expected->sets.inheritable },
		{ "permitted set", status->cap_permitted, expected->sets.permitted },
		{ "effective set", status->cap_effective, expected->sets.effective },
		{ "bounding set", status->cap_bounding, expected->sets.bounding },
		{ "ambient set", status->cap_ambient, expected->sets.ambient },
		{ "no_new_privs", (uint64_t)status->no_new_privs, 1 },
		{ "seccomp mode", (uint64_t)status->seccomp, filters > 0 ? 2 : 0 },
		{ "seccomp filters",
		  status->seccomp_filters < 0 ? (uint64_t)filters : (uint64_t)status->seccomp_filters,
		  (uint64_t)filters },
	};

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		if (checks[i].is != checks[i].should)
			return err_set(err, ERR_REFUSED,
				       "the session is not what was planned: %s is 0x%" PRIx64 ", not 0x%" PRIx64,
				       checks[i].what, checks[i].is, checks[i].should);
	for (size_t i = 0; i < expected->groups_count; i++)
		if (status->groups[i] != expected->groups[i])
			return err_set(err, ERR_REFUSED,
				       "the session is not what was planned: supplementary group is 0x%x, not 0x%x",
				       status->groups[i], expected->groups[i]);
	return 0;
}

int privilege_verify(int proc_pid_fd, const struct privilege_expectation *expected, struct err *err)
{
	cleanup_buffer struct buffer text = { 0 };
	struct proc_status status = { 0 };
	int result = io_read_file_at(proc_pid_fd, "status", STATUS_MAX, &text);

	if (result < 0)
		return err_sys(err, result, "reading the session's /proc/PID/status");
	result = proc_status_parse(text.data, text.length, &status, err);
	if (result == 0)
		result = compare(&status, expected, err);
	proc_status_done(&status);
	return result;
}
