/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing whole things. Never used on a path of the target's by a process that must not hang. */
#pragma once

#include "dbgattach/base/buffer.h"

#include <stddef.h>

/* Reads fd to its end into buffer (replacing it). -EFBIG when there are more than limit bytes. */
int io_read_all(int fd, size_t limit, struct buffer *buffer);

/* Opens path beneath dirfd (O_CLOEXEC, O_NOFOLLOW, O_NONBLOCK) and reads it; for files of /proc and of root's own. */
int io_read_file_at(int dirfd, const char *path, size_t limit, struct buffer *buffer);

/* All of it, or a negative errno; retries EINTR and short writes. */
int io_write_all(int fd, const void *data, size_t length);

/* One write to an existing file beneath dirfd: the form procfs and cgroupfs want. */
int io_write_file_at(int dirfd, const char *path, const char *data);
