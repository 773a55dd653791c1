/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One declaration an option: parsing, --help, completion and the check of the man page come from these tables, one a
 * command.
 */
#pragma once

#include "dbgattach/cli.h"

struct option_spec {
	char short_name;       /* 0: none */
	const char *long_name; /* NULL: none */
	const char *argument;  /* NULL: takes none */
	const char *help;      /* NULL: not listed (accepted for the fingers' sake, or refused with a reason) */
	/* context: what options_parse() was given. value is NULL where there is no argument. Or OPTION_LAST. */
	int (*apply)(void *context, const char *value, struct err *err);
};

/* What follows does not count any more: --help, --version. */
#define OPTION_LAST 1

struct option_set {
	const struct option_spec *options;
	size_t count;
	const char *help; /* the command line that lists them */
	/* Options that count where options has none of that letter or name; each is given to taken() too, after apply(). NULL: none. */
	const struct option_set *others;
	int (*taken)(void *context, const struct option_spec *option, const char *value, struct err *err);
	/* For options_help(); NULL where a command has a help of its own. */
	const char *usage, *about, *exit_status;
};

/*
 * Applies the options from argv[*index] on; *index becomes the first word that is none, behind a "--". OPTION_LAST where one
 * of them was the last that counts.
 */
int options_parse(const struct option_set *set, int argc, char **argv, int *index, void *context, struct err *err);

/* A line each, for --help. */
void options_print(const struct option_set *set, FILE *out);
/* Of set->others those that set has none of the same name for. */
void options_print_others(const struct option_set *set, FILE *out);
/* All of --help. */
void options_help(const struct option_set *set, FILE *out);

/* option_parse.c: what every command means by --host-root. */
int host_root_parse(const char *value, const char **ret, struct err *err);

/* profile_option.c */
int apply_seccomp(void *context, const char *value, struct err *err);
int apply_custom(void *context, const char *value, struct err *err);

extern const struct option_spec option_table[];
extern const size_t option_count;
