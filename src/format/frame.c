/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the frames' layout: which members each type has, in the order in which they stand. */
#include "dbgattach/format/frame.h"

#include "dbgattach/base/cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct layout {
	bool known;
	bool stream, number, size, bytes; /* u8, u32, two u16, the rest; big-endian, in this order */
	uint8_t streams;
	uint32_t number_max;
};

static const struct layout layouts[UINT8_MAX + 1] = {
	[FRAME_BEAT] = { .known = true },
	[FRAME_READY] = { .known = true, .number = true, .number_max = UINT32_MAX },
	[FRAME_FILE] = { .known = true, .bytes = true },
	[FRAME_WORD] = { .known = true, .bytes = true },
	[FRAME_TERMINAL] = { .known = true, .size = true, .bytes = true },
	[FRAME_GO] = { .known = true },
	[FRAME_DATA] = { .known = true, .stream = true, .streams = FRAME_STREAM_MAX, .bytes = true },
	[FRAME_END] = { .known = true, .stream = true, .streams = FRAME_STREAM_MAX },
	[FRAME_CREDIT] = { .known = true,
			   .stream = true,
			   .streams = FRAME_STREAM_MAX,
			   .number = true,
			   .number_max = FRAME_WINDOW },
	[FRAME_SIZE] = { .known = true, .size = true },
	[FRAME_SIGNAL] = { .known = true, .number = true, .number_max = UINT8_MAX },
	[FRAME_EXIT] = { .known = true,
			 .stream = true,
			 .streams = FRAME_END_MAX,
			 .number = true,
			 .number_max = UINT8_MAX },
};

static size_t fixed_length(const struct layout *layout)
{
	return (layout->stream ? 1U : 0U) + (layout->number ? 4U : 0U) + (layout->size ? 4U : 0U);
}

static uint32_t get(const uint8_t **at, size_t length)
{
	uint32_t value = 0;

	for (; length > 0; length--)
		value = value << 8 | *(*at)++;
	return value;
}

static void put(uint8_t **at, size_t length, uint32_t value)
{
	for (; length > 0; length--)
		*(*at)++ = (uint8_t)(value >> (8 * (length - 1)));
}

ptrdiff_t frame_parse(const char *bytes, size_t length, struct frame *ret)
{
	const uint8_t *at = (const uint8_t *)bytes;
	struct frame frame = { 0 };

	if (length == 0)
		return 0;
	const struct layout *layout = &layouts[*at];
	size_t fixed = fixed_length(layout);
	/* What cannot become a frame any more is not waited for. */
	if (!layout->known)
		return -EPROTO;
	if (length < FRAME_HEADER)
		return 0;
	frame.type = (enum frame_type)get(&at, 1);
	size_t payload = get(&at, 4);
	if (payload > FRAME_PAYLOAD_MAX || payload < fixed || (payload > fixed && !layout->bytes))
		return -EPROTO;
	if (length < FRAME_HEADER + payload)
		return 0;
	if (layout->stream)
		frame.stream = (uint8_t)get(&at, 1);
	if (layout->number)
		frame.number = get(&at, 4);
	if (layout->size) {
		frame.rows = (uint16_t)get(&at, 2);
		frame.columns = (uint16_t)get(&at, 2);
	}
	if ((layout->stream && frame.stream >= layout->streams) || frame.number > layout->number_max)
		return -EPROTO;
	frame.bytes = (const char *)at;
	frame.length = payload - fixed;
	*ret = frame;
	return (ptrdiff_t)(FRAME_HEADER + payload);
}

int frame_append(struct buffer *buffer, const struct frame *frame)
{
	const struct layout *layout = &layouts[(uint8_t)frame->type];
	size_t payload = fixed_length(layout) + (layout->bytes ? frame->length : 0);

	if (payload > FRAME_PAYLOAD_MAX)
		return -EMSGSIZE;
	int result = buffer_reserve(buffer, FRAME_HEADER + payload, SIZE_MAX / 2);
	if (result < 0)
		return result;
	uint8_t *at = (uint8_t *)buffer->data + buffer->length;
	put(&at, 1, (uint32_t)frame->type);
	put(&at, 4, (uint32_t)payload);
	if (layout->stream)
		put(&at, 1, frame->stream);
	if (layout->number)
		put(&at, 4, frame->number);
	if (layout->size) {
		put(&at, 2, frame->rows);
		put(&at, 2, frame->columns);
	}
	if (layout->bytes && frame->length > 0)
		memcpy(at, frame->bytes, frame->length);
	buffer->length += FRAME_HEADER + payload;
	return 0;
}
