/* SPDX-License-Identifier: Apache-2.0 */
/* The relay's one direction. Back-pressure is the pipe's own: nothing is read before what is in hand has gone out. */
#include "pump.h"

#include "dbgattach/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_SIZE 16384
#define SPLICE_SIZE (1 << 20)

int pump_init(struct pump *pump, int from, int to, enum pump_caller caller)
{
	*pump = (struct pump) { .read_limit = UINT64_MAX };
	int result = io_end_open(from, O_RDONLY, caller == PUMP_FROM_CALLER, &pump->from);
	int other = io_end_open(to, O_WRONLY, caller == PUMP_TO_CALLER, &pump->to);

	if (result == 0)
		result = other;
	if (result == 0 && (pump->data = malloc(BUFFER_SIZE)) == NULL)
		result = -ENOMEM;
	if (result < 0) {
		pump_close(pump);
		return result;
	}
	/* SPLICE_F_NONBLOCK reaches pipes; a terminal or a socket would be waited for. */
	pump->splice = !pump->to.socket && (S_ISFIFO(pump->from.type) || S_ISREG(pump->from.type));
	return 0;
}

void pump_close(struct pump *pump)
{
	io_end_close(&pump->from);
	io_end_close(&pump->to);
	free(take_ptr(pump->data));
	pump->state = PUMP_CLOSED;
}

void pump_poll(const struct pump *pump, struct pollfd *ret)
{
	ret->revents = 0;
	ret->fd = pump->state == PUMP_CLOSED ? -1 : pump->state == PUMP_READING ? pump->from.fd : pump->to.fd;
	ret->events = pump->state == PUMP_READING ? POLLIN : POLLOUT;
}

static bool is_readable(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) == 1;
}

static void note_write_error(struct pump *pump)
{
	if (errno != EPIPE && errno != ECONNRESET && pump->write_error == 0)
		pump->write_error = errno;
}

/* True: done for now. False: fall back to read and write. */
static bool run_splice(struct pump *pump)
{
	while (pump->read_limit > 0) {
		size_t size = pump->read_limit < SPLICE_SIZE ? (size_t)pump->read_limit : SPLICE_SIZE;
		ssize_t moved =
			splice(pump->from.fd, NULL, pump->to.fd, NULL, size < pump->to.chunk ? size : pump->to.chunk,
			       SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

		if (moved > 0) {
			if (pump->read_limit != UINT64_MAX)
				pump->read_limit -= (uint64_t)moved;
			continue;
		}
		if (moved < 0 && errno == EINTR)
			continue;
		if (moved < 0 && errno == EAGAIN) {
			pump->state = is_readable(pump->from.fd) ? PUMP_WRITING : PUMP_READING;
			return true;
		}
		/* Not for these two files, or not at all: read and write say what is wrong, and with which of them. */
		if (moved < 0 && errno != EPIPE) {
			pump->splice = false;
			return false;
		}
		break; /* end of the input, or nobody reads the output */
	}
	if (pump->trailer != NULL)
		return false; /* it goes out by the other way */
	pump_close(pump);
	return true;
}

/* One read, then it goes out: collecting more first would keep the writer waiting while we are. */
static void fill(struct pump *pump)
{
	size_t size = pump->read_limit < BUFFER_SIZE ? (size_t)pump->read_limit : BUFFER_SIZE;
	ssize_t length;
	int failures = 0;

	/* What is believed ends the session's input or output for good, so it is asked twice. */
	do
		length = size == 0 ? 0 : io_end_read(&pump->from, pump->data, size);
	while (length < 0 && (errno == EINTR || (errno != EAGAIN && ++failures < 2)));
	if (length < 0 && errno == EAGAIN)
		return;
	if (length > 0) {
		pump->end = (size_t)length;
		if (pump->read_limit != UINT64_MAX)
			pump->read_limit -= (uint64_t)length;
		return;
	}
	/* The end; or EIO: a terminal's other end is closed, or we are in the background and may not read. */
	pump->input_ended = true;
	if (pump->trailer != NULL) {
		pump->end = strlen(pump->trailer);
		memcpy(pump->data, pump->trailer, pump->end);
		pump->trailer = NULL;
	}
}

static void run_copy(struct pump *pump)
{
	if (pump->start == pump->end) {
		pump->start = pump->end = 0;
		if (!pump->input_ended)
			fill(pump);
	}
	while (pump->start < pump->end) {
		ssize_t written = io_end_write(&pump->to, pump->data + pump->start, pump->end - pump->start);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0 && errno == EAGAIN) {
			pump->state = PUMP_WRITING;
			return;
		}
		if (written < 0) {
			note_write_error(pump);
			pump_close(pump);
			return;
		}
		pump->start += (size_t)written;
		if (pump->to.chunk == PIPE_BUF)
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
	while (pump->state == PUMP_READING && is_readable(pump->from.fd));
	/* Waiting for more input now means that there is no more: everybody who could write it is dead. */
	if (pump->state == PUMP_READING)
		pump_close(pump);
}
