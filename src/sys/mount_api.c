/* SPDX-License-Identifier: Apache-2.0 */
/* One function a system call; no decisions here. glibc 2.36 has wrappers, 2.31 (Ubuntu 20.04) has not. */
#include "dbgattach/sys/mount_api.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int result(long value)
{
	return value < 0 ? -errno : (int)value;
}

int sys_fsopen(const char *type)
{
	return result(syscall(SYS_fsopen, type, FSOPEN_CLOEXEC));
}

static int fsconfig(int fs_fd, unsigned command, const char *key, const void *value)
{
	return result(syscall(SYS_fsconfig, fs_fd, command, key, value, 0));
}

int sys_fsconfig_string(int fs_fd, const char *key, const char *value)
{
	return fsconfig(fs_fd, FSCONFIG_SET_STRING, key, value);
}

int sys_fsconfig_optional(int fs_fd, const char *key, const char *value)
{
	return value == NULL ? 0 : sys_fsconfig_string(fs_fd, key, value);
}

int sys_fsconfig_flag(int fs_fd, const char *key)
{
	return fsconfig(fs_fd, FSCONFIG_SET_FLAG, key, NULL);
}

int sys_fsconfig_fd(int fs_fd, const char *key, int fd)
{
	return result(syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_FD, key, NULL, fd));
}

int sys_fsconfig_create(int fs_fd)
{
	return fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL);
}

int sys_fsmount(int fs_fd, unsigned attributes)
{
	return result(syscall(SYS_fsmount, fs_fd, FSMOUNT_CLOEXEC, attributes));
}

int sys_open_tree_clone(int dirfd, const char *path, unsigned flags)
{
	return result(syscall(SYS_open_tree, dirfd, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags));
}

int sys_move_mount(int mount_fd, int to_dirfd, const char *path)
{
	unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | (*path == '\0' ? MOVE_MOUNT_T_EMPTY_PATH : 0U);

	return result(syscall(SYS_move_mount, mount_fd, "", to_dirfd, path, flags));
}

int sys_mount_setattr(int mount_fd, unsigned flags, const struct mount_attr *attributes)
{
	return result(syscall(SYS_mount_setattr, mount_fd, "", AT_EMPTY_PATH | flags, attributes, sizeof(*attributes)));
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return result(syscall(SYS_pivot_root, new_root, put_old));
}
