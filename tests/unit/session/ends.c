/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/session/ends.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>

static char pattern_at(size_t i)
{
	return (char)(i * 7 + i / 256 + i / 65536);
}

void make_pipe(int ends[2], int size)
{
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	assert_true(fcntl(ends[0], F_SETPIPE_SZ, size) >= 4096);
}

/* A regular file that holds the pattern. */
static int make_file(size_t length)
{
	int fd = memfd_create("pump", MFD_CLOEXEC);
	cleanup_free char *data = malloc(length + 1);

	assert_true(fd >= 0 && data != NULL);
	for (size_t i = 0; i < length; i++)
		data[i] = pattern_at(i);
	assert_int_equal(write(fd, data, length), (ssize_t)length);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

int duplicate(int fd)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	assert_true(own >= 0);
	return own;
}

size_t feed(int fd, size_t from, size_t length)
{
	char chunk[4096];

	while (from < length) {
		size_t size = length - from < sizeof(chunk) ? length - from : sizeof(chunk);
		for (size_t i = 0; i < size; i++)
			chunk[i] = pattern_at(from + i);
		ssize_t written = write(fd, chunk, size);
		if (written < 0) {
			assert_int_equal(errno, EAGAIN);
			break;
		}
		from += (size_t)written;
	}
	return from;
}

size_t drink(int fd, size_t from, size_t limit)
{
	char chunk[4096];
	size_t end = from + limit;

	while (from < end) {
		size_t size = end - from < sizeof(chunk) ? end - from : sizeof(chunk);
		ssize_t length = read(fd, chunk, size);
		if (length <= 0)
			break;
		for (ssize_t i = 0; i < length; i++)
			if (chunk[i] != pattern_at(from + (size_t)i))
				fail_msg("byte %zu is wrong", from + (size_t)i);
		from += (size_t)length;
	}
	return from;
}

struct end make_end(enum kind kind, bool input)
{
	int fds[2];

	if (kind == PIPE) {
		make_pipe(fds, 65536);
		return input ? (struct end) { fds[1], fds[0] } : (struct end) { fds[0], fds[1] };
	}
	if (kind == SOCKET) {
		/* The caller's socket may be a blocking one, and stays what it is; ours as input is not. */
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
		assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
		assert_int_equal(fcntl(fds[1], F_SETFL, input ? O_NONBLOCK : 0), 0);
		return (struct end) { fds[0], fds[1] };
	}
	if (input)
		return (struct end) { -EBADF, make_file(TOTAL) };
	int fd = memfd_create("pump", MFD_CLOEXEC);
	assert_true(fd >= 0);
	struct end end = { fd, duplicate(fd) };
	if (kind == APPEND) {
		assert_int_equal(fcntl(fd, F_SETFL, O_APPEND), 0); /* shared with the duplicate */
		assert_int_equal(write(fd, "before", 6), 6);
	}
	return end;
}
