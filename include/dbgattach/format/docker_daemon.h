/* SPDX-License-Identifier: Apache-2.0 */
/* Docker's daemon.json, as far as it moves the daemon's folders. */
#pragma once

#include "dbgattach/base/err.h"

#include <stddef.h>

struct docker_daemon {
	char *data_root, *exec_root; /* absolute paths; NULL where not stated */
};

int docker_daemon_parse(const char *bytes, size_t length, struct docker_daemon *ret, struct err *err);
void docker_daemon_done(struct docker_daemon *daemon);
