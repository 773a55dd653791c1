/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Until Linux 6.15 an overlay takes only layers that are mounted in the caller's mount namespace [clone_private_mount()], and
 * only what is mounted there can be cloned in part. Nothing of ours shall ever be mounted in the host's: a process of its own
 * does it then. It is tried without first, because the end of a mount namespace costs 5 ms.
 */
#include "seal.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/sys/mount_api.h"
#include "dbgattach/sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

struct task {
	int namespace_fd;
	int (*act)(void *argument);
	void *argument;
};

static int run(void *argument)
{
	struct task *task = argument;

	if (task->namespace_fd >= 0 ? setns(task->namespace_fd, CLONE_NEWNS) < 0 :
				      unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	return task->act(task->argument);
}

int in_mount_namespace(int namespace_fd, int (*act)(void *argument), void *argument)
{
	struct task task = { namespace_fd, act, argument };

	return sys_run_aside(run, &task);
}

/* On top of the root, which needs no directory; a lookup of /proc still begins beneath it. */
static int mount_on_root(int mount_fd)
{
	return sys_move_mount(mount_fd, AT_FDCWD, "/");
}

static int make_overlay(const struct seal *seal)
{
	cleanup_close int fs = sys_fsopen("overlay");

	if (fs < 0)
		return fs;
	int result = sys_fsconfig_string(fs, "source", "dbgattach");
	if (result == 0)
		result = sys_fsconfig_string(fs, "lowerdir", seal->lower);
	if (result == 0)
		result = sys_fsconfig_optional(fs, "context", seal->context);
	if (result == 0)
		result = sys_fsconfig_create(fs);
	return result < 0 ? result : sys_fsmount(fs, seal->attributes);
}

/* The namespace ends with this process; the overlay holds on to what is beneath it, and our fd to the overlay. */
static int mount_and_make_overlay(void *argument)
{
	const struct seal *seal = argument;
	int result = 0;

	for (size_t i = 0; result == 0 && i < seal->mounts_count; i++)
		result = mount_on_root(seal->mounts[i]);
	return result < 0 ? result : make_overlay(seal);
}

int seal_mounts(const struct seal *seal)
{
	struct seal copy = *seal;
	int result = make_overlay(seal);

	return result >= 0 ? result : in_mount_namespace(-EBADF, mount_and_make_overlay, &copy);
}

struct subtree {
	int mount;
	const char *path;
};

static int mount_and_clone(void *argument)
{
	const struct subtree *subtree = argument;
	int result = mount_on_root(subtree->mount);

	return result < 0 ? result : sys_open_tree_clone(subtree->mount, subtree->path, 0);
}

int seal_subtree(int mount, const char *path)
{
	struct subtree subtree = { mount, path };
	int result = sys_open_tree_clone(mount, path, 0);

	return result >= 0 ? result : in_mount_namespace(-EBADF, mount_and_clone, &subtree);
}
