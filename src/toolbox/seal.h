/* SPDX-License-Identifier: Apache-2.0 */
/* A tree that nothing can write to any more. */
#pragma once

/*
 * The detached tmpfs (with UNPACK_TREE and UNPACK_EMPTY in it) beneath an overlay of lower layers only: such an overlay has
 * no way to write, whatever flags are cleared, and the tmpfs below it is mounted nowhere. A detached mount with the
 * attributes (MOUNT_ATTR_*) and the SELinux context (NULL: none), or a negative errno.
 */
int seal_tree(int tmpfs_fd, unsigned attributes, const char *context);
