/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the entering process tells the monitor, over a pipe, until the first process exists that the target can see; after
 * that nobody is listened to. Fixed-size records below PIPE_BUF, so each arrives whole. End of file: it has become the
 * launcher, or died.
 */
#pragma once

#include "dbgattach/base/err.h"

#include <stdint.h>

enum wire_kind { WIRE_STEP = 1, WIRE_NOTES, WIRE_ERROR };

struct wire_record {
	uint32_t kind;
	uint32_t value; /* WIRE_STEP: its index; WIRE_NOTES: VIEW_NOTE bits */
	struct err err; /* WIRE_ERROR */
};

/* The entering process's side. Failure to tell is not worth an error: the monitor sees the end of file. */
void wire_send(int fd, enum wire_kind kind, uint32_t value, const struct err *err);

/* The monitor's side: 1 a record, 0 end of file, -EAGAIN nothing yet (fd is non-blocking), -EBADMSG not one of ours. */
int wire_receive(int fd, struct wire_record *ret);
