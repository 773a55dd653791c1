/* SPDX-License-Identifier: Apache-2.0 */
/* What the view does with mounts that are there. */
#pragma once

#include <linux/mount.h>
#include <stdint.h>

/* The kernel's number of the mount that path beneath fd ("": fd itself) is on. Negative errno. */
int mount_id(int fd, const char *path, uint64_t *ret_id);

/*
 * The detached mount at path beneath to_dirfd, with everything below it changed: before, or right after where self_fd is needed
 * [view_set_attributes()]. Negative errno.
 */
int mount_place(int self_fd, int mount, const struct mount_attr *attributes, int to_dirfd, const char *path);
