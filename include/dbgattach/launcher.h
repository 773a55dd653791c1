/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program on the host and the launcher inside the toolbox agree on. The launcher is a small static program: the
 * last thing that runs invisibly to the target, and then, as init, the first process that the target can see.
 *
 *   argv[0]  LAUNCHER_NAME, what `ps` shows
 *   argv[1]  options, comma-separated: "tty" (fd 0 becomes the command's controlling terminal), else "-"
 *   argv[2..] the command
 *
 * fds: 0, 1, 2 the session's stdio, LAUNCHER_START_FD the read end of the start pipe, nothing else.
 *
 * The start pipe goes from the monitor to init only. One byte: the session has been verified, run the command. End of file
 * before it: the monitor is gone or has refused; end without running anything. Init closes its end when the command has
 * ended but other processes of the session live on: the monitor sees POLLERR and ends those.
 */
#pragma once

#include <signal.h>

#define LAUNCHER_NAME "dbgattach-init"
#define LAUNCHER_PATH "libexec/launcher"
#define LAUNCHER_START_FD 3

/* Init's parent-death signal. Caught, never SIGKILL: init must outlive what it reaps. Nobody else sends it. */
#define LAUNCHER_PARENT_DEATH_SIGNAL SIGPWR

#define LAUNCHER_EXIT_CANNOT_EXECUTE 126
#define LAUNCHER_EXIT_NOT_FOUND 127
#define LAUNCHER_EXIT_UNKNOWN 255 /* before init: ended without an errno to tell */
#define LAUNCHER_EXIT_ENDED 137   /* ended from outside before the command had ended by itself */
