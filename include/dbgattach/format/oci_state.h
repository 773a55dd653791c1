/* SPDX-License-Identifier: Apache-2.0 */
/* What the low-level runtimes keep of a container: runc's and youki's ROOT/ID/state.json, crun's ROOT/ID/status. */
#pragma once

#include "dbgattach/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct oci_state {
	char *id; /* crun does not state it: NULL there, the directory's name counts */
	int64_t pid;
	uint64_t start_time; /* field 22 of /proc/PID/stat as the runtime saw it; 0: not stated */
	char *bundle;        /* NULL where not stated */
};

int oci_state_parse_runc(const char *bytes, size_t length, struct oci_state *ret, struct err *err);
int oci_state_parse_crun(const char *bytes, size_t length, struct oci_state *ret, struct err *err);
/* youki states no start time. */
int oci_state_parse_youki(const char *bytes, size_t length, struct oci_state *ret, struct err *err);
void oci_state_done(struct oci_state *state);
