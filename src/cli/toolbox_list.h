/* SPDX-License-Identifier: Apache-2.0 */
/* The store as people and scripts read it. */
#pragma once

#include "dbgattach/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* No store is an empty one: *ret_store is -EBADF then. path: where it is, or would be. */
int toolbox_open_store(char *path, size_t size, int *ret_store, struct err *err);

/* All of it to stdout; the keys of the JSON are in dbgattach(1). */
int toolbox_list(bool json, struct err *err);
