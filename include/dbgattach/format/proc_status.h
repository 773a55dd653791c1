/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/status (proc_pid_status(5)). Fields that an old kernel does not print keep their "unknown" value. */
#pragma once

#include "dbgattach/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROC_STATUS_GROUPS_MAX 65536 /* NGROUPS_MAX */

struct proc_status {
	char state; /* R S D T t Z X I */
	pid_t tgid, ppid;
	pid_t nspid;           /* in the innermost PID namespace; 0: not printed */
	unsigned nspid_levels; /* how many PID namespaces it is seen in */
	uid_t uid[4];          /* real, effective, saved, fs: as the reader's user namespace shows them */
	gid_t gid[4];
	gid_t *groups;
	size_t groups_count;
	mode_t umask; /* (mode_t)-1: not printed */
	uint64_t cap_inheritable, cap_permitted, cap_effective, cap_bounding, cap_ambient;
	int no_new_privs;    /* -1: not printed */
	int seccomp;         /* 0, 1, 2; -1: not printed */
	int seccomp_filters; /* -1: not printed (before 5.9) */
};

int proc_status_parse(const char *bytes, size_t length, struct proc_status *ret, struct err *err);
void proc_status_done(struct proc_status *status);
