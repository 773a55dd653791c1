/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/limits. */
#pragma once

#include "dbgattach/base/err.h"

#include <stddef.h>
#include <sys/resource.h>

struct proc_limits {
	struct rlimit limit[RLIM_NLIMITS]; /* by RLIMIT_*; all 16 are mandatory in the file */
};

int proc_limits_parse(const char *bytes, size_t length, struct proc_limits *ret, struct err *err);
