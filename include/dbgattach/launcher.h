/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program on the host and the launcher inside the toolbox agree on. The launcher is a small static program: the
 * last thing that runs invisibly to the target, and then, as init, the first process that the target can see.
 *
 *   argv[0]  LAUNCHER_NAME, what `ps` shows
 *   argv[1]  options, comma-separated: "tty" (fd 0 becomes the command's controlling terminal), "filter" (below), else "-"
 *   argv[2..] the command
 *
 * fds: 0, 1, 2 the session's stdio, LAUNCHER_START_FD the read end of the start pipe, nothing else; with the option "filter"
 * also LAUNCHER_FILTER_FD: seccomp filters, each a struct launcher_filter and its instructions, in the order of loading. The
 * launcher reads them into its memory and closes that fd before anybody can see it; the command's process loads them as its
 * last act before it becomes the command, or ends with LAUNCHER_EXIT_OWN_FAILURE.
 *
 * The start pipe goes from the monitor to init only. One byte: the session has been verified, run the command. End of file
 * before it: the monitor is gone or has refused; end without running anything. Init closes its end when the command has
 * ended but other processes of the session live on: the monitor sees POLLERR and ends those.
 */
#pragma once

#include <signal.h>
#include <stdint.h>

#define LAUNCHER_NAME "dbgattach-init"
#define LAUNCHER_PATH "libexec/dbgattach/launcher"
#define LAUNCHER_START_FD 3
#define LAUNCHER_FILTER_FD 4

struct launcher_filter {
	uint32_t length; /* instructions: as many struct sock_filter follow */
	uint32_t flags;  /* SECCOMP_FILTER_FLAG_ */
};

#define LAUNCHER_FILTER_MAX 4096 /* instructions of one: BPF_MAXINSNS */
#define LAUNCHER_FILTERS_MAX 32

/* Init's parent-death signal. Caught, never SIGKILL: init must outlive what it reaps. Nobody else sends it. */
#define LAUNCHER_PARENT_DEATH_SIGNAL SIGPWR

#define LAUNCHER_EXIT_OWN_FAILURE 125
#define LAUNCHER_EXIT_CANNOT_EXECUTE 126
#define LAUNCHER_EXIT_NOT_FOUND 127
#define LAUNCHER_EXIT_UNKNOWN 255 /* before init: ended without an errno to tell */
#define LAUNCHER_EXIT_ENDED 137   /* ended from outside before the command had ended by itself */
