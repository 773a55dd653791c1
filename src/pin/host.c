/* SPDX-License-Identifier: Apache-2.0 */
/* Owns which root and which procfs are "the host's". Opens the two, reads nothing of any process. */
#include "dbgattach/pin.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/text.h"
#include "dbgattach/format/proc_status.h"
#include "dbgattach/sys/open.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#define STATUS_MAX (1U << 20)

/*
 * A procfs of another PID namespace (a node pod without hostPID) gives numbers that pidfd_open() understands differently: the
 * pidfd and the /proc directory would be those of two processes. Such a procfs does not call us by our own pid; one that does
 * so by chance, from above, tells that we have another one further down.
 */
static int check_namespace(int proc_fd, const char *shown, bool closely, struct err *err)
{
	__attribute__((cleanup(proc_status_done))) struct proc_status status = { 0 };
	cleanup_buffer struct buffer text = { 0 };
	char self[16];
	uint64_t pid;

	ssize_t length = readlinkat(proc_fd, "self", self, sizeof(self));
	if (length < 0 && errno != ENOENT)
		return err_sys(err, errno, "%s/proc/self", shown);
	bool same = length >= 0 && text_u64(self, (size_t)length, INT32_MAX, &pid) == 0 && (pid_t)pid == getpid();
	if (same && closely) {
		int result = io_read_file_at(proc_fd, "self/status", STATUS_MAX, &text);
		if (result == 0)
			result = proc_status_parse(text.data, text.length, &status, NULL);
		if (result < 0)
			return err_sys(err, result, "%s/proc/self/status", shown);
		same = status.nspid_levels == 1;
	}
	return same ? 0 :
		      err_set(err, ERR_UNSUPPORTED, "%s/proc belongs to another PID namespace than ours%s", shown,
			      length < 0 ?
				      "" :
				      ", which lies within it (a pod needs hostPID: true, a container --pid=host)");
}

/* Whoever can rename what is in there could lead us to what root wrote for another purpose. */
static int check_owner(int root_fd, const char *root, struct err *err)
{
	struct stat stat;

	if (fstat(root_fd, &stat) < 0)
		return err_sys(err, errno, "%s", root);
	if ((stat.st_uid != 0 && stat.st_uid != geteuid()) || (stat.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return err_set(err, ERR_REFUSED, "%s can be written by others than root (uid %u, mode %04o)", root,
			       stat.st_uid, stat.st_mode & 07777U);
	return 0;
}

static int open_proc(int root_fd)
{
	struct statfs fs;
	cleanup_close int fd =
		sys_openat2(root_fd, "proc", O_PATH | O_DIRECTORY, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);

	if (fd < 0)
		return fd;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	return fs.f_type == PROC_SUPER_MAGIC ? take_fd(fd) : -ENOENT;
}

static int open_own_proc(void)
{
	cleanup_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return root < 0 ? -errno : open_proc(root);
}

static bool is_read_only(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (fs.f_flags & ST_RDONLY) != 0;
}

/* Of a container ours is as good, where it is the host's: with the same processes, and seldom read-only as a whole. */
static int use_own_proc(int *fd)
{
	cleanup_close int own = open_own_proc();

	if (own < 0 || (*fd >= 0 && (is_read_only(own) || check_namespace(own, "", true, NULL) < 0)))
		return own < 0 ? own : 0;
	close_quietly(*fd);
	*fd = take_fd(own);
	return 0;
}

int host_open(const char *root, struct host *ret, struct err *err)
{
	bool own = root == NULL || strcmp(root, "/") == 0;
	const char *shown = own ? "" : root; /* for messages: "/proc" rather than "//proc" */

	cleanup_close int root_fd = open(own ? "/" : root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return err_sys(err, errno, "%s", root);
	int result = own ? 0 : check_owner(root_fd, root, err);
	if (result < 0)
		return result;
	cleanup_close int proc_fd = open_proc(root_fd);
	if (proc_fd == -ENOENT && !own) {
		shown = "";
		result = use_own_proc(&proc_fd);
		if (result < 0)
			proc_fd = result;
	}
	if (proc_fd == -ENOENT)
		return err_set(err, ERR_UNSUPPORTED, "%s/proc is not a procfs", shown);
	if (proc_fd < 0)
		return err_sys(err, proc_fd, "%s/proc", shown);
	result = check_namespace(proc_fd, shown, !own, err);
	if (result < 0)
		return result;
	/* What is written there, attributes of processes of our own, could not be. */
	if (!own && is_read_only(proc_fd))
		(void)use_own_proc(&proc_fd);

	*ret = (struct host) { .root_fd = take_fd(root_fd), .proc_fd = take_fd(proc_fd) };
	return 0;
}

void host_done(struct host *host)
{
	close_quietly(host->root_fd);
	close_quietly(host->proc_fd);
	*host = (struct host) { -EBADF, -EBADF };
}
