/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/schedstat: how long a task has been on a CPU, and in the queue for one. */
#pragma once

#include "dbgattach/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct proc_schedstat {
	uint64_t ran_ns, queued_ns; /* that of a wait which has not ended is not in it */
};

int proc_schedstat_parse(const char *bytes, size_t length, struct proc_schedstat *ret, struct err *err);
