/* SPDX-License-Identifier: Apache-2.0 */
/* What this kernel and this host let the caller do, and what is lost by what is missing. Changes nothing. */
#pragma once

#include "dbgattach/base/err.h"
#include "dbgattach/base/json.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * host_root: as host_open() takes it. One object, whose keys stand in dbgattach(1). *ret_possible: nothing that every attach
 * needs is missing. The caller json_decref()s the document.
 */
int doctor_examine(const char *host_root, json_t **ret, bool *ret_possible, struct err *err);

/* "openat2 (Linux 5.6), ...": what an attach needs and this kernel, or the caller's own filter, does not have; "" for nothing. */
void doctor_missing_calls(char *out, size_t size);
