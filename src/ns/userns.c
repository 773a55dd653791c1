/* SPDX-License-Identifier: Apache-2.0 */
/* Whose a user namespace is, and what may be done in there. */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/text.h"
#include "dbgattach/ns.h"
#include "dbgattach/sys/nsfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEVELS_MAX 33 /* the kernel makes no more, one in another */

/* The kernel's own rule [cap_capable(), security/commoncap.c]: what counts is whose the one is that was made in ours. */
int ns_user_is_callers(int proc_fd, uint64_t own_inode, bool *ret, struct err *err)
{
	cleanup_close int fd = openat(proc_fd, "ns/user", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, errno, "the target's user namespace");
	for (int level = 0; level < LEVELS_MAX; level++) {
		struct stat stat;
		uid_t owner;
		cleanup_close int parent = sys_nsfs_parent(fd);

		if (parent < 0)
			break; /* it was made outside ours */
		if (fstat(parent, &stat) < 0 || sys_nsfs_owner(fd, &owner) < 0)
			return err_sys(err, errno, "whose the target's user namespace is");
		if (stat.st_ino == own_inode) {
			*ret = owner == geteuid();
			return 0;
		}
		close_quietly(fd);
		fd = take_fd(parent);
	}
	*ret = false;
	return 0;
}

int ns_user_denies_setgroups(int proc_fd, bool *ret, struct err *err)
{
	cleanup_buffer struct buffer text = { 0 };
	int result = io_read_file_at(proc_fd, "setgroups", 16, &text);

	if (result < 0)
		return err_sys(err, result, "the target's /proc/PID/setgroups");
	*ret = text_starts(text.data, "deny");
	return 0;
}
