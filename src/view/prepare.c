/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a view that are ours alone, made on the host: device nodes, pseudo-terminals, scratch space. */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/sys/mount_api.h"
#include "dbgattach/view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define SCRATCH_SIZE "256m"

struct option {
	const char *key;
	char value[24];
};

/* A detached mount of a filesystem that needs no device. Negative errno. */
static int make_mount(const char *type, const struct option *options, size_t count, const char *context,
		      unsigned attributes)
{
	cleanup_close int fs = sys_fsopen(type);

	if (fs < 0)
		return fs;
	int result = sys_fsconfig_string(fs, "source", "dbgattach"); /* what df and mountinfo show */
	for (size_t i = 0; result == 0 && i < count; i++)
		result = sys_fsconfig_string(fs, options[i].key, options[i].value);
	if (result == 0)
		result = sys_fsconfig_optional(fs, "context", context);
	if (result == 0)
		result = sys_fsconfig_create(fs);
	return result < 0 ? result : sys_fsmount(fs, attributes);
}

static int make_owned_mount(const char *type, const char *mode, const char *limit, const char *limit_value, uid_t uid,
			    gid_t gid, const char *context, unsigned attributes)
{
	struct option options[4] = { { .key = "mode" }, { .key = limit }, { .key = "uid" }, { .key = "gid" } };

	(void)snprintf(options[0].value, sizeof(options[0].value), "%s", mode);
	(void)snprintf(options[1].value, sizeof(options[1].value), "%s", limit_value);
	(void)snprintf(options[2].value, sizeof(options[2].value), "%u", uid);
	(void)snprintf(options[3].value, sizeof(options[3].value), "%u", gid);
	return make_mount(type, options, ARRAY_SIZE(options), context, attributes);
}

static int give(int dev, const char *name, const struct view_owner *owner)
{
	if (owner->root_uid == 0 && owner->root_gid == 0)
		return 0;
	return fchownat(dev, name, owner->root_uid, owner->root_gid, AT_SYMLINK_NOFOLLOW);
}

static const struct {
	const char *name;
	unsigned major, minor;
} nodes[] = {
	{ "null", 1, 3 }, { "zero", 1, 5 }, { "full", 1, 7 }, { "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 },
};

/*
 * Nodes of our own and not clones of the host's: a root session may chmod what it sees in /dev, and the inode behind a
 * clone would be the host's.
 */
static int make_nodes(int dev, const struct view_owner *owner)
{
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		if (mknodat(dev, nodes[i].name, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)) < 0 ||
		    give(dev, nodes[i].name, owner) < 0)
			return -errno;
	return 0;
}

static int bind_node(int dev, const char *name, unsigned major, unsigned minor)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC };
	struct statx statx_buffer;
	char path[16];

	(void)snprintf(path, sizeof(path), "/dev/%s", name);
	cleanup_close int clone = sys_open_tree_clone(AT_FDCWD, path, AT_NO_AUTOMOUNT);
	if (clone < 0)
		return clone;
	if (statx(clone, "", AT_EMPTY_PATH, STATX_TYPE, &statx_buffer) < 0)
		return -errno;
	if (!S_ISCHR(statx_buffer.stx_mode) || statx_buffer.stx_rdev_major != major ||
	    statx_buffer.stx_rdev_minor != minor)
		return -ENODEV;
	int result = sys_mount_setattr(clone, 0, &attributes);
	if (result == 0 && mknodat(dev, name, S_IFREG | 0666, 0) < 0)
		result = -errno;
	return result < 0 ? result : sys_move_mount(clone, dev, name);
}

/*
 * In a user namespace nobody can make a node, and what its root sees of the host's he can neither chmod nor own. Until Linux 6.15
 * nothing can be mounted on what is mounted nowhere: on top of the root, which needs no directory, then, and cloned from there.
 */
static int bind_nodes(int *dev)
{
	int result = sys_move_mount(*dev, AT_FDCWD, "/");

	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(nodes); i++)
		result = bind_node(*dev, nodes[i].name, nodes[i].major, nodes[i].minor);
	if (result == 0)
		result = sys_open_tree_clone(*dev, "", AT_EMPTY_PATH | AT_RECURSIVE);
	if (result < 0)
		return result;
	close_quietly(*dev);
	*dev = result;
	return 0;
}

static int make_links(int dev, const struct view_owner *owner)
{
	static const struct {
		const char *name, *target;
	} links[] = {
		{ "ptmx", "pts/ptmx" },          { "fd", "/proc/self/fd" },       { "stdin", "/proc/self/fd/0" },
		{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (symlinkat(links[i].target, dev, links[i].name) < 0 || give(dev, links[i].name, owner) < 0)
			return -errno;
	return mkdirat(dev, "pts", 0755) < 0 ? -errno : 0;
}

int view_prepare(const struct view_owner *owner, struct view_parts *parts, struct err *err)
{
	parts->dev = make_owned_mount("tmpfs", "0755", "nr_inodes", "2048", owner->root_uid, owner->root_gid,
				      owner->context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	if (parts->dev < 0)
		return err_sys(err, parts->dev, "tmpfs for the session's /dev");
	int result = make_links(parts->dev, owner);
	if (result == 0)
		result = owner->bound_nodes ? bind_nodes(&parts->dev) : make_nodes(parts->dev, owner);
	if (result < 0)
		return err_sys(err, result, "device nodes for the session's /dev%s",
			       owner->bound_nodes ? " (the host's are bound)" : " (needs CAP_MKNOD)");
	parts->pts = make_owned_mount("devpts", "0620", "ptmxmode", "0666", owner->session_uid, owner->session_gid,
				      owner->context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	if (parts->pts < 0)
		return err_sys(err, parts->pts, "devpts for the session");
	parts->scratch = make_owned_mount("tmpfs", "0700", "size", SCRATCH_SIZE, owner->session_uid, owner->session_gid,
					  owner->context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (parts->scratch < 0)
		return err_sys(err, parts->scratch, "tmpfs for the session's HOME");
	if (mkdirat(parts->scratch, "tmp", 0700) < 0 ||
	    fchownat(parts->scratch, "tmp", owner->session_uid, owner->session_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "TMPDIR of the session");
	return 0;
}

void view_parts_done(struct view_parts *parts)
{
	int *const fds[] = {
		&parts->toolbox, &parts->launcher, &parts->dev, &parts->pts, &parts->scratch, &parts->proc
	};

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close_quietly(take_fd(*fds[i]));
}

const char *view_note_text(unsigned note)
{
	switch (note) {
	case VIEW_NOTE_HIDDEN_DBG:
		return "the target has a /dbg of its own; it is hidden behind the toolbox (see /proc/1/root/dbg)";
	case VIEW_NOTE_FRESH_PROC:
		return "the target's /proc is no procfs of the session's PID namespace; the session gets a fresh, "
		       "masked one";
	case VIEW_NOTE_NO_PROC:
		return "the target's /proc is no procfs of the session's PID namespace and this kernel cannot make one "
		       "from outside "
		       "(Linux 6.17 can); the session has none, so ps and top will not work";
	default:
		return NULL;
	}
}
