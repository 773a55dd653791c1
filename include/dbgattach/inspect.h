/* SPDX-License-Identifier: Apache-2.0 */
/* All that there is to know of one container, decoded. Reads only; opens nothing of the container's own files. */
#pragma once

#include "dbgattach/base/err.h"
#include "dbgattach/base/json.h"
#include "dbgattach/format/reference.h"

#include <stdbool.h>

/* Whether a variable's value is better not shown: by its name, or because it holds a password of its own (URL). */
bool inspect_is_secret(const char *name, const char *value);

/*
 * host_root: as host_open() takes it. One object, whose keys stand in dbgattach(1); what could not be read is null, and stands
 * in its "errors". Read through the pin, which is verified at the end: ERR_GONE where the container ended meanwhile. The
 * caller json_decref()s it.
 */
int inspect_read(const struct reference *reference, const char *host_root, bool show_secrets, json_t **ret,
		 struct err *err);
