// SPDX-License-Identifier: Apache-2.0
/*
 * nosys SYSCALL[=ERRNO]... -- CMD...: runs CMD on a kernel that seems not to have these system calls: a filter gives
 * ENOSYS (or ERRNO) for them. So the ways for older kernels are tested on newer ones. The filter is written out by hand,
 * because this is what libseccomp is tested against too.
 */
#include "names.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "nosys: add this architecture"
#endif

#define CALLS_MAX 64

static struct sock_filter program[5 + 2 * CALLS_MAX];

static int parse(char *argument, long *ret_number, long *ret_errno)
{
	char *equals = strchr(argument, '=');

	*ret_errno = ENOSYS;
	if (equals) {
		*equals = 0;
		*ret_errno = LOOK_UP(errno_names, equals + 1);
	}
	*ret_number = LOOK_UP(syscall_names, argument);
	return *ret_number < 0 || *ret_errno < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
	unsigned short length = 0;
	int i = 1;

	program[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	program[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	program[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		long number, error;

		if (i > CALLS_MAX || parse(argv[i], &number, &error) < 0) {
			fprintf(stderr, "nosys: %s is not in the table\n", argv[i]);
			return 97;
		}
		program[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1);
		program[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error);
	}
	program[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (i + 1 >= argc) {
		fprintf(stderr, "usage: nosys SYSCALL[=ERRNO]... -- CMD...\n");
		return 97;
	}

	struct sock_fprog filter = { .len = length, .filter = program };

	/* no_new_privs only where there is no other way: it would change what CMD can be seen to do. */
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0 &&
	    (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	     syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0)) {
		perror("nosys: seccomp");
		return 97;
	}
	execvp(argv[i + 1], argv + i + 1);
	perror(argv[i + 1]);
	return 97;
}
