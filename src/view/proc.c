/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session's /proc. The target's own serves when it really is the root of a procfs of the PID namespace that is joined;
 * else a fresh one is made. An unmasked procfs is host root (uid 0 without any capability can write core_pattern), so what
 * runc masks is masked here as well, in either case, unless the profile says otherwise.
 */
#include "proc.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/text.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/sys/mount_api.h"
#include "dbgattach/sys/open.h"
#include "dbgattach/view.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PROC_ROOT_INODE 1 /* include/linux/proc_ns.h */

enum masking { MASK_READ_ONLY, MASK_COVER };

static const struct {
	const char *name;
	enum masking how;
} masks[] = {
	{ "bus", MASK_READ_ONLY },
	{ "fs", MASK_READ_ONLY },
	{ "irq", MASK_READ_ONLY },
	{ "sys", MASK_READ_ONLY },
	{ "sysrq-trigger", MASK_READ_ONLY },
	{ "acpi", MASK_COVER },
	{ "asound", MASK_COVER },
	{ "firmware", MASK_COVER },
	{ "kcore", MASK_COVER },
	{ "keys", MASK_COVER },
	{ "latency_stats", MASK_COVER },
	{ "sched_debug", MASK_COVER },
	{ "scsi", MASK_COVER },
	{ "timer_list", MASK_COVER },
};

bool proc_is_root(int fd)
{
	struct statfs statfs;
	struct stat stat;

	return fstatfs(fd, &statfs) == 0 && statfs.f_type == PROC_SUPER_MAGIC && fstat(fd, &stat) == 0 &&
	       stat.st_ino == PROC_ROOT_INODE;
}

/* "proc" beneath the target's root, if it is the root of a procfs whose pid nspid is in the PID namespace expected. */
bool view_proc_serves(int root_fd, uint64_t pidns_inode, pid_t nspid)
{
	char path[48], link[48], expected[48];

	if (root_fd < 0)
		return false;
	cleanup_close int proc = sys_openat2(root_fd, "proc", O_PATH | O_DIRECTORY | O_CLOEXEC, 0,
					     RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);

	if (proc < 0 || !proc_is_root(proc))
		return false;
	(void)snprintf(path, sizeof(path), "%d/ns/pid", nspid);
	ssize_t length = readlinkat(proc, path, link, sizeof(link) - 1);
	if (length < 0)
		return false;
	link[length] = '\0';
	(void)snprintf(expected, sizeof(expected), "pid:[%llu]", (unsigned long long)pidns_inode);
	return strcmp(link, expected) == 0;
}

int view_proc_prepare(int root_fd, int pidns_fd, uint64_t pidns_inode, pid_t nspid, struct view_parts *parts,
		      unsigned *notes, struct err *err)
{
	if (view_proc_serves(root_fd, pidns_inode, nspid))
		return 0;
	cleanup_close int fs = sys_fsopen("proc");
	if (fs < 0)
		return err_sys(err, fs, "a fresh procfs");
	(void)sys_fsconfig_string(fs, "source", "proc"); /* what mountinfo shows */
	int result = sys_fsconfig_fd(fs, "pidns", pidns_fd);
	if (result == -EINVAL) {
		*notes |= VIEW_NOTE_NO_PROC;
		return 0;
	}
	if (result == 0)
		result = sys_fsconfig_create(fs);
	if (result == 0)
		result = parts->proc = sys_fsmount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (result < 0)
		return err_sys(err, result, "a fresh procfs for the target's PID namespace");
	if (root_fd >= 0)
		*notes |= VIEW_NOTE_FRESH_PROC;
	return 0;
}

/*
 * Already done by the target's runtime: a read-only mount, or something mounted right there? 1 yes, 0 no, -ENOENT this kernel
 * has no such file. No access(2): sysctl's own permission check would answer for the mount's.
 */
static int is_masked(int proc, const char *name, enum masking how, bool *ret_directory)
{
	struct statx statx_buffer;
	struct statfs statfs;

	if (how == MASK_READ_ONLY) {
		cleanup_close int fd = openat(proc, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0 || fstatfs(fd, &statfs) < 0)
			return -errno;
		return (statfs.f_flags & ST_RDONLY) != 0;
	}
	if (statx(proc, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE, &statx_buffer) < 0)
		return -errno;
	*ret_directory = S_ISDIR(statx_buffer.stx_mode);
	return (statx_buffer.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/* A read-only clone of itself, or the empty directory or null device that stands in for it. */
static int make_mask(int proc, const char *name, enum masking how, bool directory, const struct proc_covers *covers)
{
	struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
	cleanup_close int mount = how == MASK_READ_ONLY ?
					  sys_open_tree_clone(proc, name, AT_RECURSIVE | AT_SYMLINK_NOFOLLOW) :
				  directory ? sys_open_tree_clone(covers->empty_dirfd, covers->empty_dir, 0) :
					      sys_open_tree_clone(covers->null_dirfd, covers->null, 0);

	if (mount < 0)
		return mount;
	int result = sys_mount_setattr(mount, AT_RECURSIVE, &read_only);
	return result < 0 ? result : sys_move_mount(mount, proc, name);
}

int proc_mask(int proc, const struct proc_covers *covers, struct err *err)
{
	if (!PROTECTED(PROC_MASK))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		bool directory = false;
		int result = is_masked(proc, masks[i].name, masks[i].how, &directory);

		if (result == 0)
			result = make_mask(proc, masks[i].name, masks[i].how, directory, covers);
		if (result < 0 && result != -ENOENT)
			return err_sys(err, result, "masking /proc/%s", masks[i].name);
	}
	return 0;
}
