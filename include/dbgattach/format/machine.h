/* SPDX-License-Identifier: Apache-2.0 */
/* systemd-machined's /run/systemd/machines/NAME: lines of KEY=VALUE. */
#pragma once

#include "dbgattach/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct machine {
	bool is_container; /* else a virtual machine */
	pid_t leader;
	char unit[256]; /* the unit whose cgroup the leader is in; "" where not stated */
};

int machine_parse(const char *bytes, size_t length, struct machine *ret, struct err *err);
