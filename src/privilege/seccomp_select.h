/* SPDX-License-Identifier: Apache-2.0 */
/* Which rules of a profile count for this session on this machine, and what the others say against them. */
#pragma once

#include "dbgattach/privilege.h"

/* A rule for one system call. */
struct seccomp_call {
	const struct seccomp_profile_rule *rule;
	const char *name;
	int number;   /* libseccomp's: negative for a call of other architectures */
	size_t place; /* in the profile */
};

struct seccomp_calls {
	struct seccomp_call *items; /* in the profile's order */
	size_t count;
	bool names_any;  /* a call of this architecture's */
	uint32_t newest; /* the highest number of this architecture's that any rule names */
};

int seccomp_select(const struct seccomp_profile *profile, const struct seccomp_terms *terms, struct seccomp_calls *ret,
		   char *ret_remark, struct err *err);
void seccomp_calls_done(struct seccomp_calls *calls);

/*
 * seccomp_conditions.c. Conditions on the same argument are alternatives, whatever their author meant (a range, perhaps):
 * libseccomp takes no two of them in one rule, so runc makes each a rule of its own.
 */
bool seccomp_are_alternatives(const struct seccomp_profile_rule *rule);
/* There may be arguments for which both hold. */
bool seccomp_rules_meet(const struct seccomp_profile_rule *a, const struct seccomp_profile_rule *b);
