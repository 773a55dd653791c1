/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp profiles in short, and what the filters made of them answer. */
#pragma once

#include "dbgattach/privilege.h"
#include "src/privilege/seccomp_arch.h"
#include "tests/unit/unit.h"

#include <sys/syscall.h>

#define ERRNO(number) (SECCOMP_RET_ERRNO | (number))
#define ALLOW SECCOMP_RET_ALLOW
#define PROFILE(default_action, rules) "{\"defaultAction\":\"SCMP_ACT_" default_action "\",\"syscalls\":[" rules "]}"
#define RULE(name, action, more) "{\"names\":[\"" name "\"],\"action\":\"SCMP_ACT_" action "\"" more "}"
#define ARGS(conditions) ",\"args\":[" conditions "]"
#define ARG(index, operator, value) "{\"index\":" #index ",\"op\":\"SCMP_CMP_" operator"\",\"value\":" #value "}"
#define MASKED(index, mask, value)                                                                                     \
	"{\"index\":" #index ",\"op\":\"SCMP_CMP_MASKED_EQ\",\"value\":" #mask ",\"valueTwo\":" #value "}"

int filter_compile(const char *text, struct seccomp_terms terms, struct seccomp_program *ret, char *remark,
		   struct err *err);
/* What its filter says to one call. */
uint32_t filter_answer(const char *text, struct seccomp_terms terms, const struct seccomp_data *data);
