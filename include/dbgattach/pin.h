/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which process exactly, and is it still the same? A pid is a number that can be reused; what is read about a target is
 * read through a directory fd of /proc/PID that was opened while a pidfd proved the process alive, so it can never
 * silently become another process's. [PIDFD_OPEN(2), proc(5)]
 */
#pragma once

#include "dbgattach/base/err.h"
#include "dbgattach/format/idmap.h"
#include "dbgattach/format/proc_limits.h"
#include "dbgattach/format/proc_status.h"

#include <stdint.h>
#include <sys/types.h>

/*
 * Where the host's files and processes are: "/" and "/proc", in a container those that were mounted there (--host-root), or a
 * fixture tree in tests.
 */
struct host {
	int root_fd; /* O_PATH */
	int proc_fd; /* a procfs; O_PATH|O_DIRECTORY */
};

/*
 * root: NULL or "/", or a folder, root's alone (ERR_REFUSED), whose proc is the host's; where it has none our own has to be.
 * ERR_UNSUPPORTED where that is no procfs, or one of another PID namespace than the caller's.
 */
int host_open(const char *root, struct host *ret, struct err *err);
void host_done(struct host *host);

struct pin {
	pid_t pid;           /* in the host's PID namespace: for messages and for cgroup.procs only */
	int pidfd;           /* the process; what is entered and signalled */
	int proc_fd;         /* its /proc/PID */
	uint64_t start_time; /* clock ticks since boot */
};

#define PIN_INIT                                                                                                       \
	{                                                                                                              \
		.pidfd = -EBADF, .proc_fd = -EBADF                                                                     \
	}

/*
 * expected_start: what the runtime's state says, 0 where it says nothing. ERR_GONE: no such process, or a zombie (its
 * namespaces are gone; pidfd_open still succeeds). ERR_CHANGED: another process has the pid now. A pid that names a
 * thread and not a process is ERR_USAGE.
 */
int pin_open(const struct host *host, pid_t pid, uint64_t expected_start, struct pin *ret, struct err *err);

/* After the reading: still alive? 0 or ERR_GONE. */
int pin_verify(const struct pin *pin, struct err *err);

/* The pidfd's inode (pidfs, Linux 6.9). -EOPNOTSUPP with ERR_UNSUPPORTED where all pidfds share one inode. */
int pin_pidfd_inode(const struct pin *pin, uint64_t *ret_inode, struct err *err);
void pin_done(struct pin *pin);

/* What /proc says of a pinned process. */
struct process_facts {
	struct proc_status status;
	struct proc_limits limits;
	struct idmap uid_map, gid_map;
	int oom_score_adj;
	char *cgroup; /* /proc/PID/cgroup as it is */
	char *root;   /* readlink of /proc/PID/root, escaped nowhere: for --explain only; NULL: not readable */
	char *cwd;    /* readlink of /proc/PID/cwd; likewise */
};

int process_facts_read(const struct pin *pin, struct process_facts *ret, struct err *err);
void process_facts_done(struct process_facts *facts);
