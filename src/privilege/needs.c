/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of what the caller's capabilities are for. The required ones are what the kernel asks of whoever enters, shown by
 * tests/system/test_from_container.py; what a profile has besides is that profile's own.
 */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/privilege.h"

#include <linux/capability.h>
#include <stdio.h>

#define REQUIRED(id, what)                                                                                             \
	{                                                                                                              \
		.name = #id, .capability = CAPABILITY_BIT(CAP_##id), .required = true, .inside = true, .use = what,    \
		.without = "no attach"                                                                                 \
	}
#define WANTED(id, what, lost)                                                                                         \
	{                                                                                                              \
		.name = #id, .inside = CAP_##id != CAP_SYS_RESOURCE && CAP_##id != CAP_MKNOD,                          \
		.capability = CAPABILITY_BIT(CAP_##id), .use = what, .without = lost                                   \
	}

static const struct capability_need needs[] = {
	REQUIRED(SYS_ADMIN, "joining namespaces, mounting the session's root"),
	REQUIRED(SYS_PTRACE, "looking at the container's process, joining its namespaces"),
	REQUIRED(SYS_CHROOT, "joining a mount namespace"),
	REQUIRED(SETUID, "becoming the session's user"),
	REQUIRED(SETGID, "becoming the session's groups"),
	REQUIRED(SETPCAP, "dropping capabilities for good"),
	WANTED(DAC_READ_SEARCH, "profiles general, baseline, netadmin", "those are refused, but with --cap-drop"),
	WANTED(KILL, "profiles general, netadmin", "those are refused, but with --cap-drop"),
	WANTED(NET_RAW, "profiles general, netadmin", "those are refused, but with --cap-drop"),
	WANTED(NET_ADMIN, "profile netadmin", "that is refused"),
	WANTED(NET_BIND_SERVICE, "profile netadmin", "that is refused"),
	WANTED(DAC_OVERRIDE, "--write; the session's own cgroup",
	       "those are refused, but with --cap-drop; there is none"),
	WANTED(CHOWN, "--write", "that is refused, but with --cap-drop"),
	WANTED(FOWNER, "--write", "that is refused, but with --cap-drop"),
	WANTED(MKNOD, "device nodes of the session's own", "the caller's own are shown, read-only"),
	WANTED(SYS_RESOURCE, "the container's resource limits and oom_score_adj", "limits no higher than the caller's"),
};

const struct capability_need *capability_need_at(size_t index)
{
	return index < ARRAY_SIZE(needs) ? &needs[index] : NULL;
}

int capabilities_check_caller(uint64_t permitted, struct err *err)
{
	char missing[320] = "";
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(needs) && used < sizeof(missing); i++)
		if (needs[i].required && (permitted & needs[i].capability) == 0)
			used += (size_t)snprintf(missing + used, sizeof(missing) - used, "%s%s (%s)",
						 used > 0 ? ", " : "", needs[i].name, needs[i].use);
	if (used == 0)
		return 0;
	return err_set(err, ERR_DENIED,
		       "the caller does not have %s; a container is given capabilities by " CAPABILITY_HINT, missing);
}
