/* SPDX-License-Identifier: Apache-2.0 */
/* ioctl_nsfs(2). Negative errno on failure. */
#pragma once

#include <sys/types.h>

/* The user namespace that the one that fd is was made in, as a new fd. -EPERM: it is outside the caller's. */
int sys_nsfs_parent(int fd);
int sys_nsfs_owner(int fd, uid_t *ret_uid);
