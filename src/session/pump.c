/* SPDX-License-Identifier: Apache-2.0 */
/* The relay's one direction. Back-pressure is the pipe's own: nothing is read before what is in hand has gone out. */
#include "pump.h"

#include "dbgattach/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_SIZE 65536
#define SPLICE_SIZE (1 << 20)

/* The same file with a file description of our own, so that O_NONBLOCK is ours alone. -errno where that is not allowed. */
static int reopen_nonblocking(int fd)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return own < 0 ? -errno : own;
}

int pump_init(struct pump *pump, int from, int to, bool to_caller)
{
	struct stat stat;

	*pump = (struct pump){ .from = from, .to = to, .chunk = SIZE_MAX, .read_limit = UINT64_MAX };
	if (from < 0 || to < 0 || fstat(from, &stat) < 0) {
		pump_close(pump);
		return -EBADF;
	}
	/* SPLICE_F_NONBLOCK reaches pipes; a terminal would be waited for. */
	pump->splice = S_ISFIFO(stat.st_mode) || S_ISREG(stat.st_mode);
	if (fstat(to, &stat) < 0) {
		pump_close(pump);
		return -EBADF;
	}
	pump->to_socket = S_ISSOCK(stat.st_mode);
	if (!to_caller || (!S_ISFIFO(stat.st_mode) && !S_ISCHR(stat.st_mode)))
		return 0;
	int own = reopen_nonblocking(to);
	if (own >= 0) {
		close_quietly(pump->to);
		pump->to = own;
	} else {
		pump->chunk = PIPE_BUF; /* what poll() promises to fit without blocking */
	}
	return 0;
}

void pump_close(struct pump *pump)
{
	close_quietly(take_fd(pump->from));
	close_quietly(take_fd(pump->to));
	free(take_ptr(pump->data));
	pump->state = PUMP_CLOSED;
}

void pump_poll(const struct pump *pump, struct pollfd *ret)
{
	ret->revents = 0;
	ret->fd = pump->state == PUMP_CLOSED ? -1 : pump->state == PUMP_READING ? pump->from : pump->to;
	ret->events = pump->state == PUMP_READING ? POLLIN : POLLOUT;
}

static bool is_readable(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) == 1;
}

/* True: done for now. False: fall back to read and write. */
static bool run_splice(struct pump *pump)
{
	while (pump->read_limit > 0) {
		size_t size = pump->read_limit < SPLICE_SIZE ? (size_t)pump->read_limit : SPLICE_SIZE;
		ssize_t moved = splice(pump->from, NULL, pump->to, NULL, size < pump->chunk ? size : pump->chunk,
				       SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

		if (moved > 0) {
			if (pump->read_limit != UINT64_MAX)
				pump->read_limit -= (uint64_t)moved;
			continue;
		}
		if (moved < 0 && errno == EINTR)
			continue;
		if (moved < 0 && errno == EAGAIN) {
			pump->state = is_readable(pump->from) ? PUMP_WRITING : PUMP_READING;
			return true;
		}
		if (moved < 0 && errno == EINVAL) {
			pump->splice = false;
			return false;
		}
		break; /* end of the input, or nobody reads the output */
	}
	pump_close(pump);
	return true;
}

static ssize_t write_some(struct pump *pump)
{
	size_t size = pump->end - pump->start;

	if (size > pump->chunk)
		size = pump->chunk;
	return pump->to_socket ? send(pump->to, pump->data + pump->start, size, MSG_DONTWAIT | MSG_NOSIGNAL) :
				 write(pump->to, pump->data + pump->start, size);
}

/* A pseudo-terminal hands out 4 KiB at a time: collect before writing, a full buffer or until there is no more. */
static void fill(struct pump *pump)
{
	while (!pump->input_ended && pump->end < BUFFER_SIZE) {
		size_t room = BUFFER_SIZE - pump->end;

		if (pump->read_limit < room)
			room = (size_t)pump->read_limit;
		ssize_t length = room == 0 ? 0 : read(pump->from, pump->data + pump->end, room);
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0 && errno == EAGAIN)
			return;
		/* EIO: the terminal's other end is closed, or we are in the background and may not read. */
		if (length <= 0) {
			pump->input_ended = true;
			return;
		}
		pump->end += (size_t)length;
		if (pump->read_limit != UINT64_MAX)
			pump->read_limit -= (uint64_t)length;
		if (!is_readable(pump->from))
			return; /* an fd of the caller's may be a blocking one */
	}
}

static void run_copy(struct pump *pump)
{
	if (pump->data == NULL && (pump->data = malloc(BUFFER_SIZE)) == NULL) {
		pump_close(pump);
		return;
	}
	if (pump->start == pump->end) {
		pump->start = pump->end = 0;
		fill(pump);
	}
	while (pump->start < pump->end) {
		ssize_t written = write_some(pump);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0 && errno == EAGAIN) {
			pump->state = PUMP_WRITING;
			return;
		}
		if (written < 0) {
			pump_close(pump);
			return;
		}
		pump->start += (size_t)written;
		if (pump->chunk == PIPE_BUF)
			break;
	}
	if (pump->start < pump->end)
		pump->state = PUMP_WRITING;
	else if (pump->input_ended)
		pump_close(pump);
	else
		pump->state = PUMP_READING;
}

void pump_run(struct pump *pump)
{
	if (pump->state == PUMP_CLOSED)
		return;
	if (!pump->splice || !run_splice(pump))
		run_copy(pump);
}

void pump_drain(struct pump *pump, uint64_t limit)
{
	if (pump->state == PUMP_CLOSED || pump->input_ended)
		return;
	pump->read_limit = limit;
	do
		pump_run(pump);
	while (pump->state == PUMP_READING && is_readable(pump->from));
	/* Waiting for more input now means that there is no more: everybody who could write it is dead. */
	if (pump->state == PUMP_READING)
		pump_close(pump);
}
