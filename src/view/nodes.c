/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes of our own and not clones of the caller's: a root session may chmod what it sees in /dev, and the inode behind a clone
 * would be the host's. Who may not make nodes (no CAP_MKNOD, or a user namespace) has clones, read-only: a chmod is refused,
 * and a device opens all the same. A session with CAP_SYS_ADMIN could clear that flag, and would then change what is the
 * caller's own: of a container, that container's /dev; a plain user's session is not the owner of the host's.
 */
#include "nodes.h"
#include "remount.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/text.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/sys/mount_api.h"
#include "dbgattach/sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const struct node {
	const char *name;
	unsigned major, minor;
} nodes[] = {
	{ "null", 1, 3 }, { "zero", 1, 5 }, { "full", 1, 7 }, { "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 },
};
_Static_assert(ARRAY_SIZE(nodes) == VIEW_NODES, "a clone each");

static const struct {
	const char *name, *target;
} links[] = {
	{ "ptmx", "pts/ptmx" },          { "fd", "/proc/self/fd" },       { "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
};

static int make_own(const struct view_parts *parts, const struct node *node, const struct view_owner *owner)
{
	if (mknodat(parts->dev, node->name, S_IFCHR | 0666, makedev(node->major, node->minor)) < 0)
		return -errno;
	if ((owner->root_uid == geteuid() && owner->root_gid == getegid()) ||
	    fchownat(parts->dev, node->name, owner->root_uid, owner->root_gid, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	int result = -errno;
	return unlinkat(parts->dev, node->name, 0) < 0 ? -errno : result;
}

/* Of the caller's own /dev, if it is the device and may be used as one. */
static int clone_node(const struct node *node)
{
	struct statvfs statvfs;
	struct stat stat;
	char path[32];

	int result = text_format(path, sizeof(path), "/dev/%s", node->name);
	if (result < 0)
		return result;
	cleanup_close int clone = sys_open_tree_clone(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT);
	if (clone < 0)
		return clone;
	if (fstat(clone, &stat) < 0 || fstatvfs(clone, &statvfs) < 0)
		return -errno;
	if (!S_ISCHR(stat.st_mode) || stat.st_rdev != makedev(node->major, node->minor) ||
	    (statvfs.f_flag & ST_NODEV) != 0)
		return -ENODEV;
	return take_fd(clone);
}

static int make_rest(void *context)
{
	const struct view_parts *parts = context;

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		if (parts->nodes[i] >= 0 && mknodat(parts->dev, nodes[i].name, S_IFREG | 0666, 0) < 0)
			return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (symlinkat(links[i].target, parts->dev, links[i].name) < 0)
			return -errno;
	return mkdirat(parts->dev, "pts", 0755) < 0 ? -errno : 0;
}

int nodes_make(const struct view_owner *owner, struct view_parts *parts)
{
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		int result = make_own(parts, &nodes[i], owner);

		if (result == -EPERM || result == -EACCES)
			result = parts->nodes[i] = clone_node(&nodes[i]);
		if (result < 0)
			return result;
	}
	return sys_act_as(owner->root_uid, owner->root_gid, make_rest, parts);
}

int nodes_place(struct view_parts *parts, int self_fd, int dev)
{
	const struct mount_attr attributes = { .attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC |
							   (PROTECTED(READ_ONLY_NODES) ? MOUNT_ATTR_RDONLY : 0) };

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		int result = parts->nodes[i] < 0 ?
				     0 :
				     mount_place(self_fd, parts->nodes[i], &attributes, dev, nodes[i].name);

		if (result < 0)
			return result;
		close_quietly(take_fd(parts->nodes[i]));
	}
	return 0;
}
