/* SPDX-License-Identifier: Apache-2.0 */
/* The device nodes, links and folders of the session's /dev that every program expects. */
#pragma once

#include "dbgattach/view.h"

/* In parts->dev. What cannot be made or given away is an empty file there, and a clone in parts->nodes. Negative errno. */
int nodes_make(const struct view_owner *owner, struct view_parts *parts);

/* The clones, read-only, over their files, once dev, the directory of that mount, is attached. self_fd: as of mount_place(). */
int nodes_place(struct view_parts *parts, int self_fd, int dev);
