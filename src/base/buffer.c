/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the growing of byte buffers. Decides no limit: the caller states one each time. */
#include "dbgattach/base/buffer.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#define FIRST_CAPACITY 256

int buffer_reserve(struct buffer *buffer, size_t extra, size_t limit)
{
	if (limit > SIZE_MAX / 2 - 1)
		limit = SIZE_MAX / 2 - 1; /* so that nothing below can overflow */
	if (buffer->length > limit || extra > limit - buffer->length)
		return -EFBIG;

	size_t need = buffer->length + extra + 1;
	if (need <= buffer->capacity)
		return 0;

	/* Doubled, so that many small additions cost linear time, but never much past the limit. */
	size_t capacity = buffer->capacity ? buffer->capacity * 2 : FIRST_CAPACITY;
	if (capacity > limit + 1)
		capacity = limit + 1;
	if (capacity < need)
		capacity = need;

	char *data = realloc(buffer->data, capacity);
	if (!data)
		return -ENOMEM;
	data[buffer->length] = '\0';
	buffer->data = data;
	buffer->capacity = capacity;
	return 0;
}

void buffer_done(struct buffer *buffer)
{
	int saved = errno;
	free(buffer->data);
	errno = saved;
	*buffer = (struct buffer) { 0 };
}
