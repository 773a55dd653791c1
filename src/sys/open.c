/* SPDX-License-Identifier: Apache-2.0 */
/* One function a system call; no decisions here. */
#include "dbgattach/sys/open.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A rename anywhere on the system while a ".." is walked gives EAGAIN; whoever renames in a loop must not stop us. */
#define EAGAIN_TRIES 32

int sys_openat2(int dirfd, const char *path, int flags, uint64_t mode, uint64_t resolve)
{
	struct open_how how = { .flags = (unsigned)(flags | O_CLOEXEC), .mode = mode, .resolve = resolve };
	long fd = -1;

	for (int i = 0; i < EAGAIN_TRIES; i++) {
		fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return fd < 0 ? -errno : (int)fd;
}
