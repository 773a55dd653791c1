/* SPDX-License-Identifier: Apache-2.0 */
/* The table of profiles. Names as in `kubectl debug`. */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/privilege.h"

#include <linux/capability.h>
#include <string.h>

#define GENERAL                                                                                                        \
	(CAPABILITY_BIT(CAP_SYS_PTRACE) | CAPABILITY_BIT(CAP_DAC_READ_SEARCH) | CAPABILITY_BIT(CAP_KILL) |             \
	 CAPABILITY_BIT(CAP_NET_RAW) | CAPABILITY_BIT(CAP_SETUID) | CAPABILITY_BIT(CAP_SETGID))

/* The first is the default. */
static const struct profile profiles[] = {
	{
		.name = "general",
		.summary = "look at everything, trace, capture",
		.capabilities = GENERAL,
		.seccomp = SECCOMP_DEFAULT,
	},
	{
		.name = "baseline",
		.summary = "look only",
		.capabilities = CAPABILITY_BIT(CAP_DAC_READ_SEARCH),
		.seccomp = SECCOMP_DEFAULT,
	},
	{
		.name = "restricted",
		.summary = "what the target itself could do, without a capability",
		.ids = IDS_TARGET,
		.seccomp = SECCOMP_TARGET_OR_DEFAULT,
	},
	{
		.name = "target",
		.summary = "exactly what the target may do",
		.ids = IDS_TARGET,
		.target_capabilities = true,
		.target_attributes = true,
		.seccomp = SECCOMP_TARGET,
	},
	{
		.name = "netadmin",
		.summary = "general, and change the network",
		.capabilities = GENERAL | CAPABILITY_BIT(CAP_NET_ADMIN) | CAPABILITY_BIT(CAP_NET_BIND_SERVICE),
		.seccomp = SECCOMP_DEFAULT,
	},
	{
		.name = "sysadmin",
		.summary = "all that the caller may do; no seccomp, /proc unmasked",
		.all_capabilities = true,
		.unmasked_proc = true,
		.all_devices = true,
		.seccomp = SECCOMP_UNCONFINED,
		.lsm = LSM_UNCONFINED,
	},
};

const struct profile *profile_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++)
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	return NULL;
}

const struct profile *profile_at(size_t index)
{
	return index < ARRAY_SIZE(profiles) ? &profiles[index] : NULL;
}
