/* SPDX-License-Identifier: Apache-2.0 */
/* A tree that nothing can write to any more. */
#pragma once

#include <stddef.h>

#define SEAL_MOUNTS_MAX 34

struct seal {
	/* Detached mounts that lower names, by their fds: each is taken from where it is, and is mounted nowhere afterwards. */
	const int *mounts;
	size_t mounts_count;
	const char *lower;   /* lowerdir=, topmost first; at least two, the kernel wants that */
	unsigned attributes; /* MOUNT_ATTR_* */
	const char *context; /* SELinux; NULL: none */
};

/*
 * An overlay of lower layers only: it has no way to write, whatever flags are cleared. A detached mount, or a negative errno.
 */
int seal_mounts(const struct seal *seal);

/*
 * A detached mount of the folder at path beneath mount, which is detached itself: before Linux 6.15 that can be cloned only in
 * the mount namespace that it is mounted in.
 */
int seal_subtree(int mount, const char *path);

/*
 * Runs act in a process of its own in that mount namespace, -EBADF: one that ends with it. Memory and fds are ours. What act
 * returns, or a negative errno.
 */
int in_mount_namespace(int namespace_fd, int (*act)(void *argument), void *argument);
