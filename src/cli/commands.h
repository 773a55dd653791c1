/* SPDX-License-Identifier: Apache-2.0 */
/* The commands beside attach: one cmd_*.c each, which takes argv without the command's own name. */
#pragma once

#include "dbgattach/base/err.h"

#include <stddef.h>

struct command {
	const char *name;
	const char *arguments, *summary; /* for --help */
	/* *ret_status where the result is not negative. */
	int (*run)(int argc, char **argv, int *ret_status, struct err *err);
};

extern const struct command command_table[];
extern const size_t command_count;

/* NULL: none of that name. */
const struct command *command_find(const char *name);

int cmd_doctor(int argc, char **argv, int *ret_status, struct err *err);
int cmd_inspect(int argc, char **argv, int *ret_status, struct err *err);
int cmd_ls(int argc, char **argv, int *ret_status, struct err *err);
int cmd_toolbox(int argc, char **argv, int *ret_status, struct err *err);
