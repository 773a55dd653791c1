/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/mountinfo (proc_pid_mountinfo(5)), line by line: a target may have 100,000 mounts, so nothing is kept. */
#pragma once

#include "dbgattach/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MOUNTINFO_LINE_MAX 65536

struct mountinfo {
	uint64_t id, parent;
	uint32_t major, minor;
	const char *root, *mount_point; /* octal escapes undone; valid until the next call */
	const char *options;            /* per mount */
	const char *type, *source;
	const char *super_options;
};

/* Reads one line (without newline; line is modified). ERR_MALFORMED where it is not one. */
int mountinfo_parse_line(char *line, struct mountinfo *ret, struct err *err);

/*
 * The value of an option in a list such as super_options, without the quotes that SELinux puts around a context with commas.
 * False: it is not there, or does not fit.
 */
bool mountinfo_option(const char *options, const char *name, char *out, size_t size);
