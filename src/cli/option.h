/* SPDX-License-Identifier: Apache-2.0 */
/* One declaration an option: parsing, --help, completion and the check of the man page come from this table. */
#pragma once

#include "dbgattach/cli.h"

struct option_spec {
	char short_name;       /* 0: none */
	const char *long_name; /* NULL: none */
	const char *argument;  /* NULL: takes none */
	const char *help;      /* NULL: not listed (accepted for the fingers' sake, or refused with a reason) */
	/* value is NULL where there is no argument. */
	int (*apply)(struct cli_result *result, const char *value, struct err *err);
};

/* profile_option.c */
int apply_seccomp(struct cli_result *result, const char *value, struct err *err);
int apply_custom(struct cli_result *result, const char *value, struct err *err);

extern const struct option_spec option_table[];
extern const size_t option_count;
