/* SPDX-License-Identifier: Apache-2.0 */
/* One side's hold on the byte streams to the other side: frames in, frames out, never blocking, and who is alive. */
#pragma once

#include "dbgattach/base/io.h"
#include "dbgattach/format/frame.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#define BEAT_INTERVAL_MS 1000

/* Bytes that wait to be written; the first start of them have been. */
struct queue {
	struct buffer buffer;
	size_t start;
};

size_t queue_length(const struct queue *queue);
int queue_add(struct queue *queue, const char *bytes, size_t length);
void queue_drop(struct queue *queue, size_t length);
void queue_done(struct queue *queue);

struct link {
	struct io_end from, to;
	struct queue in, out;
	bool ended; /* the other side sends no more, or takes no more */
	int64_t heard_at, beat_at;
};

/* Takes the fds over, also on failure, and makes them non-blocking: they are nobody else's. */
int link_open(int from, int to, struct link *ret);
void link_done(struct link *link);

int link_send(struct link *link, const struct frame *frame);
/* A beat where one is due and nothing else says the same; *ret_wait_ms: until the next. */
int link_beat(struct link *link, int64_t now, int *ret_wait_ms);

enum { LINK_POLL_FROM, LINK_POLL_TO, LINK_POLL_MAX };
void link_poll(const struct link *link, struct pollfd polls[static LINK_POLL_MAX]);
/*
 * Reads and writes what can be. Each whole frame goes to take, whose negative result ends it, as -EPROTO does for what is no
 * frame.
 */
int link_run(struct link *link, int (*take)(void *context, const struct frame *frame), void *context);
