/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seccomp filters that are not ours: read while nobody can see us, loaded by the command's process as its last act. They may
 * forbid everything that stands in this folder, so nothing of it runs after them but the exec and, where that fails, the end.
 */
#include "init.h"

#include "dbgattach/launcher.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ONE_MAX (sizeof(struct launcher_filter) + LAUNCHER_FILTER_MAX * sizeof(struct sock_filter))

static unsigned char filters[LAUNCHER_FILTERS_MAX * ONE_MAX + 1]; /* one more: to see that there is no more */
static size_t filters_length;

int filter_read(void)
{
	for (;;) {
		ssize_t length = read(LAUNCHER_FILTER_FD, filters + filters_length, sizeof(filters) - filters_length);

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return errno;
		if (length == 0)
			break;
		filters_length += (size_t)length;
	}
	(void)close(LAUNCHER_FILTER_FD);
	return filters_length == 0 || filters_length == sizeof(filters) ? EINVAL : 0;
}

int filter_load(void)
{
	size_t at = 0;

	while (at < filters_length) {
		struct launcher_filter head;
		struct sock_fprog program;

		if (filters_length - at < sizeof(head))
			return EINVAL;
		memcpy(&head, filters + at, sizeof(head));
		at += sizeof(head);
		if (head.length > LAUNCHER_FILTER_MAX || filters_length - at < head.length * sizeof(*program.filter))
			return EINVAL;
		program.len = (unsigned short)head.length;
		program.filter = (struct sock_filter *)(void *)(filters + at);
		if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, head.flags, &program) < 0)
			return errno;
		at += head.length * sizeof(*program.filter);
	}
	return 0;
}

_Noreturn void filter_end(int status)
{
	(void)syscall(SYS_exit_group, status);
	(void)syscall(SYS_exit, status);
	for (;;)
		__builtin_trap(); /* both are forbidden: the one end that is no system call */
}
