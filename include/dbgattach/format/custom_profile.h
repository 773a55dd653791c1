/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile of one's own (--custom FILE): what the rows of the profile table say, as JSON. The file is ours, so an unknown
 * field is refused.
 *
 *   { "name": "dns", "summary": "capture DNS", "ids": "root", "capabilities": ["NET_RAW"], "seccomp": "default",
 *     "limits": "session", "unmasked_proc": false, "all_devices": false }
 */
#pragma once

#include "dbgattach/base/err.h"
#include "dbgattach/base/text.h"

#include <stdbool.h>
#include <stddef.h>

#define CUSTOM_PROFILE_MAX 65536 /* bytes */

struct custom_profile {
	char *name;    /* letters, digits, "_", "-"; at most 32 */
	char *summary; /* NULL: none */
	bool target_ids;
	struct strv capabilities; /* names, which nobody has looked at yet */
	bool all_capabilities, target_capabilities;
	char *seccomp; /* "default", "target", "unconfined" or an absolute path; NULL: default */
	bool target_limits;
	bool unmasked_proc, all_devices;
};

/* ERR_MALFORMED with the line. */
int custom_profile_parse(const char *bytes, size_t length, struct custom_profile *ret, struct err *err);
void custom_profile_done(struct custom_profile *profile);
