/* SPDX-License-Identifier: Apache-2.0 */
/* pidfd_open(2), pidfd_send_signal(2): raw, because glibc has the wrappers only since 2.36. */
#pragma once

#include <sys/types.h>

/* A close-on-exec fd, or a negative errno. */
int sys_pidfd_open(pid_t pid, unsigned flags);
/* Also without CAP_KILL to a process of another user, where the caller is root and may become him (CAP_SETUID). */
int sys_pidfd_send_signal(int pidfd, int signal);
/* 1: the process has exited (a zombie has); 0: it has not; or a negative errno. */
int sys_pidfd_is_dead(int pidfd);
