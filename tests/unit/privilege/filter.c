/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/privilege/filter.h"

int filter_compile(const char *text, struct seccomp_terms terms, struct seccomp_program *ret, char *remark,
		   struct err *err)
{
	struct seccomp_profile profile;

	assert_success(seccomp_profile_parse(text, strlen(text), &profile, err), *err);
	int result = seccomp_compile(&profile, &terms, ret, remark, err);
	seccomp_profile_done(&profile);
	return result;
}

uint32_t filter_answer(const char *text, struct seccomp_terms terms, const struct seccomp_data *data)
{
	struct seccomp_program program = { 0 };
	char remark[SECCOMP_REMARK_MAX];
	struct err err = { 0 };

	assert_success(filter_compile(text, terms, &program, remark, &err), err);
	uint32_t action = seccomp_run(&program, data);
	seccomp_program_done(&program);
	return action;
}
