/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing whole things. Never used on a path of the target's by a process that must not hang. */
#pragma once

#include "dbgattach/base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Reads fd to its end into buffer (replacing it). -EFBIG when there are more than limit bytes. */
int io_read_all(int fd, size_t limit, struct buffer *buffer);

/* Opens path beneath dirfd (O_CLOEXEC, O_NOFOLLOW, O_NONBLOCK) and reads it; for files of /proc and of root's own. */
int io_read_file_at(int dirfd, const char *path, size_t limit, struct buffer *buffer);

/* All of it, or a negative errno; retries EINTR and short writes. */
int io_write_all(int fd, const void *data, size_t length);

/* One write to an existing file beneath dirfd: the form procfs and cgroupfs want. */
int io_write_file_at(int dirfd, const char *path, const char *data);

/*
 * One end of a stream that may be the caller's stdin, stdout or stderr: read and written without blocking, though the file
 * description, which his shell shares, stays as it is. Opened anew where that is possible; else a write is as long as poll()
 * promises to fit.
 */
struct io_end {
	int fd;       /* owned; -EBADF: closed */
	bool socket;  /* recv(MSG_DONTWAIT), send(MSG_DONTWAIT) */
	mode_t type;  /* S_IFMT of it */
	size_t chunk; /* the most that one io_end_write() takes */
};

/* Takes fd over, also on failure. access: O_RDONLY or O_WRONLY; caller: it is one that others share. */
int io_end_open(int fd, int access, bool caller, struct io_end *ret);
/* What read(2) and write(2) return, with errno. */
ssize_t io_end_read(const struct io_end *end, void *data, size_t length);
ssize_t io_end_write(const struct io_end *end, const void *data, size_t length);
void io_end_close(struct io_end *end);
