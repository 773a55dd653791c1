/* SPDX-License-Identifier: Apache-2.0 */
/* Records over a pipe. */
#include "wire.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

_Static_assert(sizeof(struct wire_record) <= PIPE_BUF, "a record is written in one piece");

void wire_send(int fd, enum wire_kind kind, uint32_t value, const struct err *err)
{
	struct wire_record record = { .kind = kind, .value = value };

	if (err != NULL)
		record.err = *err;
	while (write(fd, &record, sizeof(record)) < 0 && errno == EINTR)
		;
}

int wire_receive(int fd, struct wire_record *ret)
{
	struct wire_record record;
	ssize_t length = read(fd, &record, sizeof(record));

	if (length < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	if (length == 0)
		return 0;
	if (length != (ssize_t)sizeof(record) || record.kind < WIRE_STEP || record.kind > WIRE_ERROR ||
	    record.err.kind >= ERR_KIND_MAX || record.err.errnum < 0)
		return -EBADMSG;
	record.err.text[ERR_TEXT_MAX - 1] = '\0';
	*ret = record;
	return 1;
}
