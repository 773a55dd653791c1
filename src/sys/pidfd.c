/* SPDX-License-Identifier: Apache-2.0 */
/* One function a system call; no decisions here. */
#include "dbgattach/sys/pidfd.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILE_MAX (1U << 20)

int sys_pidfd_open(pid_t pid, unsigned flags)
{
	long fd = syscall(SYS_pidfd_open, pid, flags);
	return fd < 0 ? -errno : (int)fd;
}

static int send_signal(int pidfd, int signal)
{
	return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0U) < 0 ? -errno : 0;
}

/* The number behind "NAME:\t" at the begin of a line; -ENOENT. */
static int read_number(const char *path, const char *title, unsigned *ret)
{
	cleanup_buffer struct buffer text = { 0 };
	int result = io_read_file_at(AT_FDCWD, path, FILE_MAX, &text);

	if (result < 0)
		return result;
	const char *line = text.length == 0 ? NULL : strstr(text.data, title);
	return line != NULL && sscanf(line + strlen(title), "%u", ret) == 1 ? 0 : -ENOENT;
}

struct signalling {
	int pidfd, signal;
	unsigned uid;
};

static int send_as(void *argument)
{
	const struct signalling *signalling = argument;

	if (syscall(SYS_setresuid, signalling->uid, -1, -1) < 0)
		return -errno;
	return send_signal(signalling->pidfd, signalling->signal);
}

/*
 * Without CAP_KILL a signal is for one's own processes, by the real uid too: CAP_SETUID is as good. Whom the number from the
 * pidfd means does not matter much: to another than its own user the process stays closed.
 */
static int send_as_its_user(int pidfd, int signal)
{
	struct signalling signalling = { .pidfd = pidfd, .signal = signal };
	unsigned pid = 0;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	if (read_number(path, "\nPid:\t", &pid) < 0)
		return -EPERM;
	(void)snprintf(path, sizeof(path), "/proc/%u/status", pid);
	if (read_number(path, "\nUid:\t", &signalling.uid) < 0)
		return -EPERM;
	return sys_run_aside(send_as, &signalling);
}

int sys_pidfd_send_signal(int pidfd, int signal)
{
	int result = send_signal(pidfd, signal);

	return result == -EPERM && geteuid() == 0 ? send_as_its_user(pidfd, signal) : result;
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
