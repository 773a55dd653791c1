/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the proof that a process is still the one that was meant. Reads nothing but what proves it.
 *
 * The order of pin_open() is the point: the pidfd first, then /proc/PID, then the pidfd once more. A pid is only given
 * to another process after the first was reaped, and a reaped process makes its pidfd readable; so when the pidfd is
 * quiet at the end, the directory that was opened in between is that of the same process, and remains so.
 */
#include "dbgattach/pin.h"

#include "dbgattach/base/buffer.h"
#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/text.h"
#include "dbgattach/format/proc_stat.h"
#include "dbgattach/sys/pidfd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define PIN_STAT_MAX 4096
#define PIN_PIDFS_MAGIC 0x50494446 /* PID_FS_MAGIC, in <linux/magic.h> since 6.9 */

static int gone(pid_t pid, struct err *err)
{
	return err_set(err, ERR_GONE, "process %d is not running (any more)", pid);
}

static int unverified(pid_t pid, int errnum, struct err *err)
{
	return err_sys(err, errnum, "process %d could not be verified", pid);
}

static int open_pidfd(pid_t pid, struct err *err)
{
	int pidfd = pid > 0 ? sys_pidfd_open(pid, 0) : -ESRCH;
	if (pidfd >= 0)
		return pidfd;
	switch (pidfd) {
	case -ESRCH:
		return gone(pid, err);
	case -EINVAL: /* what the kernel says of a thread's id */
	case -ENOENT: /* the same since 6.15 */
		return err_set(err, ERR_USAGE, "%d is the id of a thread, not of a process", pid);
	default:
		return err_sys(err, pidfd, "pidfd_open of process %d", pid);
	}
}

static int read_stat(int proc_fd, struct proc_stat *ret, struct err *err)
{
	cleanup_buffer struct buffer buffer = { 0 };
	int r = io_read_file_at(proc_fd, "stat", PIN_STAT_MAX, &buffer);
	if (r < 0)
		return err_sys(err, r, "stat");
	return proc_stat_parse(buffer.data, buffer.length, ret, err);
}

int pin_open(const struct host *host, pid_t pid, uint64_t expected_start, struct pin *ret, struct err *err)
{
	struct proc_stat stat = { 0 };
	char name[16];

	cleanup_close int pidfd = open_pidfd(pid, err);
	if (pidfd < 0)
		return pidfd;
	int r = text_format(name, sizeof(name), "%d", pid);
	if (r < 0)
		return err_sys(err, r, "process %d", pid);

	cleanup_close int proc_fd = openat(host->proc_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	r = proc_fd < 0 ? err_sys(err, errno, "/proc/%d", pid) : read_stat(proc_fd, &stat, err);
	/* Asked before the failure is reported: that the process has ended is the better explanation of it. */
	int dead = sys_pidfd_is_dead(pidfd);
	if (dead > 0)
		return gone(pid, err);
	if (r < 0)
		return err_wrap(err, "process %d", pid);
	if (dead < 0)
		return unverified(pid, dead, err);

	if (stat.pid != pid)
		return err_set(err, ERR_CHANGED, "/proc/%d is the directory of process %d", pid, stat.pid);
	/* A main thread that has ended while others go on: the pidfd is quiet, but its namespaces are gone. */
	if (stat.state == 'Z' || stat.state == 'X')
		return gone(pid, err);
	if (expected_start != 0 && stat.start_time != expected_start && PROTECTED(PIN_VERIFY))
		return err_set(err, ERR_CHANGED,
			       "process %d is another one than the runtime started (%" PRIu64 " instead of %" PRIu64
			       ")",
			       pid, stat.start_time, expected_start);

	*ret = (struct pin) {
		.pid = pid,
		.pidfd = take_fd(pidfd),
		.proc_fd = take_fd(proc_fd),
		.start_time = stat.start_time,
	};
	return 0;
}

int pin_verify(const struct pin *pin, struct err *err)
{
	int dead = sys_pidfd_is_dead(pin->pidfd);
	if (dead < 0)
		return unverified(pin->pid, dead, err);
	return dead ? gone(pin->pid, err) : 0;
}

int pin_pidfd_inode(const struct pin *pin, uint64_t *ret_inode, struct err *err)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(pin->pidfd, &fs) < 0 || fstat(pin->pidfd, &st) < 0)
		return err_sys(err, errno, "pidfd of process %d", pin->pid);
	/* Before pidfs all pidfds were one anonymous inode: comparing it would accept every process. */
	if (fs.f_type != PIN_PIDFS_MAGIC)
		return err_set(err, ERR_UNSUPPORTED, "this kernel gives pidfds no inode of their own (Linux 6.9 does)");
	*ret_inode = st.st_ino;
	return 0;
}

void pin_done(struct pin *pin)
{
	close_quietly(pin->pidfd);
	close_quietly(pin->proc_fd);
	*pin = (struct pin)PIN_INIT;
}
