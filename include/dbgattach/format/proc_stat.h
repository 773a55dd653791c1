/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/stat: only what names a process. comm may hold spaces, parentheses and newlines: the last ')' ends it. */
#pragma once

#include "dbgattach/base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_stat {
	pid_t pid, ppid;
	char state;
	uint64_t start_time; /* field 22, clock ticks since boot; together with the pid it names one process */
};

int proc_stat_parse(const char *bytes, size_t length, struct proc_stat *ret, struct err *err);
