/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system's configuration, /etc/dbgattach/config.json, as dbgattach-config(5) describes it. The file is ours, so an unknown
 * field is refused.
 *
 *   { "defaults": { "profile": "baseline", "toolbox": "core", "toolbox_check": "always", "shell": "/dbg/bin/bash", "timeout": "1h" },
 *     "policy": { "profiles": ["baseline", "restricted"], "max_timeout": "8h", "allow": ["host-pid"] } }
 */
#pragma once

#include "dbgattach/base/err.h"
#include "dbgattach/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_MAX 65536 /* bytes */

/* What makes a session mightier than its profile; under a policy each is refused unless that names it. */
enum config_allow {
	CONFIG_CAP_ADD,
	CONFIG_CUSTOM,
	CONFIG_HOST_NET,
	CONFIG_HOST_PID,
	CONFIG_LSM,
	CONFIG_NS,
	CONFIG_SECCOMP,
	CONFIG_USER,
	CONFIG_WRITE,
	CONFIG_ALLOW_MAX,
};

struct config {
	/* Defaults of the options of these names, which nobody has looked at yet; NULL: none. */
	char *profile, *toolbox, *toolbox_check, *shell, *timeout;
	bool policy;
	bool profiles_given;
	struct strv profiles;   /* names, which nobody has looked at yet */
	uint32_t max_timeout_s; /* 0: none */
	unsigned allow;         /* bit per enum config_allow */
};

/* ERR_MALFORMED with the line. */
int config_parse(const char *bytes, size_t length, struct config *ret, struct err *err);
void config_done(struct config *config);

/* "cap-add", ...: as in the file, and as the option is called. */
const char *config_allow_name(enum config_allow allow);
