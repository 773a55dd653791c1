/* SPDX-License-Identifier: Apache-2.0 */
/* A byte buffer that grows up to a limit and is always NUL-terminated behind its length. */
#pragma once

#include <stddef.h>

struct buffer {
	char *data;
	size_t length;
	size_t capacity;
};

/* Makes room for extra more bytes (and a NUL). -ENOMEM, or -EFBIG when length + extra would exceed limit. */
int buffer_reserve(struct buffer *buffer, size_t extra, size_t limit);
void buffer_done(struct buffer *buffer);
#define cleanup_buffer __attribute__((cleanup(buffer_done)))
