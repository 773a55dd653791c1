/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frames in which a session travels over one byte stream each way (`kubectl exec -i`): a type (1 byte), the payload's
 * length (4 bytes, big-endian), the payload. Grammar only.
 *
 * The client sends beats, one word (with the content of a file before it where it needs one) after the other, and go; from
 * then on data, end, size and signal. The helper says ready after the first byte that it gets, not before, and at last exit.
 */
#pragma once

#include "dbgattach/base/buffer.h"

#include <stddef.h>
#include <stdint.h>

#define FRAME_VERSION 1
#define FRAME_HEADER 5
#define FRAME_PAYLOAD_MAX 65536
/* What a side may have sent of a stream without the other side's having said that it is written: credit before the first. */
#define FRAME_WINDOW (256U << 10)

enum frame_type {
	FRAME_BEAT = 'b',     /* both: somebody is there */
	FRAME_READY = 'r',    /* helper: number: FRAME_VERSION */
	FRAME_FILE = 'f',     /* client: bytes of the file that the next word ends in the path of */
	FRAME_WORD = 'w',     /* client: an argument of the program's */
	FRAME_TERMINAL = 't', /* client: the session has a terminal; rows, columns; bytes: its TERM */
	FRAME_GO = 'g',       /* client */
	FRAME_DATA = 'd',     /* both: stream, bytes */
	FRAME_END = 'e',      /* both: stream: no more comes, or nobody reads it any more */
	FRAME_CREDIT = 'c',   /* both: stream, number: bytes that have been written to where they go */
	FRAME_SIZE = 'z',     /* client: rows, columns */
	FRAME_SIGNAL = 'k',   /* client: number */
	FRAME_EXIT = 'x',     /* helper: number: an exit status; stream: enum frame_end */
};

enum frame_stream { FRAME_STDIN, FRAME_STDOUT, FRAME_STDERR, FRAME_STREAM_MAX };

/* How the session came to its end. */
enum frame_end { FRAME_END_OWN, FRAME_END_NO_BEAT, FRAME_END_MAX };

struct frame {
	enum frame_type type;
	uint8_t stream;  /* < FRAME_STREAM_MAX; of FRAME_EXIT < FRAME_END_MAX */
	uint32_t number; /* the status of FRAME_EXIT and the number of FRAME_SIGNAL are < 256 */
	uint16_t rows, columns;
	const char *bytes; /* of the input, not copied */
	size_t length;
};

/* Bytes that the first frame takes; 0 while it is not whole; -EPROTO where there is none of that type and length. */
ptrdiff_t frame_parse(const char *bytes, size_t length, struct frame *ret);

/* Appends it, as its type wants its members. -ENOMEM; -EMSGSIZE: more than FRAME_PAYLOAD_MAX. */
int frame_append(struct buffer *buffer, const struct frame *frame);
