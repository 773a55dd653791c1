/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a child of ours may take that touches the target's filesystems. One that hangs there sleeps; one that runs, or
 * queues for a processor of a busy host, gets on. So sleep alone is counted, and all else up to PATIENCE_BUSY_MAX_MS.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#define PATIENCE_BUSY_MAX_MS 60000

struct patience {
	int proc_fd; /* the host's procfs */
	pid_t pid;   /* a child that has not been reaped: its number is its own */
	int64_t since, sleep_ms;
};

/* For how long to wait until this is asked again, in ms; 0: not any longer. */
int64_t patience_left(const struct patience *patience);
