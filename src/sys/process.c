/* SPDX-License-Identifier: Apache-2.0 */
/* One function a system call; no decisions here. */
#include "dbgattach/sys/process.h"

#include "dbgattach/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRACER_MS 250
#define ASIDE_STACK_SIZE (256U << 10)

pid_t sys_fork(int cgroup_fd, int *ret_pidfd)
{
	int pidfd = -EBADF;
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};

	if (cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (unsigned)cgroup_fd;
	}
	long pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		return -errno;
	if (pid > 0)
		*ret_pidfd = pidfd;
	return (pid_t)pid;
}

struct aside {
	int (*act)(void *argument);
	void *argument;
	int result;
};

static int run_aside(void *argument)
{
	struct aside *aside = argument;

	aside->result = aside->act(aside->argument);
	return 0;
}

int sys_run_aside(int (*act)(void *argument), void *argument)
{
	struct aside aside = { act, argument, -ECHILD };
	char *stack =
		mmap(NULL, ASIDE_STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	if (stack == MAP_FAILED)
		return -errno;
	/* As with vfork(2) we wait until it has ended, so memory and fds may be the same: what it opens is ours. */
	pid_t child =
		clone(run_aside, stack + ASIDE_STACK_SIZE, CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &aside);
	int result = child < 0 ? -errno : 0;
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	(void)munmap(stack, ASIDE_STACK_SIZE);
	return result < 0 ? result : aside.result;
}

int sys_reap(int pidfd, siginfo_t *ret)
{
	const int64_t deadline = clock_now_ms() + TRACER_MS;

	for (;;) {
		*ret = (siginfo_t) { 0 };
		if (waitid(P_PIDFD, (id_t)pidfd, ret, WEXITED | WNOHANG | __WALL) == 0) {
			if (ret->si_pid != 0 || clock_now_ms() >= deadline)
				return 0;
			clock_pause_ms(1);
		} else if (errno != EINTR) {
			return -errno;
		}
	}
}

int sys_close_from(unsigned first)
{
	return syscall(SYS_close_range, first, ~0U, 0) < 0 ? -errno : 0;
}

int sys_keep_only(int *const *fds, size_t count)
{
	int high = 0;

	/* Out of the way of each other first, then to the lowest numbers, then everything behind them goes. */
	for (size_t i = 0; i < count; i++)
		if (*fds[i] >= 0 && (*fds[i] = fcntl(*fds[i], F_DUPFD_CLOEXEC, (int)count)) < 0)
			return -errno;
	for (size_t i = 0; i < count; i++)
		if (*fds[i] >= 0 && (*fds[i] = dup3(*fds[i], high++, O_CLOEXEC)) < 0)
			return -errno;
	return sys_close_from((unsigned)high);
}

int sys_keyctl_join_session(void)
{
	return syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ? -errno : 0;
}

int sys_keyctl_session_id(void)
{
	return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0) < 0 ? -errno : 0;
}

int sys_fexecve(int fd, char *const argv[], char *const envp[])
{
	(void)syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
	return -errno;
}

int sys_seccomp_filter(const void *program, unsigned short length, unsigned flags)
{
	/* The kernel copies the program and never writes to it; struct sock_fprog just lacks the const. */
	struct sock_fprog fprog = { .len = length, .filter = (struct sock_filter *)(uintptr_t)program };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &fprog) < 0 ? -errno : 0;
}
