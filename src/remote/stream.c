/* SPDX-License-Identifier: Apache-2.0 */
#include "stream.h"

#include "dbgattach/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define CHUNK 32768
#define CREDIT_STEP (FRAME_WINDOW / 4) /* credit for less is given when nothing is left to write */

static int tell_end(const struct stream *stream, struct link *link)
{
	return link_send(link, &(struct frame) { .type = FRAME_END, .stream = (uint8_t)stream->id });
}

int stream_open(enum frame_stream id, bool source, int fd, bool caller, struct link *link, struct stream *ret)
{
	*ret = (struct stream) { .id = id, .source = source, .credit = source ? FRAME_WINDOW : 0 };
	int result = io_end_open(fd, source ? O_RDONLY : O_WRONLY, caller, &ret->end);

	return result < 0 ? tell_end(ret, link) : 0;
}

void stream_done(struct stream *stream)
{
	io_end_close(&stream->end);
	queue_done(&stream->pending);
}

bool stream_is_done(const struct stream *stream)
{
	return stream->end.fd < 0 || (!stream->source && stream->ended && queue_length(&stream->pending) == 0);
}

void stream_poll(const struct stream *stream, struct pollfd *ret)
{
	bool writing = !stream->source && queue_length(&stream->pending) > 0;

	*ret = (struct pollfd) { .fd = stream->end.fd, .events = writing ? POLLOUT : POLLIN };
	if (stream->source ? stream->credit == 0 : !writing)
		ret->fd = -1;
}

/* ---- source -------------------------------------------------------------------------------------------------------- */

static int send_some(struct stream *stream, struct link *link)
{
	char data[CHUNK];
	ssize_t length = io_end_read(&stream->end, data, stream->credit < sizeof(data) ? stream->credit : sizeof(data));

	if (length < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (length <= 0) { /* EIO: a terminal whose other end is closed */
		io_end_close(&stream->end);
		return tell_end(stream, link);
	}
	stream->credit -= (uint32_t)length;
	return link_send(link, &(struct frame) { .type = FRAME_DATA,
						 .stream = (uint8_t)stream->id,
						 .bytes = data,
						 .length = (size_t)length });
}

/* ---- sink ------------------------------------------------------------------------------------------------------------ */

static int give_credit(struct stream *stream, struct link *link)
{
	if (stream->credit == 0 || (stream->credit < CREDIT_STEP && queue_length(&stream->pending) > 0))
		return 0;
	uint32_t written = stream->credit;
	stream->credit = 0;
	return link_send(link,
			 &(struct frame) { .type = FRAME_CREDIT, .stream = (uint8_t)stream->id, .number = written });
}

static int give_up(struct stream *stream, struct link *link)
{
	if (errno != EPIPE && errno != ECONNRESET && errno != EIO)
		stream->write_error = errno;
	io_end_close(&stream->end);
	queue_done(&stream->pending);
	return stream->ended ? 0 : tell_end(stream, link);
}

static int finish(struct stream *stream)
{
	if (!stream->ended || queue_length(&stream->pending) > 0)
		return 0;
	if (stream->trailer == NULL) {
		io_end_close(&stream->end);
		return 0;
	}
	int result = queue_add(&stream->pending, stream->trailer, strlen(stream->trailer));
	stream->trailer = "";
	return result;
}

static int write_some(struct stream *stream, struct link *link)
{
	const struct queue *pending = &stream->pending;
	ssize_t written = io_end_write(&stream->end, pending->buffer.data + pending->start, queue_length(pending));

	if (written < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : give_up(stream, link);
	queue_drop(&stream->pending, (size_t)written);
	if (!stream->ended)
		stream->credit += (uint32_t)written;
	int result = give_credit(stream, link);
	return result < 0 ? result : finish(stream);
}

int stream_run(struct stream *stream, struct link *link, const struct pollfd *poll_fd)
{
	if (poll_fd->fd < 0 || poll_fd->revents == 0 || stream->end.fd < 0)
		return 0;
	return stream->source ? send_some(stream, link) : write_some(stream, link);
}

/* ---- from the other side ------------------------------------------------------------------------------------------- */

static int take_data(struct stream *stream, const struct frame *frame)
{
	if (stream->source || stream->ended ||
	    frame->length + queue_length(&stream->pending) + stream->credit > FRAME_WINDOW)
		return -EPROTO;
	/* Sent before it was known that nobody reads it. */
	return stream->end.fd < 0 ? 0 : queue_add(&stream->pending, frame->bytes, frame->length);
}

int stream_take(struct stream *stream, const struct frame *frame)
{
	switch (frame->type) {
	case FRAME_DATA:
		return take_data(stream, frame);
	case FRAME_CREDIT:
		if (!stream->source || frame->number > FRAME_WINDOW - stream->credit)
			return -EPROTO;
		stream->credit += frame->number;
		return 0;
	default:
		if (stream->source) {
			/* Nobody reads it: closed, whoever writes it learns that as from any pipe. */
			io_end_close(&stream->end);
			return 0;
		}
		stream->ended = true;
		return finish(stream);
	}
}
