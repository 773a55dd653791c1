/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of namespace kinds. */
#pragma once

#include "dbgattach/ns.h"

struct ns_kind_info {
	const char *name; /* below /proc/PID/ns */
	int clone_flag;
};

extern const struct ns_kind_info ns_kinds[NS_KIND_MAX];
