/* SPDX-License-Identifier: Apache-2.0 */
/* The disposable reader. The calling process never opens a path of the target's. */
#include "target_file.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/clock.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/ns.h"
#include "dbgattach/session.h"
#include "dbgattach/sys/mount_api.h"
#include "dbgattach/sys/open.h"
#include "dbgattach/sys/pidfd.h"
#include "dbgattach/sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_DEADLINE_MS 2000
#define DYING_MS 100 /* between the end of what it writes, or SIGKILL, and its own */

/* Reading a file or following a link would change its access time; only a mount of the namespace one is in can be cloned. */
static int clone_without_atime(const struct pin *pin, unsigned kinds, int root)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_NOATIME, .attr_clr = MOUNT_ATTR__ATIME };
	struct err ignored;
	int result = ns_enter(pin->pidfd, kinds, &ignored);

	if (result < 0)
		return result;
	cleanup_close int clone = sys_open_tree_clone(root, "", AT_EMPTY_PATH | AT_RECURSIVE);
	if (clone < 0)
		return clone;
	result = sys_mount_setattr(clone, AT_RECURSIVE, &attributes);
	/* In a user namespace the access-time flags are locked; on a mount that is read-only no access time is written either. */
	if (result == -EPERM) {
		attributes = (struct mount_attr) { .attr_set = MOUNT_ATTR_RDONLY };
		result = sys_mount_setattr(clone, AT_RECURSIVE, &attributes);
	}
	return result < 0 ? result : take_fd(clone);
}

static int child_read(const struct pin *pin, unsigned kinds, const char *path, size_t limit, int out)
{
	cleanup_buffer struct buffer buffer = { 0 };
	struct stat stat;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return errno;
	cleanup_close int root = openat(pin->proc_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int clone = root < 0 ? -errno : clone_without_atime(pin, kinds, root);
	cleanup_close int fd =
		clone < 0 ? clone :
			    sys_openat2(clone, path,
					O_RDONLY | (PROTECTED(FILE_NONBLOCK) ? O_NONBLOCK : 0) | O_NOCTTY | O_CLOEXEC,
					0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);

	if (fd < 0)
		return -fd;
	if (fstat(fd, &stat) < 0)
		return errno;
	if (!S_ISREG(stat.st_mode))
		return EINVAL;
	int result = io_read_all(fd, limit, &buffer);
	return -(result < 0 ? result : io_write_all(out, buffer.data, buffer.length));
}

/* All that comes until the end of file or the deadline. */
static int receive(int fd, size_t limit, struct buffer *buffer)
{
	int64_t deadline = clock_now_ms() + READ_DEADLINE_MS;

	for (;;) {
		int64_t left = deadline - clock_now_ms();
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

		int count = left <= 0 ? 0 : poll(&poll_fd, 1, PROTECTED(FILE_DEADLINE) ? (int)left : -1);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return count == 0 ? -ETIMEDOUT : -errno;
		int result = buffer_reserve(buffer, 4096, limit + 4096);
		if (result < 0)
			return result;
		ssize_t length = read(fd, buffer->data + buffer->length, 4096);
		if (length == 0)
			return 0;
		if (length < 0 && errno != EINTR)
			return -errno;
		if (length > 0) {
			buffer->length += (size_t)length;
			buffer->data[buffer->length] = '\0';
		}
	}
}

int target_file_read(const struct pin *pin, unsigned kinds, const char *path, size_t limit, struct buffer *ret,
		     struct err *err)
{
	int ends[2], result, child_error = 0;
	cleanup_close int pidfd = -EBADF;
	siginfo_t info = { 0 };

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, errno, "reading /%s of the target", path);
	pid_t pid = sys_fork(-EBADF, &pidfd);
	if (pid == 0) {
		struct pin own = *pin;
		int *const kept[] = { &own.pidfd, &own.proc_fd, &ends[1] };

		/* Should it hang for ever, whoever reads our caller's output or terminal must not wait for it. */
		result = sys_keep_only(kept, ARRAY_SIZE(kept));
		_exit(result < 0 ? -result : child_read(&own, kinds, path, limit, ends[1]));
	}
	close_quietly(ends[1]);
	result = pid < 0 ? (int)pid : receive(ends[0], limit, ret);
	close_quietly(ends[0]);
	if (pid < 0)
		return err_sys(err, result, "reading /%s of the target", path);
	/* A child in an uninterruptible wait cannot even be killed: it is not waited for, init will reap it one day. */
	struct pollfd poll_fd = { .fd = pidfd, .events = POLLIN };
	(void)sys_pidfd_send_signal(pidfd, SIGKILL);
	if (poll(&poll_fd, 1, result == -ETIMEDOUT ? 0 : DYING_MS) == 1 &&
	    waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) == 0 && info.si_code == CLD_EXITED)
		child_error = info.si_status;
	if (result == -ETIMEDOUT)
		return err_set(err, ERR_TIMEOUT, "/%s of the target cannot be read: its filesystem does not respond",
			       path);
	if (child_error == ENOENT)
		return err_set(err, ERR_NOT_FOUND, "the target has no /%s", path);
	if (child_error == EINVAL)
		return err_set(err, ERR_REFUSED, "/%s of the target is not a regular file", path);
	if (result < 0 || child_error != 0)
		return err_sys(err, result < 0 ? result : child_error, "reading /%s of the target", path);
	return 0;
}
