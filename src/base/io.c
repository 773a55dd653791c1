/* SPDX-License-Identifier: Apache-2.0 */
/* Owns reading and writing to the end. Decides nothing about which paths may be opened: that is its callers' part. */
#include "dbgattach/base/io.h"

#include "dbgattach/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define READ_CHUNK 8192

static ssize_t read_retry(int fd, void *data, size_t length)
{
	ssize_t got;
	do
		got = read(fd, data, length);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

int io_read_all(int fd, size_t limit, struct buffer *buffer)
{
	buffer->length = 0;
	for (;;) {
		char beyond;
		size_t room = limit - buffer->length;
		if (room > 0) {
			size_t wanted = room < READ_CHUNK ? room : READ_CHUNK;
			int r = buffer_reserve(buffer, wanted, limit);
			if (r < 0)
				return r;
			room = buffer->capacity - buffer->length - 1;
			if (room > limit - buffer->length)
				room = limit - buffer->length;
		}

		/* At the limit one more byte is asked for: only the end of the file tells "exactly" from "too much". */
		ssize_t got =
			room > 0 ? read_retry(fd, buffer->data + buffer->length, room) : read_retry(fd, &beyond, 1);
		if (got < 0)
			return (int)got;
		if (got == 0)
			break;
		if (room == 0)
			return -EFBIG;
		buffer->length += (size_t)got;
		buffer->data[buffer->length] = '\0';
	}

	int r = buffer_reserve(buffer, 0, limit);
	if (r < 0)
		return r;
	buffer->data[buffer->length] = '\0';
	return 0;
}

int io_read_file_at(int dirfd, const char *path, size_t limit, struct buffer *buffer)
{
	cleanup_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	return io_read_all(fd, limit, buffer);
}

int io_write_all(int fd, const void *data, size_t length)
{
	const char *at = data;
	while (length > 0) {
		ssize_t written = write(fd, at, length);
		if (written < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (written == 0)
			return -EIO; /* never for length > 0 on a sane file; looping on it would hang */
		at += written;
		length -= (size_t)written;
	}
	return 0;
}

int io_write_file_at(int dirfd, const char *path, const char *data)
{
	cleanup_close int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	if (fd < 0)
		return -errno;

	size_t length = strlen(data);
	ssize_t written;
	do
		written = write(fd, data, length);
	while (written < 0 && errno == EINTR);
	if (written < 0)
		return -errno;
	/* These files take a value in one piece: a rest sent later would be another value. */
	return (size_t)written == length ? 0 : -EIO;
}
