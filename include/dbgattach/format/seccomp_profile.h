/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A seccomp profile as Docker, Podman (FILE of --security-opt seccomp=FILE) and the OCI runtime-spec (linux.seccomp of a
 * bundle's config.json) write it. What is not understood is an error, never skipped: it could have been a restriction.
 */
#pragma once

#include "dbgattach/base/err.h"
#include "dbgattach/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECCOMP_PROFILE_MAX (1U << 20) /* bytes of a profile of its own; Docker's has 15,000 */

#define SECCOMP_CONDITIONS_MAX 64

/* The strictest first: a smaller one lets less through. */
enum seccomp_action {
	SECCOMP_ACTION_KILL_PROCESS,
	SECCOMP_ACTION_KILL_THREAD,
	SECCOMP_ACTION_TRAP,
	SECCOMP_ACTION_ERRNO,
	SECCOMP_ACTION_TRACE,
	SECCOMP_ACTION_LOG,
	SECCOMP_ACTION_ALLOW,
	SECCOMP_ACTION_MAX,
};

enum seccomp_operator {
	SECCOMP_OPERATOR_NE,
	SECCOMP_OPERATOR_LT,
	SECCOMP_OPERATOR_LE,
	SECCOMP_OPERATOR_EQ,
	SECCOMP_OPERATOR_GE,
	SECCOMP_OPERATOR_GT,
	SECCOMP_OPERATOR_MASKED_EQ, /* argument & value == value_two */
	SECCOMP_OPERATOR_MAX,
};

struct seccomp_condition {
	uint64_t index; /* of the argument, 0 to 5 */
	enum seccomp_operator operator;
	uint64_t value, value_two;
};

/* When a rule counts; empty lists and a zero version ask for nothing. */
struct seccomp_when {
	struct strv capabilities, arches; /* "CAP_SYS_ADMIN"; "amd64", as Go calls them */
	uint64_t kernel[2];               /* at least */
};

struct seccomp_verdict {
	enum seccomp_action action;
	uint64_t data; /* ERRNO: the errno; TRACE: what the tracer is told; else 0 */
};

struct seccomp_profile_rule {
	struct strv names;
	struct seccomp_verdict verdict;
	struct seccomp_condition *conditions;
	size_t conditions_count;
	struct seccomp_when includes, excludes;
};

#define SECCOMP_PROFILE_LOG (1U << 0)
#define SECCOMP_PROFILE_SPEC_ALLOW (1U << 1)

struct seccomp_profile {
	struct seccomp_verdict otherwise; /* defaultAction */
	struct strv architectures;        /* "SCMP_ARCH_X86_64" */
	struct strv *arch_map;            /* of each entry: the architecture, then its sub-architectures */
	size_t arch_map_count;
	unsigned flags; /* SECCOMP_PROFILE_ */
	struct seccomp_profile_rule *rules;
	size_t rules_count;
};

/* Where the filter of a session comes from. */
enum seccomp_mode {
	SECCOMP_DEFAULT,           /* ours, compiled with the program */
	SECCOMP_TARGET_OR_DEFAULT, /* what the runtime's config states for the target, else ours */
	SECCOMP_TARGET,            /* what the target is under, none included */
	SECCOMP_UNCONFINED,
	SECCOMP_FILE, /* a profile of the caller's, on top of ours */
};

/* "default", "target", "unconfined", of --seccomp and in a profile of one's own; what is none of them names a file. */
enum seccomp_mode seccomp_mode_of_word(const char *word);

/* ERR_MALFORMED with the line; ERR_UNSUPPORTED for what exists but cannot be had here (SCMP_ACT_NOTIFY, listenerPath). */
int seccomp_profile_parse(const char *bytes, size_t length, struct seccomp_profile *ret, struct err *err);
/* linux.seccomp of a bundle's config.json. *ret_stated: false, and *ret untouched, where there is none. */
int seccomp_profile_parse_config(const char *bytes, size_t length, struct seccomp_profile *ret, bool *ret_stated,
				 struct err *err);
void seccomp_profile_done(struct seccomp_profile *profile);
