/* SPDX-License-Identifier: Apache-2.0 */
/* The session's root, put together. Runs in the process that enters, in a mount namespace of its own. */
#include "capture.h"
#include "nodes.h"
#include "proc.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/sys/mount_api.h"
#include "dbgattach/sys/open.h"
#include "dbgattach/view.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

int view_unshare(struct err *err)
{
	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(err, errno, "a private mount namespace");
	/* Else what is mounted here would appear in the target, and on the host where a volume is shared with it. */
	if (PROTECTED(PRIVATE_MOUNTS) && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(err, errno, "making the private mount namespace private");
	return 0;
}

/* The target's root; -EBADF: not shown. The rest is there where there is no mount_setattr: see struct capture_policy. */
struct source {
	int fd, self_fd, to_list, to_clone;
};

#define SOURCE_INIT                                                                                                    \
	{                                                                                                              \
		-EBADF, -EBADF, -EBADF, -EBADF                                                                         \
	}

static void source_done(const struct source *source)
{
	close_quietly(source->fd);
	close_quietly(source->to_list);
	close_quietly(source->to_clone);
}

static int source_open(const struct view_options *options, int self_fd, struct source *ret, struct err *err)
{
	const struct mount_attr nothing = { 0 };

	/* To change nothing tells whether the call is there. */
	if (sys_mount_setattr(self_fd, 0, &nothing) < 0)
		ret->self_fd = self_fd;
	if (!options->target_tree)
		return 0;
	ret->fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (ret->fd < 0)
		return err_sys(err, errno, "the target's root");
	if (ret->self_fd < 0)
		return 0;
	ret->to_list = sys_open_tree_clone(ret->fd, "", AT_EMPTY_PATH | AT_RECURSIVE);
	ret->to_clone = sys_open_tree_clone(ret->fd, "", AT_EMPTY_PATH | AT_RECURSIVE);
	int missing = ret->to_list < 0 ? ret->to_list : ret->to_clone;
	return missing < 0 ? err_sys(err, missing, "a copy of the target's tree") : 0;
}

/* Mounted on top of the namespace's root: the one place that needs no directory of the target's. */
static int make_root(const char *context, struct err *err)
{
	cleanup_close int fs = sys_fsopen("tmpfs");
	int result = fs;

	if (!PROTECTED(OWN_ROOT))
		return open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (result >= 0)
		result = sys_fsconfig_string(fs, "source", "dbgattach");
	if (result >= 0)
		result = sys_fsconfig_string(fs, "mode", "0755");
	if (result >= 0)
		result = sys_fsconfig_optional(fs, "context", context);
	if (result >= 0)
		result = sys_fsconfig_create(fs);
	if (result < 0)
		return err_sys(err, result, "tmpfs for the session's root");
	cleanup_close int root = sys_fsmount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	result = root < 0 ? root : sys_move_mount(root, AT_FDCWD, "/");
	return result < 0 ?
		       err_sys(err, result, "tmpfs for the session's root%s",
			       result == -ENOSPC ? " (the target has as many mounts as fs.mount-max allows)" : "") :
		       take_fd(root);
}

static int place(int *part, int root, const char *name, struct err *err)
{
	if (mkdirat(root, name, 0755) < 0 && errno != EEXIST)
		return err_sys(err, errno, "/%s of the session", name);
	int result = sys_move_mount(*part, root, name);
	if (result < 0)
		return err_sys(err, result, "/%s of the session", name);
	close_quietly(take_fd(*part));
	return 0;
}

static int build_dev(struct view_parts *parts, const struct source *source, const struct view_options *options,
		     int root, struct err *err)
{
	static const char *const ours[] = { "pts",    "ptmx", "tty",  "console", "fd",     "stdin",   "stdout",
					    "stderr", "null", "zero", "full",    "random", "urandom", NULL };
	struct capture_policy policy = {
		.where = "/dev",
		.entries_max = VIEW_DEV_ENTRIES_MAX,
		.read_only = !options->write,
		.devices = true,
		.self_fd = source->self_fd,
		.to_list = -EBADF,
		.to_clone = -EBADF,
		.skip = ours,
	};
	struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
	int result = place(&parts->dev, root, "dev", err);

	if (result < 0)
		return result;
	cleanup_close int dev = openat(root, "dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dev < 0)
		return err_sys(err, errno, "/dev of the session");
	result = nodes_place(parts, source->self_fd, dev);
	if (result < 0)
		return err_sys(err, result, "device nodes of the session");
	result = sys_move_mount(parts->pts, dev, "pts");
	if (result < 0)
		return err_sys(err, result, "/dev/pts of the session");
	close_quietly(take_fd(parts->pts));
	if (source->fd >= 0) {
		cleanup_close int target_dev = sys_openat2(source->fd, "dev", O_PATH | O_DIRECTORY | O_CLOEXEC, 0,
							   RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
		if (target_dev >= 0)
			result = capture_children(target_dev, dev, &policy, err);
	}
	if (result < 0)
		return result;
	/* Devices stay as writable as they are; nothing is made or renamed beside them. */
	result = view_set_attributes(source->self_fd, dev, 0, &read_only);
	return result < 0 ? err_sys(err, result, "making the session's /dev read-only") : 0;
}

static int build_proc(struct view_parts *parts, const struct source *source, const struct view_options *options,
		      int root, unsigned notes, struct err *err)
{
	static const char path[] = "proc";
	/* Never read-only as a whole: gdb and strace write to /proc/PID/mem and the like. */
	const struct capture_policy policy = { .where = "/proc", .self_fd = source->self_fd };
	const struct proc_covers covers = {
		.empty_dirfd = root,
		.empty_dir = "dbg/rw",
		.null_dirfd = root,
		.null = "dev/null",
		.self_fd = source->self_fd,
	};
	int result = 0;

	if (notes & VIEW_NOTE_NO_PROC)
		return 0;
	if (parts->proc >= 0) {
		result = place(&parts->proc, root, path, err);
	} else {
		result = capture_entry(source->fd, root, path, &policy);
		if (result < 0)
			return err_sys(err, result, "showing the target's /proc");
	}
	if (result < 0 || options->unmasked_proc)
		return result;
	/* Looked up anew since it was found to serve, so looked at anew: a link in its place must not be followed. */
	cleanup_close int proc = openat(root, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (PROTECTED(PROC_RECHECK) && (proc < 0 || !proc_is_root(proc)))
		return err_set(err, ERR_CHANGED, "the target has changed its /proc while it was being entered");
	return proc_mask(proc, &covers, err);
}

static int build_rest(const struct source *source, const struct view_options *options, int root, unsigned *notes,
		      struct err *err)
{
	static const char *const ours[] = { "dbg", "dev", "proc", NULL };
	struct capture_policy policy = {
		.where = "/",
		.entries_max = VIEW_ROOT_ENTRIES_MAX,
		.read_only = !options->write && PROTECTED(READ_ONLY_VIEW),
		.self_fd = source->self_fd,
		.to_list = source->to_list,
		.to_clone = source->to_clone,
		.skip = ours,
	};
	struct stat stat;

	if (fstatat(source->fd, "dbg", &stat, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0)
		*notes |= VIEW_NOTE_HIDDEN_DBG;
	return capture_children(source->fd, root, &policy, err);
}

int view_build(struct view_parts *parts, const struct view_options *options, int self_fd, int *ret_root,
	       unsigned *notes, struct err *err)
{
	const struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
	__attribute__((cleanup(source_done))) struct source source = SOURCE_INIT;
	int result = source_open(options, self_fd, &source, err);

	if (result < 0)
		return result;
	cleanup_close int root = make_root(options->context, err);
	result = root < 0 ? root : place(&parts->toolbox, root, "dbg", err);
	if (result == 0 && parts->launcher >= 0)
		result = place(&parts->launcher, root, "dbg/libexec/dbgattach", err);
	if (result == 0)
		result = build_dev(parts, &source, options, root, err);
	/* Before the scratch space covers it, dbg/rw is an empty read-only directory: what /proc is masked with. */
	if (result == 0)
		result = build_proc(parts, &source, options, root, *notes, err);
	if (result == 0)
		result = place(&parts->scratch, root, "dbg/rw", err);
	if (result == 0 && source.fd >= 0)
		result = build_rest(&source, options, root, notes, err);
	if (result < 0)
		return result;
	/* Also with --write: a write to / itself must fail, not be lost with our tmpfs. */
	result = view_set_attributes(source.self_fd, root, 0, &read_only);
	if (result < 0)
		return err_sys(err, result, "making the session's root read-only");
	*ret_root = take_fd(root);
	return 0;
}
