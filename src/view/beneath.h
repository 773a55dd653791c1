/* SPDX-License-Identifier: Apache-2.0 */
/* The way into the session's root where pivot_root is refused. */
#pragma once

#include "dbgattach/base/err.h"

/*
 * The working directory, the root of the mount that lies on top of the namespace's, becomes the root; what was the root stays
 * beneath it, emptied. self_fd: of our own /proc/self.
 */
int beneath_leave(int self_fd, struct err *err);
