/* SPDX-License-Identifier: Apache-2.0 */
/* Owns reading and writing to the end. Decides nothing about which paths may be opened: that is its callers' part. */
#include "dbgattach/base/io.h"

#include "dbgattach/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

/* Not for files with an offset, which the new description would not share, and not for sockets, which cannot be opened. */
static int reopen_nonblocking(int fd, mode_t type, int access)
{
	char path[32];

	if (!S_ISFIFO(type) && !S_ISCHR(type))
		return fd;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int own = open(path, access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own < 0)
		return fd;
	close_quietly(fd);
	return own;
}

int io_end_open(int fd, int access, bool caller, struct io_end *ret)
{
	struct stat status;

	*ret = (struct io_end) { .fd = -EBADF };
	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0) {
		int result = -errno;
		close_quietly(fd);
		return result;
	}
	int own = caller ? reopen_nonblocking(fd, status.st_mode, access) : fd;
	bool piped = S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode);
	*ret = (struct io_end) {
		.fd = own,
		.socket = S_ISSOCK(status.st_mode),
		.type = status.st_mode & S_IFMT,
		.chunk = caller && own == fd && access == O_WRONLY && piped ? PIPE_BUF : SIZE_MAX,
	};
	return 0;
}

ssize_t io_end_read(const struct io_end *end, void *data, size_t length)
{
	return end->socket ? recv(end->fd, data, length, MSG_DONTWAIT) : read(end->fd, data, length);
}

ssize_t io_end_write(const struct io_end *end, const void *data, size_t length)
{
	size_t size = length < end->chunk ? length : end->chunk;

	return end->socket ? send(end->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL) : write(end->fd, data, size);
}

void io_end_close(struct io_end *end)
{
	close_quietly(take_fd(end->fd));
}
