/* SPDX-License-Identifier: Apache-2.0 */
/* What the store's parts share. */
#pragma once

#include "dbgattach/base/err.h"

/*
 * A file or folder beneath dirfd that nobody but root and the caller can have written; flags of openat(2). shown: what a message
 * calls it. ERR_NOT_FOUND, or ERR_REFUSED.
 */
int store_open_at(int dirfd, const char *name, int flags, const char *shown, int *ret_fd, struct err *err);
