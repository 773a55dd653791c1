/* SPDX-License-Identifier: Apache-2.0 */
/* A program of this host's. Never during an attach. */
#pragma once

#include "dbgattach/base/err.h"

/* Found by PATH, run with folder as its working directory, waited for. *ret_status: 0 to 255, 128 + N for signal N. */
int program_run(const char *const *command, int folder, int *ret_status, struct err *err);
