/* SPDX-License-Identifier: Apache-2.0 */
/* The inner parts of a seccomp profile. */
#pragma once

#include "dbgattach/format/seccomp_profile.h"
#include "src/format/json_reader.h"

#define SECCOMP_LIST_MAX 64

/* An action and the number that belongs to it, in whatever order they stand. */
struct seccomp_read_verdict {
	bool has_action, has_number, has_name;
	enum seccomp_action action;
	uint64_t number, named;
};

/* What a supervisor would have to answer, which nobody here is. */
int seccomp_refuse_supervised(struct json_reader *reader, const char *what);

int seccomp_read_action(struct json_reader *reader, struct seccomp_read_verdict *out);
/* errnoRet; and Podman's errno: "EPERM" beside, or instead of, the number. */
int seccomp_read_number(struct json_reader *reader, struct seccomp_read_verdict *out);
int seccomp_read_errno(struct json_reader *reader, struct seccomp_read_verdict *out);
/* field: what the action's is called. */
int seccomp_make_verdict(struct json_reader *reader, const struct seccomp_read_verdict *in, const char *field,
			 struct seccomp_verdict *ret);

int seccomp_read_rule(struct json_reader *reader, struct seccomp_profile_rule *ret);
void seccomp_rule_done(struct seccomp_profile_rule *rule);
