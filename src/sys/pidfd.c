/* SPDX-License-Identifier: Apache-2.0 */
/* One function a system call; no decisions here. */
#include "dbgattach/sys/pidfd.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

int sys_pidfd_open(pid_t pid, unsigned flags)
{
	long fd = syscall(SYS_pidfd_open, pid, flags);
	return fd < 0 ? -errno : (int)fd;
}

int sys_pidfd_send_signal(int pidfd, int signal)
{
	return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0U) < 0 ? -errno : 0;
}

int sys_pidfd_is_dead(int pidfd)
{
	struct pollfd waited = { .fd = pidfd, .events = POLLIN };
	int r;

	do
		r = poll(&waited, 1, 0);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	if (waited.revents & POLLNVAL)
		return -EBADF;
	/* POLLHUP: already reaped (Linux 6.9 and later say both). */
	return (waited.revents & (POLLIN | POLLHUP)) != 0;
}
