/* SPDX-License-Identifier: Apache-2.0 */
/* The image's tree, recreated on a tmpfs. */
#pragma once

#include "dbgattach/toolbox.h"

#define UNPACK_TREE "tree"
#define UNPACK_EMPTY "empty"

/* Makes UNPACK_TREE and UNPACK_EMPTY beneath mount_fd; every file belongs to the owner's root. */
int unpack_toolbox(int mount_fd, const struct toolbox_owner *owner, struct err *err);
