/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One of stdin, stdout and stderr between a local fd and the link. A source reads the fd and sends as much as the other side
 * has given credit for; a sink writes to it what came, and gives credit for what is written. So nothing grows, a reader that
 * stops reading stops just his stream, and beats and signals are never behind data that nobody takes.
 */
#pragma once

#include "link.h"

struct stream {
	enum frame_stream id;
	bool source;
	struct io_end end; /* closed: done, or nobody there */
	uint32_t credit;   /* a source's: may still be sent; a sink's: written, and not told yet */
	struct queue pending;
	bool ended;          /* a sink's: no more comes */
	const char *trailer; /* written behind the end of what came, and the fd stays open; NULL: it is closed */
	int write_error;     /* errno of a write that failed for another reason than that nobody reads; 0: none */
};

/* Takes the fd over. caller: as io_end_open() has it. One that is not there is told to the other side as ended. */
int stream_open(enum frame_stream id, bool source, int fd, bool caller, struct link *link, struct stream *ret);
void stream_done(struct stream *stream);

void stream_poll(const struct stream *stream, struct pollfd *ret);
/* After poll(). */
int stream_run(struct stream *stream, struct link *link, const struct pollfd *poll_fd);
/* FRAME_DATA, FRAME_END or FRAME_CREDIT of this stream. -EPROTO: more than there was credit for. */
int stream_take(struct stream *stream, const struct frame *frame);
/* A sink: all that came is written, or nobody reads it. A source: its input has ended. */
bool stream_is_done(const struct stream *stream);
