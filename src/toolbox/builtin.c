/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in toolbox: two ways to the same read-only tree. */
#include "embedded.h"
#include "seal.h"
#include "unpack.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/sys/mount_api.h"
#include "dbgattach/toolbox.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#define TOOLBOX_ATTRIBUTES (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

/* Straight out of the executable: no copy, and the page cache of the file is shared by all sessions. */
static int mount_image(const struct toolbox_owner *owner)
{
	char offset[24];
	cleanup_close int fs = sys_fsopen("erofs");

	if (fs < 0)
		return fs;
	(void)snprintf(offset, sizeof(offset), "%" PRIu64, toolbox_image_offset());
	int result = sys_fsconfig_string(fs, "source", "/proc/self/exe");
	if (result == 0)
		result = sys_fsconfig_string(fs, "fsoffset", offset);
	if (result == 0)
		result = sys_fsconfig_flag(fs, "ro");
	if (result == 0)
		result = sys_fsconfig_optional(fs, "context", owner->context);
	if (result == 0)
		result = sys_fsconfig_create(fs);
	if (result < 0)
		return result;
	cleanup_close int mount = sys_fsmount(fs, TOOLBOX_ATTRIBUTES);
	if (mount < 0)
		return mount;
	if (owner->userns_fd >= 0) {
		struct mount_attr idmap = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (unsigned)owner->userns_fd };

		result = sys_mount_setattr(mount, 0, &idmap);
		if (result < 0)
			return result;
	}
	return take_fd(mount);
}

static int mount_copy(const struct toolbox_owner *owner, int *ret_mount_fd, struct err *err)
{
	cleanup_close int fs = sys_fsopen("tmpfs");

	if (fs < 0)
		return err_sys(err, fs, "tmpfs for the toolbox");
	int result = sys_fsconfig_string(fs, "mode", "0755");
	if (result == 0)
		result = sys_fsconfig_optional(fs, "context", owner->context);
	if (result == 0)
		result = sys_fsconfig_create(fs);
	if (result < 0)
		return err_sys(err, result, "tmpfs for the toolbox");
	cleanup_close int tmpfs = sys_fsmount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (tmpfs < 0)
		return err_sys(err, tmpfs, "tmpfs for the toolbox");
	result = unpack_toolbox(tmpfs, owner, err);
	if (result < 0)
		return result;
	if (!PROTECTED(SEALED_TOOLBOX)) {
		*ret_mount_fd = sys_open_tree_clone(tmpfs, UNPACK_TREE, 0);
		return *ret_mount_fd < 0 ? err_sys(err, *ret_mount_fd, "the unsealed toolbox") : 0;
	}
	result = seal_tree(tmpfs, TOOLBOX_ATTRIBUTES, owner->context);
	if (result < 0)
		return err_sys(err, result, "sealing the toolbox beneath an overlay (needs overlayfs)");
	*ret_mount_fd = result;
	return 0;
}

int toolbox_open_builtin(const struct toolbox_owner *owner, int *ret_mount_fd, const char **ret_how, struct err *err)
{
	int mount = PROTECTED(SEALED_TOOLBOX) ? mount_image(owner) : -ENOTBLK;

	/*
	 * Whatever the reason (no erofs, no file-backed mounts, an executable on overlayfs, no idmapped erofs), the copy needs
	 * less of the kernel and is sealed as well.
	 */
	if (mount >= 0) {
		*ret_mount_fd = mount;
		*ret_how = "erofs";
		return 0;
	}
	*ret_how = "overlay";
	return mount_copy(owner, ret_mount_fd, err);
}
