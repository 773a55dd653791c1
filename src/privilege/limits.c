/* SPDX-License-Identifier: Apache-2.0 */
/* The target's resource limits and oom_score_adj: the session's too, as near as it is meant to come to them. */
#include "dbgattach/base/io.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/privilege.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>

int privilege_raise_limits(const struct proc_limits *target, enum likeness likeness, struct err *err)
{
	if (likeness == LIKENESS_SAFE)
		return 0;
	for (__rlimit_resource_t resource = 0; resource < RLIM_NLIMITS; resource++) {
		struct rlimit own;

		if (getrlimit(resource, &own) < 0)
			return err_sys(err, errno, "reading resource limit %d", (int)resource);
		if (own.rlim_max >= target->limit[resource].rlim_max)
			continue;
		own.rlim_max = target->limit[resource].rlim_max;
		if (setrlimit(resource, &own) < 0 && !(likeness == LIKENESS_NEAR && errno == EPERM))
			return err_sys(err, errno, "raising resource limit %d to the target's", (int)resource);
	}
	return 0;
}

int privilege_set_limits(const struct proc_limits *target, enum likeness likeness, struct err *err)
{
	if (!PROTECTED(RLIMITS))
		return 0;
	for (__rlimit_resource_t resource = 0; resource < RLIM_NLIMITS; resource++) {
		struct rlimit own, limit = target->limit[resource];

		if (getrlimit(resource, &own) < 0)
			return err_sys(err, errno, "reading resource limit %d", (int)resource);
		if (likeness != LIKENESS_EXACT && limit.rlim_max > own.rlim_max)
			limit.rlim_max = own.rlim_max;
		if (likeness == LIKENESS_SAFE && resource == RLIMIT_CORE)
			limit.rlim_max = 0;
		if (limit.rlim_cur > limit.rlim_max)
			limit.rlim_cur = limit.rlim_max;
		if (limit.rlim_cur == own.rlim_cur && limit.rlim_max == own.rlim_max)
			continue;
		if (setrlimit(resource, &limit) < 0)
			return err_sys(err, errno, "setting resource limit %d to the target's", (int)resource);
	}
	return 0;
}

int privilege_set_oom_score(int proc_self_fd, int target, enum likeness likeness, struct err *err)
{
	char text[16];

	if (!PROTECTED(OOM_SCORE))
		return 0;
	(void)snprintf(text, sizeof(text), "%d", likeness == LIKENESS_SAFE && target < 0 ? 0 : target);
	int result = io_write_file_at(proc_self_fd, "oom_score_adj", text);
	/* Only CAP_SYS_RESOURCE may go below where the caller stands; without it the session is killed rather earlier. */
	if (result < 0 && !(likeness != LIKENESS_EXACT && result == -EACCES))
		return err_sys(err, result, "setting oom_score_adj to %s", text);
	return 0;
}
