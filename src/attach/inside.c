/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the caller may not mount on the host, what his session is made of is made in the target's user namespace, in which he may:
 * by a process of its own, so that the monitor stays what it is, in a mount namespace that ends with it. What comes of it is
 * detached mounts and other fds, as on the host. That process is in no other namespace of the target's: it sees the host's
 * files, and nothing in there sees it.
 */
#include "attach.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/sys/process.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>

struct inside {
	struct attach *attach;
	bool mounts;
	int (*act)(struct attach *attach, void *context, struct err *err);
	void *context;
	struct err *err;
};

static int enter(void *argument)
{
	const struct inside *inside = argument;
	unsigned kinds = inside->attach->plan.own_userns ? NS_BIT(NS_USER) : 0;
	int result = ns_enter(inside->attach->pin.pidfd, kinds, inside->err);

	/* The memory is the monitor's, and a change of credentials may have opened it to others (fs.suid_dumpable). */
	if (result == 0)
		result = privilege_set_undumpable(inside->err);
	if (result == 0 && inside->mounts)
		result = view_unshare(inside->err);
	return result < 0 ? result : inside->act(inside->attach, inside->context, inside->err);
}

int attach_inside(struct attach *attach, bool mounts, int (*act)(struct attach *attach, void *context, struct err *err),
		  void *context, struct err *err)
{
	struct inside inside = { attach, mounts, act, context, err };

	if (!attach->plan.inside)
		return act(attach, context, err);
	int result = sys_run_aside(enter, &inside);
	return result < 0 && err->kind == ERR_NONE ? err_sys(err, result, "a process in the target's user namespace") :
						     result;
}

int attach_become(const struct attach *attach, uid_t uid, gid_t gid, struct err *err)
{
	if (!attach->plan.inside)
		return 0;
	int result = privilege_set_ids(uid, gid, err);
	if (result == 0)
		result = privilege_set_undumpable(err);
	if (result == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return err_sys(err, errno, "PR_SET_PDEATHSIG");
	return result;
}

uid_t attach_root_uid(const struct attach *attach)
{
	const struct attach_plan *plan = &attach->plan;

	return !plan->inside ? plan->root_host_uid : plan->root_mapped ? 0 : plan->uid;
}

gid_t attach_root_gid(const struct attach *attach)
{
	const struct attach_plan *plan = &attach->plan;

	return !plan->inside ? plan->root_host_gid : plan->root_mapped ? 0 : plan->gid;
}
