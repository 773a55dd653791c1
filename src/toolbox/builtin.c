/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in toolbox: two ways to the same read-only tree. */
#include "embedded.h"
#include "mount.h"
#include "seal.h"
#include "unpack.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/sys/mount_api.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

/* Straight out of the executable: no copy, and the page cache of the file is shared by all sessions. */
static int mount_executable(const struct toolbox_owner *owner)
{
	char offset[24];

	(void)snprintf(offset, sizeof(offset), "%" PRIu64, toolbox_image_offset());
	return image_mount("erofs", "/proc/self/exe", offset, owner);
}

/* A second, empty lower layer makes an overlay without an upper one legal. */
static int mount_copy(const struct toolbox_owner *owner, int *ret_mount_fd, struct err *err)
{
	char lower[96], uid[16], gid[16];
	cleanup_close int fs = sys_fsopen("tmpfs");

	if (fs < 0)
		return err_sys(err, fs, "tmpfs for the toolbox");
	(void)snprintf(uid, sizeof(uid), "%u", owner->root_uid);
	(void)snprintf(gid, sizeof(gid), "%u", owner->root_gid);
	int result = sys_fsconfig_string(fs, "mode", "0755");
	if (result == 0)
		result = sys_fsconfig_string(fs, "uid", uid);
	if (result == 0)
		result = sys_fsconfig_string(fs, "gid", gid);
	if (result == 0)
		result = sys_fsconfig_optional(fs, "context", owner->context);
	if (result == 0)
		result = sys_fsconfig_create(fs);
	if (result < 0)
		return err_sys(err, result, "tmpfs for the toolbox");
	cleanup_close int tmpfs = sys_fsmount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (tmpfs < 0)
		return err_sys(err, tmpfs, "tmpfs for the toolbox");
	const struct seal seal = { &tmpfs, 1, lower, IMAGE_ATTRIBUTES, owner->context };
	result = unpack_toolbox(tmpfs, owner, err);
	if (result < 0)
		return result;
	if (!PROTECTED(SEALED_TOOLBOX)) {
		*ret_mount_fd = sys_open_tree_clone(tmpfs, UNPACK_TREE, 0);
		return *ret_mount_fd < 0 ? err_sys(err, *ret_mount_fd, "the unsealed toolbox") : 0;
	}
	(void)snprintf(lower, sizeof(lower), "/proc/self/fd/%d/" UNPACK_TREE ":/proc/self/fd/%d/" UNPACK_EMPTY, tmpfs,
		       tmpfs);
	result = seal_mounts(&seal);
	if (result < 0)
		return err_sys(err, result, "sealing the toolbox beneath an overlay (needs overlayfs)");
	*ret_mount_fd = result;
	return 0;
}

int builtin_open(const struct toolbox_owner *owner, int *ret_mount_fd, const char **ret_how, struct err *err)
{
	int mount = PROTECTED(SEALED_TOOLBOX) ? mount_executable(owner) : -ENOTBLK;

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
