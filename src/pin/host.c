/* SPDX-License-Identifier: Apache-2.0 */
/* Owns which root and which procfs are "the host's". Opens the two, reads nothing of any process. */
#include "dbgattach/pin.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/text.h"
#include "dbgattach/sys/open.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/*
 * A procfs of another PID namespace (a node pod without hostPID) gives numbers that pidfd_open() understands
 * differently: the pidfd and the /proc directory would be those of two processes. Such a procfs does not call us by our
 * own pid.
 */
static int check_proc(int proc_fd, const char *root, struct err *err)
{
	struct statfs fs;
	char self[16];
	uint64_t pid;

	if (fstatfs(proc_fd, &fs) < 0)
		return err_sys(err, errno, "%s/proc", root);
	if (fs.f_type != PROC_SUPER_MAGIC)
		return err_set(err, ERR_UNSUPPORTED, "%s/proc is not a procfs", root);
	ssize_t length = readlinkat(proc_fd, "self", self, sizeof(self));
	if (length < 0 && errno != ENOENT)
		return err_sys(err, errno, "%s/proc/self", root);
	if (length < 0 || text_u64(self, (size_t)length, INT32_MAX, &pid) < 0 || (pid_t)pid != getpid())
		return err_set(err, ERR_UNSUPPORTED, "%s/proc belongs to another PID namespace than ours", root);
	return 0;
}

int host_open(const char *root, struct host *ret, struct err *err)
{
	/* For messages: "/" and "/proc" rather than "//proc". */
	const char *shown = strcmp(root, "/") == 0 ? "" : root;

	cleanup_close int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return err_sys(err, errno, "%s", root);
	cleanup_close int proc_fd =
		sys_openat2(root_fd, "proc", O_PATH | O_DIRECTORY, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (proc_fd < 0)
		return err_sys(err, proc_fd, "%s/proc", shown);
	int r = check_proc(proc_fd, shown, err);
	if (r < 0)
		return r;

	*ret = (struct host) { .root_fd = take_fd(root_fd), .proc_fd = take_fd(proc_fd) };
	return 0;
}

void host_done(struct host *host)
{
	close_quietly(host->root_fd);
	close_quietly(host->proc_fd);
	*host = (struct host) { -EBADF, -EBADF };
}
