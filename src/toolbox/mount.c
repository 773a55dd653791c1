/* SPDX-License-Identifier: Apache-2.0 */
/* What this kernel and caller can mount, tried in order: nobody can tell beforehand. */
#include "mount.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/text.h"
#include "dbgattach/sys/loop.h"
#include "dbgattach/sys/mount_api.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

int image_idmap(int mount, const struct toolbox_owner *owner)
{
	struct mount_attr idmap = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (unsigned)owner->userns_fd };

	return owner->userns_fd < 0 ? 0 : sys_mount_setattr(mount, 0, &idmap);
}

int image_mount(const char *type, const char *source, const char *offset, const struct toolbox_owner *owner)
{
	cleanup_close int fs = sys_fsopen(type);

	if (fs < 0)
		return fs;
	int result = sys_fsconfig_string(fs, "source", source);
	if (result == 0)
		result = sys_fsconfig_optional(fs, "fsoffset", offset);
	if (result == 0)
		result = sys_fsconfig_flag(fs, "ro");
	if (result == 0)
		result = sys_fsconfig_optional(fs, "context", owner->context);
	if (result == 0)
		result = sys_fsconfig_create(fs);
	if (result < 0)
		return result;
	cleanup_close int mount = sys_fsmount(fs, IMAGE_ATTRIBUTES);
	if (mount < 0)
		return mount;
	result = image_idmap(mount, owner);
	return result < 0 ? result : take_fd(mount);
}

static int mount_file(const char *type, int fd, const struct toolbox_owner *owner)
{
	char source[32];

	(void)snprintf(source, sizeof(source), "/proc/self/fd/%d", fd);
	return image_mount(type, source, NULL, owner);
}

static int mount_loop(const char *type, int fd, const struct toolbox_owner *owner)
{
	cleanup_close int device = sys_loop_open(fd);

	return device < 0 ? device : mount_file(type, device, owner);
}

/* A copy of the mount that has the folder, which is the store's: never shown to a session as it is. */
static int mount_tree(const char *type, int fd, const struct toolbox_owner *owner)
{
	struct mount_attr attributes = { .attr_set = IMAGE_ATTRIBUTES | MOUNT_ATTR_NOATIME,
					 .attr_clr = MOUNT_ATTR__ATIME };
	cleanup_close int mount = sys_open_tree_clone(fd, "", AT_EMPTY_PATH);

	(void)type;
	if (mount < 0)
		return mount;
	int result = sys_mount_setattr(mount, 0, &attributes);
	/* In a user namespace the access-time flags of mounts that came from outside are locked; an overlay sets no such time. */
	if (result == -EPERM) {
		attributes = (struct mount_attr) { .attr_set = IMAGE_ATTRIBUTES };
		result = sys_mount_setattr(mount, 0, &attributes);
	}
	/* Without it (Linux 5.12) the overlay alone does this, which reads a copy of its own that it has made read-only. */
	if (result == 0 || result == -ENOSYS)
		result = image_idmap(mount, owner);
	return result < 0 ? result : take_fd(mount);
}

static const struct {
	enum toolbox_format format;
	int (*mount)(const char *type, int fd, const struct toolbox_owner *owner);
	const char *how;
	bool sealed;
} attempts[] = {
	{ TOOLBOX_EROFS, mount_file, "erofs", true },
	{ TOOLBOX_EROFS, mount_loop, "erofs (loop)", true }, /* before Linux 6.12; an image on tmpfs or overlayfs */
	{ TOOLBOX_SQUASHFS, mount_loop, "squashfs (loop)", true },
	{ TOOLBOX_TREE, mount_tree, "folder", false },
};

int part_mount_hot(const struct toolbox_part *part, enum toolbox_check check, const struct toolbox_owner *owner,
		   int *ret_mount, struct err *err)
{
	cleanup_close int fd = -EBADF;

	*ret_mount = -EBADF;
	if (part->manifest.images[TOOLBOX_HOT].file == NULL)
		return 0;
	int result = toolbox_image_open(part, TOOLBOX_HOT, &fd, err);
	if (result == 0)
		result = toolbox_verify(part, TOOLBOX_HOT, fd, check, err);
	if (result < 0)
		return err_wrap(err, "toolbox %s", part->manifest.name);
	/* A filesystem that cannot be idmapped: then without it. */
	int mount = mount_tree("hot", fd, owner);
	*ret_mount = mount < 0 ? -EBADF : mount;
	return 0;
}

int part_mount(const struct toolbox_part *part, enum toolbox_check check, const struct toolbox_owner *owner,
	       int *ret_mount, bool *ret_sealed, const char **ret_how, struct err *err)
{
	char tried[320] = "";
	int last = -ENOENT;

	if (part->tree >= 0) {
		*ret_mount = mount_tree("tree", part->tree, owner);
		*ret_sealed = false;
		*ret_how = "folder";
		return *ret_mount < 0 ? err_sys(err, *ret_mount, "the folder of toolbox %s", part->manifest.name) : 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		enum toolbox_format format = attempts[i].format;
		cleanup_close int fd = -EBADF;

		if (part->manifest.images[format].file == NULL)
			continue;
		int result = toolbox_image_open(part, format, &fd, err);
		/* The fd that is verified is the one that is mounted. */
		if (result == 0)
			result = toolbox_verify(part, format, fd, check, err);
		if (result < 0)
			return err_wrap(err, "toolbox %s", part->manifest.name);
		last = attempts[i].mount(toolbox_format_name(format), fd, owner);
		if (last >= 0) {
			*ret_mount = last;
			*ret_sealed = attempts[i].sealed;
			*ret_how = attempts[i].how;
			return 0;
		}
		size_t length = strlen(tried);
		(void)snprintf(tried + length, sizeof(tried) - length, "%s%s: %s", length == 0 ? "" : ", ",
			       attempts[i].how, strerror(-last));
	}
	if (owner->userns_fd >= 0)
		return err_set(
			err, ERR_UNSUPPORTED,
			"toolbox %s cannot be shown as that of the target's user namespace (%s): idmapped mounts are "
			"of Linux 5.12, those of erofs of 5.19 and those of squashfs of 6.2",
			part->manifest.name, tried);
	return err_set(
		err, ERR_UNSUPPORTED,
		"toolbox %s cannot be mounted here (%s): dbgattach toolbox build %s --format tree makes one that "
		"needs overlayfs alone",
		part->manifest.name, tried, part->manifest.name);
}
