// SPDX-License-Identifier: Apache-2.0
/*
 * trysyscall NAME...: makes each call with arguments that cannot do anything (bad pointers, descriptors, flags) and
 * prints the errno. A call that is let through gives EFAULT, EBADF or EINVAL; a filtered one the filter's errno. Each runs
 * in a process of its own; where that one dies, the signal is printed. NAME is a system call, or one of the specials below.
 */
#include "names.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef TIOCSTI
#define TIOCSTI 0x5412
#endif
#ifndef TIOCLINUX
#define TIOCLINUX 0x541C
#endif
#define HIGH_BIT (1UL << 32)

static const long bad_fd = -1;
static char *const bad = (char *)16; /* never mapped: below vm.mmap_min_addr */

static long ioctl_of(unsigned long request)
{
	return syscall(SYS_ioctl, bad_fd, request, bad);
}

static long try_tiocsti(void)
{
	return ioctl_of(TIOCSTI);
}

static long try_tiocsti_high(void)
{
	return ioctl_of(TIOCSTI | HIGH_BIT);
}

static long try_tioclinux(void)
{
	return ioctl_of(TIOCLINUX);
}

static long try_tioclinux_high(void)
{
	return ioctl_of(TIOCLINUX | HIGH_BIT);
}

static long try_ioctl(void)
{
	return ioctl_of(0x5401); /* TCGETS: any other request has to be let through */
}

/* CLONE_NEWNS together with CLONE_FS is EINVAL. */
static long try_clone_newns(void)
{
	return syscall(SYS_clone, 0x00020000 | 0x00000200 | SIGCHLD, 0, 0, 0, 0);
}

static long try_clone_newuser(void)
{
	return syscall(SYS_clone, 0x10000000 | 0x00000200 | SIGCHLD, 0, 0, 0, 0);
}

/* 0: nothing to leave, which succeeds where unshare is let through. */
static long try_unshare(void)
{
	return syscall(SYS_unshare, 0x10000000 | 0x1); /* CLONE_NEWUSER and a flag that does not exist */
}

static long try_setns(void)
{
	return syscall(SYS_setns, bad_fd, 0);
}

static long try_umount(void)
{
	return syscall(SYS_umount2, bad, 0x4000000);
}

static long try_execveat(void)
{
	return syscall(SYS_execveat, bad_fd, bad, bad, bad, 0);
}

static long try_prctl(void)
{
	return syscall(SYS_prctl, 0x7fffffff, bad, bad, bad, bad);
}

static long try_seccomp(void)
{
	return syscall(SYS_seccomp, 0x7fffffff, 0, bad);
}

static long try_personality(void)
{
	return syscall(SYS_personality, 0x0040000 /* ADDR_NO_RANDOMIZE */);
}

static long try_reboot(void)
{
	return syscall(SYS_reboot, 0, 0, 0, bad);
}

static long try_setid(void)
{
	return syscall(SYS_setresuid, -1, -1, -1);
}

static long try_setgroups(void)
{
	return syscall(SYS_setgroups, 1, bad);
}

static long try_memfd(void)
{
	return syscall(SYS_memfd_create, bad, 0);
}

static long try_epoll(void)
{
	return syscall(SYS_epoll_create1, 0x7fffffff);
}

/* A pid that cannot exist: -1 would mean all there is. */
static long try_ptrace(void)
{
	return syscall(SYS_ptrace, 0x4206 /* PTRACE_SEIZE */, 0x7ffffff0, 0, 0);
}

static long try_process_vm_readv(void)
{
	return syscall(SYS_process_vm_readv, 0x7ffffff0, bad, 1, bad, 1, 0);
}

static long try_getpid_32(void)
{
#if defined(__x86_64__)
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "0"(20L) : "memory", "cc");
	errno = result < 0 ? (int)-result : 0;
	return result < 0 ? -1 : 0;
#else
	errno = ENOEXEC;
	return -1;
#endif
}

static long try_getpid_x32(void)
{
#if defined(__x86_64__)
	return syscall(0x40000000 | 39);
#else
	errno = ENOEXEC;
	return -1;
#endif
}

/* Names whose arguments have to be chosen with care, or that are not a system call. */
static const struct {
	const char *name;
	long (*run)(void);
} specials[] = {
	{ "tiocsti", try_tiocsti },
	{ "tiocsti+high", try_tiocsti_high },
	{ "tioclinux", try_tioclinux },
	{ "tioclinux+high", try_tioclinux_high },
	{ "ioctl", try_ioctl },
	{ "clone+newns", try_clone_newns },
	{ "clone+newuser", try_clone_newuser },
	{ "unshare", try_unshare },
	{ "setns", try_setns },
	{ "umount2", try_umount },
	{ "execveat", try_execveat },
	{ "prctl", try_prctl },
	{ "seccomp", try_seccomp },
	{ "personality", try_personality },
	{ "reboot", try_reboot },
	{ "setresuid", try_setid },
	{ "setresgid", try_setid },
	{ "setgroups", try_setgroups },
	{ "memfd_create", try_memfd },
	{ "epoll_create1", try_epoll },
	{ "ptrace", try_ptrace },
	{ "process_vm_readv", try_process_vm_readv },
	{ "int80", try_getpid_32 },
	{ "x32", try_getpid_x32 },
};

static long call(const char *name)
{
	long number;

	for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++)
		if (strcmp(specials[i].name, name) == 0)
			return specials[i].run();
	number = LOOK_UP(syscall_names, name);
	if (number < 0) {
		fprintf(stderr, "trysyscall: no system call %s in the table\n", name);
		_exit(97);
	}
	return syscall(number, bad, bad, bad, bad, bad, bad);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		int status = 0;
		pid_t pid = fork();

		if (pid == 0) {
			errno = 0;
			long result = call(argv[i]);
			int error = errno;

			dprintf(1, "%s %s\n", argv[i], result < 0 ? errno_name(error) : "ok");
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) < 0) {
			perror("trysyscall");
			return 1;
		}
		if (WIFSIGNALED(status))
			dprintf(1, "%s %s\n", argv[i], NAME_OF(signal_names, WTERMSIG(status)));
		else if (WEXITSTATUS(status) != 0)
			return WEXITSTATUS(status);
	}
	return 0;
}
