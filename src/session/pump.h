/* SPDX-License-Identifier: Apache-2.0 */
/* One direction of the relay: from an fd to an fd, without ever blocking and with bounded memory. */
#pragma once

#include "dbgattach/base/io.h"

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
	struct io_end from, to;
	enum pump_state state;
	bool splice;         /* the kernel moves the pages; off from the first failure */
	bool input_ended;    /* end of file read; what is in hand still goes out */
	uint64_t read_limit; /* bytes that may still be read; UINT64_MAX while the session lives */
	const char *trailer; /* sent once behind the end of the input; NULL: nothing */
	int write_error;     /* errno of a write that failed for another reason than that nobody reads; 0: none */
	char *data;
	size_t start, end;
};

/*
 * One end is the session's, an fd of our own that is non-blocking. The other is the caller's stdin, stdout or stderr. Takes
 * both fds over, also on failure: -EBADF where one is not there.
 */
enum pump_caller { PUMP_FROM_CALLER, PUMP_TO_CALLER };
int pump_init(struct pump *pump, int from, int to, enum pump_caller caller);

/* What to wait for: sets fd (or -1) and events. */
void pump_poll(const struct pump *pump, struct pollfd *ret);

/* Moves what can be moved. Closes itself at the end of its input or when nobody reads its output. */
void pump_run(struct pump *pump);

/* The session has ended: what is in the pipe is delivered, at most limit bytes of it, and no more waited for. */
void pump_drain(struct pump *pump, uint64_t limit);

void pump_close(struct pump *pump);
