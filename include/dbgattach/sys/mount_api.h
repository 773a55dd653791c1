/* SPDX-License-Identifier: Apache-2.0 */
/* The mount system calls of Linux 5.2 and later [fsopen(2), open_tree(2), mount_setattr(2)], one function each. */
#pragma once

#include <linux/mount.h>
#include <stdint.h>

/* All return an fd or 0, or a negative errno. fds are close-on-exec. */
int sys_fsopen(const char *type);
int sys_fsconfig_string(int fs_fd, const char *key, const char *value);
/* The same, or nothing where value is NULL. */
int sys_fsconfig_optional(int fs_fd, const char *key, const char *value);
int sys_fsconfig_flag(int fs_fd, const char *key);
int sys_fsconfig_fd(int fs_fd, const char *key, int fd);
int sys_fsconfig_create(int fs_fd);
/* attributes: MOUNT_ATTR_* of the new mount. */
int sys_fsmount(int fs_fd, unsigned attributes);

/* A detached copy of what path names; flags: AT_RECURSIVE, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH. */
int sys_open_tree_clone(int dirfd, const char *path, unsigned flags);

/* Attaches the detached mount at path beneath to_dirfd ("": to_dirfd itself). */
int sys_move_mount(int mount_fd, int to_dirfd, const char *path);

/* On the mount fd itself; recursive with AT_RECURSIVE in flags. */
int sys_mount_setattr(int mount_fd, unsigned flags, const struct mount_attr *attributes);

int sys_pivot_root(const char *new_root, const char *put_old);
