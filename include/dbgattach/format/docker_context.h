/* SPDX-License-Identifier: Apache-2.0 */
/* What the Docker CLI keeps of its contexts: config.json, and contexts/meta/HASH/meta.json. */
#pragma once

#include "dbgattach/base/err.h"

#include <stddef.h>

struct docker_context {
	char *name, *host; /* host: NULL where it states none */
};

/* ret_name: the current context of config.json, NULL where there is none; the caller frees it. */
int docker_current_context_parse(const char *bytes, size_t length, char **ret_name, struct err *err);
int docker_context_parse(const char *bytes, size_t length, struct docker_context *ret, struct err *err);
void docker_context_done(struct docker_context *context);
