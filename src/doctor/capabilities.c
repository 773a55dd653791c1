/* SPDX-License-Identifier: Apache-2.0 */
/* The caller's capabilities, one by one: what each is needed for. */
#include "doctor.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/privilege.h"

#include <linux/capability.h>

#define NEEDED(id, what)                                                                                               \
	{                                                                                                              \
		.name = #id, .required = true, .inside = true, .capability = CAPABILITY_BIT(CAP_##id), .use = what,    \
		.without = "no attach"                                                                                 \
	}
#define WANTED(id, what, lost)                                                                                         \
	{                                                                                                              \
		.name = #id, .inside = CAP_##id != CAP_SYS_RESOURCE, .capability = CAPABILITY_BIT(CAP_##id),           \
		.use = what, .without = lost                                                                           \
	}

static const struct condition conditions[] = {
	NEEDED(SYS_ADMIN, "joining namespaces, mounting the session's root"),
	NEEDED(SYS_PTRACE, "looking at the container's process, joining its namespaces"),
	NEEDED(SYS_CHROOT, "joining a mount namespace"),
	NEEDED(SETUID, "becoming the session's user"),
	NEEDED(SETGID, "becoming the session's groups"),
	NEEDED(SETPCAP, "dropping capabilities for good"),
	{ .name = "MKNOD",
	  .required = true,
	  .for_root = true,
	  .capability = CAPABILITY_BIT(CAP_MKNOD),
	  .use = "the device nodes of the session's /dev",
	  .without = "no attach; a plain user's sessions have the host's nodes, bound" },
	WANTED(DAC_READ_SEARCH, "profiles general, baseline, netadmin", "those are refused, but with --cap-drop"),
	WANTED(KILL, "profiles general, netadmin", "those are refused, but with --cap-drop"),
	WANTED(NET_RAW, "profiles general, netadmin", "those are refused, but with --cap-drop"),
	WANTED(NET_ADMIN, "profile netadmin", "that is refused"),
	WANTED(NET_BIND_SERVICE, "profile netadmin", "that is refused"),
	WANTED(DAC_OVERRIDE, "sessions of another user than root; --write", "those are refused"),
	WANTED(CHOWN, "sessions of another user than root; --write", "those are refused"),
	WANTED(FOWNER, "--write", "that is refused, but with --cap-drop"),
	WANTED(SYS_RESOURCE, "the container's resource limits and oom_score_adj", "limits no higher than the caller's"),
};

const struct condition_group doctor_capabilities = { "capability", conditions, ARRAY_SIZE(conditions) };
