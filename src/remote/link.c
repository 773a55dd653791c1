/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#define READ_SIZE 65536U
#define READS_MAX 16 /* then the others have their turn */

size_t queue_length(const struct queue *queue)
{
	return queue->buffer.length - queue->start;
}

/* What has gone out makes room before more is asked for. */
static int queue_reserve(struct queue *queue, size_t length)
{
	if (queue->start > 0) {
		memmove(queue->buffer.data, queue->buffer.data + queue->start, queue_length(queue));
		queue->buffer.length -= queue->start;
		queue->start = 0;
	}
	return buffer_reserve(&queue->buffer, length, SIZE_MAX / 2);
}

int queue_add(struct queue *queue, const char *bytes, size_t length)
{
	int result = queue_reserve(queue, length);

	if (result < 0)
		return result;
	memcpy(queue->buffer.data + queue->buffer.length, bytes, length);
	queue->buffer.length += length;
	return 0;
}

void queue_drop(struct queue *queue, size_t length)
{
	queue->start += length;
	if (queue_length(queue) == 0)
		queue->start = queue->buffer.length = 0;
}

void queue_done(struct queue *queue)
{
	buffer_done(&queue->buffer);
	queue->start = 0;
}

int link_open(int from, int to, struct link *ret)
{
	*ret = (struct link) { .heard_at = clock_now_ms(), .beat_at = clock_now_ms() };
	int result = io_end_open(from, O_RDONLY, false, &ret->from);
	int other = io_end_open(to, O_WRONLY, false, &ret->to);

	if (result == 0)
		result = other;
	if (result == 0 && (fcntl(from, F_SETFL, fcntl(from, F_GETFL) | O_NONBLOCK) < 0 ||
			    fcntl(to, F_SETFL, fcntl(to, F_GETFL) | O_NONBLOCK) < 0))
		result = -errno;
	if (result < 0)
		link_done(ret);
	return result;
}

void link_done(struct link *link)
{
	io_end_close(&link->from);
	io_end_close(&link->to);
	queue_done(&link->in);
	queue_done(&link->out);
}

int link_send(struct link *link, const struct frame *frame)
{
	/* What is written is taken out first: else the queue would only grow. */
	int result = queue_reserve(&link->out, 0);

	return result < 0 ? result : frame_append(&link->out.buffer, frame);
}

int link_beat(struct link *link, int64_t now, int *ret_wait_ms)
{
	int result = 0;

	if (now >= link->beat_at) {
		link->beat_at = now + BEAT_INTERVAL_MS;
		if (queue_length(&link->out) == 0)
			result = link_send(link, &(struct frame) { .type = FRAME_BEAT });
	}
	*ret_wait_ms = (int)(link->beat_at - now);
	return result;
}

void link_poll(const struct link *link, struct pollfd polls[static LINK_POLL_MAX])
{
	polls[LINK_POLL_FROM] = (struct pollfd) { .fd = link->from.fd, .events = POLLIN };
	/* Without an event it still tells that nobody reads. */
	polls[LINK_POLL_TO] =
		(struct pollfd) { .fd = link->to.fd, .events = queue_length(&link->out) > 0 ? POLLOUT : 0 };
}

static void end(struct link *link)
{
	link->ended = true;
	io_end_close(&link->from);
	io_end_close(&link->to);
}

static int take_frames(struct link *link, int (*take)(void *context, const struct frame *frame), void *context)
{
	for (;;) {
		struct frame frame;
		ptrdiff_t length = frame_parse(link->in.buffer.data + link->in.start, queue_length(&link->in), &frame);

		if (length <= 0)
			return (int)length;
		int result = take(context, &frame);
		if (result < 0)
			return result;
		queue_drop(&link->in, (size_t)length);
	}
}

static int receive(struct link *link, int (*take)(void *context, const struct frame *frame), void *context)
{
	for (int reads = 0; reads < READS_MAX && link->from.fd >= 0; reads++) {
		int result = queue_reserve(&link->in, READ_SIZE);
		if (result < 0)
			return result;
		struct buffer *buffer = &link->in.buffer;
		ssize_t length = io_end_read(&link->from, buffer->data + buffer->length, READ_SIZE);

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0 && errno == EAGAIN)
			return 0;
		if (length <= 0) {
			end(link);
			return 0;
		}
		link->heard_at = clock_now_ms();
		buffer->length += (size_t)length;
		result = take_frames(link, take, context);
		if (result < 0)
			return result;
	}
	return 0;
}

static void send_queued(struct link *link)
{
	while (queue_length(&link->out) > 0 && link->to.fd >= 0) {
		ssize_t written =
			io_end_write(&link->to, link->out.buffer.data + link->out.start, queue_length(&link->out));

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0 && errno == EAGAIN)
			return;
		if (written < 0) {
			end(link);
			return;
		}
		queue_drop(&link->out, (size_t)written);
	}
}

int link_run(struct link *link, int (*take)(void *context, const struct frame *frame), void *context)
{
	int result = receive(link, take, context);

	send_queued(link);
	return result;
}
