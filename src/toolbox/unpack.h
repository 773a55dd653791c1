/* SPDX-License-Identifier: Apache-2.0 */
/* The image's tree, recreated on a tmpfs. */
#pragma once

#include "dbgattach/toolbox.h"

#define UNPACK_TREE "tree"
#define UNPACK_EMPTY "empty"

/* Makes UNPACK_TREE and UNPACK_EMPTY in a folder of the owner's root, and as that. */
int unpack_toolbox(int folder, const struct toolbox_owner *owner, struct err *err);
