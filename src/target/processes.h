/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's processes, for what no state file tells: the supervisors of LXC and systemd-nspawn, and the cgroups of all. All
 * that is read of one is read through one fd of its /proc folder. Command lines are read of processes only that belong to
 * the wanted user and are in no deeper PID namespace: reading that of a container's process can hang for ever.
 */
#pragma once

#include "src/target/runtime.h"

struct process {
	pid_t pid;
	int folder; /* /proc/PID; the walk's */
};

/* Calls visit for each process that is there; a negative result ends the walk. */
int processes_each(const struct host *host, int (*visit)(const struct process *process, void *context, struct err *err),
		   void *context, struct err *err);

/*
 * The command line of pid, where its comm is that, it is root's and in our PID namespace; else, and where it is gone, *ret
 * stays empty.
 */
int process_command_line(const struct host *host, pid_t pid, const char *comm, struct buffer *ret, struct err *err);

/* The same of one of a walk; comm NULL: any. */
int process_read_command(const struct process *process, const char *comm, uid_t owner, struct buffer *ret);

/*
 * The first process of the container that a supervisor holds: its child in another PID namespace, the oldest if there are
 * several. -ENOENT where there is none.
 */
int process_find_contained(const struct host *host, const struct process *supervisor, pid_t *ret_pid,
			   uint64_t *ret_start_time);
