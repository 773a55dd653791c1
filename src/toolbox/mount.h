/* SPDX-License-Identifier: Apache-2.0 */
/* One image becomes one detached mount. */
#pragma once

#include "dbgattach/toolbox.h"

#define IMAGE_ATTRIBUTES (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

/* type: of the filesystem; source: a file or block device; offset: of the image in it, "" or NULL: none. Negative errno. */
int image_mount(const char *type, const char *source, const char *offset, const struct toolbox_owner *owner);

/* What the owner's namespace calls its own; nothing to do for the initial one. */
int image_idmap(int mount, const struct toolbox_owner *owner);

/* The toolbox inside this program, by itself. */
int builtin_open(const struct toolbox_owner *owner, int *ret_mount, const char **ret_how, struct err *err);

/* The part's files that every session reads first, verified; not sealed. -EBADF in *ret_mount: it has none, or not here. */
int part_mount_hot(const struct toolbox_part *part, enum toolbox_check check, const struct toolbox_owner *owner,
		   int *ret_mount, struct err *err);

/* A part of the store, verified, from the first of its images that can be mounted here. A tree is not sealed yet: *ret_sealed. */
int part_mount(const struct toolbox_part *part, enum toolbox_check check, const struct toolbox_owner *owner,
	       int *ret_mount, bool *ret_sealed, const char **ret_how, struct err *err);
