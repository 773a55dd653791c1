/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding the session's init and comparing it with the plan, both by what the kernel tells the host: nothing that the
 * session's side says is heard any more.
 */
#include "attach.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/text.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/sys/pidfd.h"
#include "dbgattach/sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* A child may also be an orphan of the caller's, where he had made himself a subreaper before he became us. */
static bool is_member(const struct attach *attach, pid_t pid)
{
	pid_t members[8];
	int count = attach->has_cgroup ? cgroup_members(&attach->cgroup, members, ARRAY_SIZE(members)) : 0;

	for (int i = 0; i < count && i < (int)ARRAY_SIZE(members); i++)
		if (members[i] == pid)
			return true;
	return !attach->has_cgroup;
}

/*
 * Init is our child (the launcher cloned it with CLONE_PARENT), so the kernel's own list of our children names it, and as
 * nobody but us can reap it the number stays its own.
 */
int step_init(struct attach *attach, struct err *err)
{
	cleanup_buffer struct buffer text = { 0 };
	char path[64];
	pid_t init = 0;

	(void)snprintf(path, sizeof(path), "task/%d/children", attach->monitor);
	int result = io_read_file_at(attach->proc_self_fd, path, 4096, &text);
	if (result < 0)
		return err_sys(err, result, "/proc/self/task/TID/children (needs CONFIG_PROC_CHILDREN)");
	for (const char *word = text.data; *word != '\0';) {
		size_t length = strcspn(word, " ");
		uint64_t pid;

		if (text_u64(word, length, INT32_MAX, &pid) == 0 && (pid_t)pid != attach->guardian &&
		    is_member(attach, (pid_t)pid))
			init = (pid_t)pid;
		word += length + strspn(word + length, " ");
	}
	if (init == 0) {
		(void)err_set(err, ERR_SYSTEM, "the session's first process is gone before it was found");
		return explain_failure(attach, err);
	}
	if (attach->guardian_page != NULL)
		attach->guardian_page->init = init;
	attach->init_pidfd = sys_pidfd_open(init, 0);
	if (attach->init_pidfd < 0)
		return err_sys(err, attach->init_pidfd, "a pidfd of the session's init");
	attach->init = init;
	return 0;
}

static int verify_namespaces(const struct attach *attach, int proc_fd, struct err *err)
{
	struct ns_set set;
	int result = ns_set_read(proc_fd, &set, err);

	if (result < 0)
		return err_wrap(err, "verifying the session");
	for (int kind = 0; kind < NS_KIND_MAX; kind++) {
		bool joined = (attach->plan.join & NS_BIT(kind)) != 0;
		const struct ns_set *expected = joined ? &attach->facts.theirs : &attach->facts.ours;

		/* Its mount namespace is its own: neither ours nor the target's. */
		bool right = kind == NS_MNT ? set.inode[kind] != attach->facts.ours.inode[kind] &&
						      set.inode[kind] != attach->facts.theirs.inode[kind] :
					      set.inode[kind] == expected->inode[kind];
		if (!right)
			return err_set(err, ERR_REFUSED,
				       "the session is not what was planned: it is in the wrong %s namespace",
				       ns_kind_name((enum ns_kind)kind));
	}
	return 0;
}

/* What tells who belongs to the session, for us and for the guardian. */
static int keep_mounts(struct attach *attach, int proc_fd, struct err *err)
{
	attach->mounts = openat(proc_fd, "ns/mnt", O_RDONLY | O_CLOEXEC);
	if (attach->mounts < 0)
		return err_sys(err, errno, "the session's mount namespace");
	int result = attach->guardian_socket < 0 ? 0 : sys_send_fd(attach->guardian_socket, attach->mounts);
	return result < 0 ? err_sys(err, result, "the session's mount namespace for the guardian") : 0;
}

int step_verify(struct attach *attach, struct err *err)
{
	const struct attach_plan *plan = &attach->plan;
	const struct proc_status *target = &attach->facts.process.status;
	const struct privilege_expectation expected = {
		.uid = plan->host_uid,
		.gid = plan->host_gid,
		.groups = plan->kept_groups   ? attach->facts.caller_groups :
			  plan->target_groups ? target->groups :
						&plan->host_gid,
		.groups_count = plan->groups_count,
		.sets = plan->capabilities,
		.seccomp_filters = attach->facts.caller_seccomp_filters + (plan->seccomp.ours ? 1 : 0) +
				   (plan->seccomp.early ? (int)plan->seccomp.programs.count : 0),
	};
	char path[16];

	if (!PROTECTED(VERIFY))
		return 0;
	(void)snprintf(path, sizeof(path), "%d", attach->init);
	cleanup_close int proc_fd = openat(attach->host.proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc_fd < 0)
		return err_sys(err, errno, "the session's /proc/%s", path);
	int result = verify_namespaces(attach, proc_fd, err);
	if (result == 0)
		result = privilege_verify(proc_fd, &expected, err);
	if (result == 0)
		result = lsm_verify(proc_fd, &plan->lsm, err);
	if (result == 0)
		result = attach->has_cgroup ? cgroup_verify(&attach->cgroup, proc_fd, err) :
					      keep_mounts(attach, proc_fd, err);
	return result < 0 ? explain_failure(attach, err) : 0;
}
