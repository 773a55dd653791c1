/* SPDX-License-Identifier: Apache-2.0 */
/* One direction of the relay: from an fd to an fd, without ever blocking and with bounded memory. */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pump_state {
	PUMP_READING, /* nothing in hand: wait for input */
	PUMP_WRITING, /* something in hand, or in the pipe: wait for room */
	PUMP_CLOSED,
};

struct pump {
	int from, to;        /* owned; -EBADF when closed */
	enum pump_state state;
	bool splice;         /* the kernel moves the pages; off from the first EINVAL */
	bool to_socket;      /* send(MSG_DONTWAIT) instead of write() */
	size_t chunk;        /* the most that is written at once: PIPE_BUF where to may block */
	bool input_ended;    /* end of file read; what is in hand still goes out */
	uint64_t read_limit; /* bytes that may still be read; UINT64_MAX while the session lives */
	char *data;
	size_t start, end;
};

/*
 * from: an fd of ours, non-blocking where it can be. to_caller: to is the caller's stdout or stderr, which must be neither
 * blocked on nor made non-blocking (the flag would be shared with his shell), so it is opened anew where that is possible.
 * Takes both fds over, also on failure.
 */
int pump_init(struct pump *pump, int from, int to, bool to_caller);

/* What to wait for: sets fd (or -1) and events. */
void pump_poll(const struct pump *pump, struct pollfd *ret);

/* Moves what can be moved. Closes itself at the end of its input or when nobody reads its output. */
void pump_run(struct pump *pump);

/* The session has ended: what is in the pipe is delivered, at most limit bytes of it, and no more waited for. */
void pump_drain(struct pump *pump, uint64_t limit);

void pump_close(struct pump *pump);
