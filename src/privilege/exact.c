/* SPDX-License-Identifier: Apache-2.0 */
/* What the profile `target` takes over as it is, where every other profile has something of ours. */
#include "dbgattach/base/io.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/privilege.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>

int privilege_raise_limits(const struct proc_limits *target, bool may_fall_short, struct err *err)
{
	for (__rlimit_resource_t resource = 0; resource < RLIM_NLIMITS; resource++) {
		struct rlimit own;

		if (getrlimit(resource, &own) < 0)
			return err_sys(err, errno, "reading resource limit %d", (int)resource);
		if (own.rlim_max >= target->limit[resource].rlim_max)
			continue;
		own.rlim_max = target->limit[resource].rlim_max;
		if (setrlimit(resource, &own) < 0 && !(may_fall_short && errno == EPERM))
			return err_sys(err, errno, "raising resource limit %d to the target's", (int)resource);
	}
	return 0;
}

int privilege_take_limits(const struct proc_limits *target, bool may_fall_short, struct err *err)
{
	if (!PROTECTED(RLIMITS))
		return 0;
	for (__rlimit_resource_t resource = 0; resource < RLIM_NLIMITS; resource++) {
		struct rlimit own, limit = target->limit[resource];

		if (getrlimit(resource, &own) < 0)
			return err_sys(err, errno, "reading resource limit %d", (int)resource);
		if (may_fall_short && limit.rlim_max > own.rlim_max)
			limit.rlim_max = own.rlim_max;
		if (limit.rlim_cur > limit.rlim_max)
			limit.rlim_cur = limit.rlim_max;
		if (setrlimit(resource, &limit) < 0)
			return err_sys(err, errno, "setting resource limit %d to the target's", (int)resource);
	}
	return 0;
}

int privilege_take_oom_score(int proc_self_fd, int target_oom_score_adj, bool may_fall_short, struct err *err)
{
	char text[16];

	if (!PROTECTED(OOM_SCORE))
		return 0;
	(void)snprintf(text, sizeof(text), "%d", target_oom_score_adj);
	int result = io_write_file_at(proc_self_fd, "oom_score_adj", text);
	if (result < 0 && !(may_fall_short && result == -EACCES))
		return err_sys(err, result, "setting oom_score_adj to the target's %s", text);
	return 0;
}
