/* SPDX-License-Identifier: Apache-2.0 */
/* Process system calls that glibc has no function for, or none that tells enough. Negative errno on failure. */
#pragma once

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * fork(2) whose child is born in the cgroup2 directory cgroup_fd (-EBADF: none) and that returns a pidfd too.
 * [CLONE_INTO_CGROUP, Linux 5.7: joining later by a write to cgroup.procs waits for an RCU grace period]
 */
pid_t sys_fork(int cgroup_fd, int *ret_pidfd);

/*
 * Runs act in a process of its own, whose memory and fds are ours, and waits for its end: for what would change us, the namespaces
 * that we are in. What act returns; -ECHILD: it was killed.
 */
int sys_run_aside(int (*act)(void *argument), void *argument);

/*
 * What act returns, called with these filesystem ids, aside where they are not ours: what it makes is theirs, with no CAP_CHOWN
 * to give it away and no CAP_DAC_OVERRIDE to make it in a folder of theirs. Under another uid than 0 it has no capability over
 * files, and none to make nodes. -EPERM: they cannot be had (CAP_SETUID, CAP_SETGID). [setfsuid(2)]
 */
int sys_act_as(uid_t uid, gid_t gid, int (*act)(void *argument), void *argument);

/*
 * Reaps a child that is dead by its pidfd. Who traces it has its status first: strace -f for a moment, which is waited for, a
 * process of the target's for as long as it likes: then 0 with si_pid 0.
 */
int sys_reap(int pidfd, siginfo_t *ret);

/* close_range(2): from first to the last fd there is. */
int sys_close_from(unsigned first);

/*
 * Closes every fd, stdio too, but those that fds point to (-EBADF: none), which get the lowest numbers: for a process that
 * must not keep open, perhaps for ever, what its caller had.
 */
int sys_keep_only(int *const *fds, size_t count);

/*
 * One byte over a socket, and an fd with it (-EBADF: none). Received: 1 a byte, 0 the end, -EAGAIN nothing yet; *ret_fd as it
 * was where none came.
 */
int sys_send_fd(int socket, int fd);
int sys_receive_fd(int socket, int *ret_fd);

/* KEYCTL_JOIN_SESSION_KEYRING with a new anonymous keyring; and a call that only reads, to see if keyctl is there. */
int sys_keyctl_join_session(void);
int sys_keyctl_session_id(void);

/* execveat(2) of what fd is. Returns only on failure. */
int sys_fexecve(int fd, char *const argv[], char *const envp[]);

/* seccomp(SECCOMP_SET_MODE_FILTER) with a compiled program (struct sock_filter[]); flags: SECCOMP_FILTER_FLAG_. */
int sys_seccomp_filter(const void *program, unsigned short length, unsigned flags);
