/* SPDX-License-Identifier: Apache-2.0 */
/* Who the session is: groups, gid, uid; and the flags of the process that follow every change of them. */
#include "dbgattach/base/weaken.h"
#include "dbgattach/privilege.h"

#include <errno.h>
#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

int privilege_set_groups(const gid_t *groups, size_t count, struct err *err)
{
	if (PROTECTED(GROUPS) && setgroups(count, groups) < 0)
		return err_sys(err, errno, "setting the %zu supplementary groups%s", count,
			       errno == EPERM ? " (CAP_SETGID, and /proc/PID/setgroups must not say deny)" : "");
	return 0;
}

int privilege_set_ids(uid_t uid, gid_t gid, struct err *err)
{
	uid_t uids[3];
	gid_t gids[3];

	/* The sets are made what the plan says a step later; until then the id change must not clear them. */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_sys(err, errno, "PR_SET_KEEPCAPS");
	if (setresgid(gid, gid, gid) < 0)
		return err_sys(err, errno, "setting gid %u", gid);
	if (setresuid(uid, uid, uid) < 0)
		return err_sys(err, errno, "setting uid %u", uid);
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return err_sys(err, errno, "PR_SET_KEEPCAPS");
	if (getresuid(&uids[0], &uids[1], &uids[2]) < 0 || getresgid(&gids[0], &gids[1], &gids[2]) < 0)
		return err_sys(err, errno, "reading the ids back");
	for (int i = 0; i < 3; i++)
		if (uids[i] != uid || gids[i] != gid)
			return err_set(err, ERR_SYSTEM, "the ids are %u:%u after setting %u:%u", uids[i], gids[i], uid,
				       gid);
	return 0;
}

int privilege_set_undumpable(struct err *err)
{
	if (!PROTECTED(DUMPABLE))
		return 0;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return err_sys(err, errno, "PR_SET_DUMPABLE");
	return 0;
}

int privilege_set_no_new_privs(struct err *err)
{
	if (PROTECTED(NO_NEW_PRIVS) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, errno, "PR_SET_NO_NEW_PRIVS");
	return 0;
}
