/* SPDX-License-Identifier: Apache-2.0 */
/* The commands beside attach: argv without the command's own name. *ret_status where the result is not negative. */
#pragma once

#include "dbgattach/base/err.h"

int cmd_toolbox(int argc, char **argv, int *ret_status, struct err *err);
