/* SPDX-License-Identifier: Apache-2.0 */
/* Reading one small file of the target's, which may be a FIFO, a device, endless, or on a filesystem that never answers. */
#pragma once

#include "dbgattach/base/buffer.h"
#include "dbgattach/base/err.h"
#include "dbgattach/pin.h"

/*
 * path: beneath the target's root, without a leading slash; symlinks are resolved inside that root. A disposable child does
 * the reading, in those namespaces (NS_BITs), and is given up after two seconds: ERR_TIMEOUT.
 */
int target_file_read(const struct pin *pin, unsigned kinds, const char *path, size_t limit, struct buffer *ret,
		     struct err *err);
