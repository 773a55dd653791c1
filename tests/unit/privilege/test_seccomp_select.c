/* SPDX-License-Identifier: Apache-2.0 */
/* Which of a profile's rules count, where more than one is about the same call. */
#include "tests/unit/privilege/filter.h"

static void rules_for_all_arguments(void **state)
{
	(void)state;
	static const struct {
		const char *profile;
		uint32_t answer;
	} rows[] = {
		/* what says the default once more is no rule */
		{ PROFILE("ERRNO", RULE("read", "ERRNO", "") "," RULE("read", "ALLOW", ARGS(ARG(0, "EQ", 3)))),
		  ERRNO(EPERM) },
		{ PROFILE("ERRNO", RULE("read", "ERRNO", "") "," RULE("read", "ALLOW", ARGS(ARG(0, "EQ", 9)))),
		  ALLOW }, /* an exception to it, as runc has it */
		{ PROFILE("ERRNO", RULE("read", "ALLOW", ARGS(ARG(0, "EQ", 9))) "," RULE("read", "ERRNO", "")), ALLOW },
		{ PROFILE("ALLOW", RULE("read", "ALLOW", "") "," RULE("read", "ERRNO", ARGS(ARG(0, "EQ", 9)))),
		  ERRNO(EPERM) },
		/* of two for all arguments the strictest */
		{ PROFILE("ERRNO", RULE("read", "ALLOW", "") "," RULE("read", "ERRNO", ",\"errnoRet\":5")), ERRNO(5) },
		{ PROFILE("ERRNO", RULE("read", "ERRNO", ",\"errnoRet\":5") "," RULE("read", "ALLOW", "")), ERRNO(5) },
		{ PROFILE("ERRNO", RULE("read", "ALLOW", "") "," RULE("read", "ERRNO", "")), ERRNO(EPERM) },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct seccomp_data data = { .nr = SYS_read, .arch = NATIVE_ARCH, .args = { 9 } };

		if (filter_answer(rows[i].profile, (struct seccomp_terms) { 0 }, &data) != rows[i].answer)
			fail_msg("row %zu", i);
	}
}

#define READ(action, conditions) RULE("read", action, ARGS(conditions))
#define TWO(one, other) PROFILE("KILL_PROCESS", one "," other)

/*
 * Rules of different action for one call: which of two that hold for the same arguments libseccomp takes follows from the
 * order of the arguments (here it would be the weaker one), so they are refused; those that never meet are taken.
 */
static void conditions_that_meet(void **state)
{
	(void)state;
	static const struct {
		const char *profile;
		uint64_t args[6];
		uint32_t answer; /* 0: the profile is refused */
	} rows[] = {
		{ TWO(READ("ALLOW", ARG(1, "EQ", 1)), READ("ERRNO", ARG(0, "EQ", 2))), { 0 }, 0 },
		{ TWO(READ("ERRNO", ARG(0, "EQ", 2)), READ("ALLOW", ARG(1, "EQ", 1))), { 0 }, 0 },
		{ TWO(READ("ALLOW", ARG(0, "EQ", 1)), READ("ERRNO", ARG(0, "EQ", 1) "," ARG(1, "EQ", 2))), { 0 }, 0 },
		{ TWO(READ("ALLOW", ARG(0, "EQ", 1)), READ("ERRNO", ARG(0, "EQ", 1))), { 0 }, 0 },
		{ TWO(READ("ERRNO", ARG(0, "EQ", 1)), RULE("read", "ERRNO", ",\"errnoRet\":5" ARGS(ARG(0, "EQ", 1)))),
		  { 0 },
		  0 },
		{ TWO(READ("ALLOW", ARG(0, "GE", 1)), READ("ERRNO", ARG(0, "GE", 5))), { 0 }, 0 },
		{ TWO(READ("ALLOW", ARG(0, "NE", 1)), READ("ERRNO", ARG(0, "NE", 2))), { 0 }, 0 },
		{ TWO(READ("ALLOW", ARG(0, "NE", 1)), READ("ERRNO", ARG(0, "LE", 1))), { 0 }, 0 },
		{ TWO(READ("ALLOW", MASKED(0, 1, 1)), READ("ERRNO", MASKED(0, 2, 2))), { 0 }, 0 },
		{ TWO(READ("ALLOW", MASKED(0, 1, 1)), READ("ERRNO", ARG(0, "EQ", 3))), { 0 }, 0 },
		{ TWO(READ("ALLOW", MASKED(0, 1, 1)), READ("ERRNO", ARG(0, "GT", 3))), { 0 }, 0 },
		{ TWO(READ("ALLOW", MASKED(0, 1, 1)), READ("ERRNO", ARG(0, "NE", 3))), { 0 }, 0 },
		/* two conditions on one argument are two rules, one of which meets */
		{ TWO(READ("ALLOW", ARG(0, "EQ", 1) "," ARG(0, "EQ", 2)), READ("ERRNO", ARG(0, "GT", 1))), { 0 }, 0 },
		/* the default once more, which would be no rule at all */
		{ TWO(READ("ALLOW", ARG(0, "EQ", 1)), READ("KILL_PROCESS", ARG(1, "EQ", 1))), { 0 }, 0 },

		{ TWO(READ("ALLOW", ARG(0, "EQ", 1)), READ("ERRNO", ARG(0, "EQ", 2))), { 1 }, ALLOW },
		{ TWO(READ("ALLOW", ARG(0, "EQ", 1)), READ("ERRNO", ARG(0, "EQ", 2))), { 2 }, ERRNO(EPERM) },
		{ TWO(READ("ALLOW", ARG(0, "EQ", 1)), READ("ERRNO", ARG(0, "EQ", 2))),
		  { 3 },
		  SECCOMP_RET_KILL_PROCESS },
		{ TWO(READ("ALLOW", ARG(0, "LT", 5)), READ("ERRNO", ARG(0, "GE", 5))), { 4 }, ALLOW },
		{ TWO(READ("ALLOW", ARG(0, "LT", 5)), READ("ERRNO", ARG(0, "GE", 5))), { 5 }, ERRNO(EPERM) },
		{ TWO(READ("ALLOW", ARG(0, "LE", 5)), READ("ERRNO", ARG(0, "GT", 5))), { 6 }, ERRNO(EPERM) },
		{ TWO(READ("ALLOW", ARG(0, "NE", 5)), READ("ERRNO", ARG(0, "EQ", 5))), { 5 }, ERRNO(EPERM) },
		{ TWO(READ("ALLOW", ARG(0, "NE", 5)), READ("ERRNO", ARG(0, "EQ", 5))), { 6 }, ALLOW },
		{ TWO(READ("ALLOW", MASKED(0, 1, 1)), READ("ERRNO", MASKED(0, 3, 2))), { 3 }, ALLOW },
		{ TWO(READ("ALLOW", MASKED(0, 1, 1)), READ("ERRNO", ARG(0, "EQ", 2))), { 2 }, ERRNO(EPERM) },
		{ TWO(READ("ALLOW", ARG(0, "EQ", 1) "," ARG(1, "EQ", 1)),
		      READ("ERRNO", ARG(0, "EQ", 1) "," ARG(1, "EQ", 2))),
		  { 1, 2 },
		  ERRNO(EPERM) },
		/* the same action: they may meet */
		{ TWO(READ("ALLOW", ARG(0, "EQ", 1)), READ("ALLOW", ARG(1, "EQ", 2))), { 1, 2 }, ALLOW },
		/* Podman's, for socket */
		{ TWO(READ("ERRNO", ARG(0, "EQ", 16) "," ARG(2, "EQ", 9)),
		      READ("ALLOW", ARG(2, "NE", 9)) "," READ("ALLOW", ARG(0, "NE", 16))),
		  { 16, 0, 9 },
		  ERRNO(EPERM) },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct seccomp_data data = { .nr = SYS_read, .arch = NATIVE_ARCH };
		struct seccomp_program program = { 0 };
		char remark[SECCOMP_REMARK_MAX];
		struct err err = { 0 };

		memcpy(data.args, rows[i].args, sizeof(rows[i].args));
		int result = filter_compile(rows[i].profile, (struct seccomp_terms) { 0 }, &program, remark, &err);
		uint32_t got = result < 0 ? 0 : seccomp_run(&program, &data);
		seccomp_program_done(&program);
		if (got != rows[i].answer || (result < 0 && err.kind != ERR_MALFORMED))
			fail_msg("row %zu: 0x%x %s", i, got, result < 0 ? err.text : "");
	}
}

/*
 * What a runtime made of it is what the session gets, whatever one may think of it; but a name that our libseccomp does not
 * know its own may have known, so only what restricts nothing may be passed over.
 */
static void as_the_runtime(void **state)
{
	(void)state;
	static const char both[] =
		PROFILE("ERRNO", RULE("read", "ALLOW", "") "," RULE("read", "ERRNO", ",\"errnoRet\":5"));
	static const char *const unknown[] = {
		PROFILE("ALLOW", RULE("no_such_call", "ERRNO", "")),
		PROFILE("LOG", RULE("no_such_call", "ERRNO", ",\"errnoRet\":0")),
		PROFILE("ERRNO", RULE("no_such_call", "KILL", "")),
		PROFILE("ALLOW", RULE("no_such_call", "ERRNO", ARGS(ARG(0, "EQ", 1)))),
	};
	static const char harmless[] =
		PROFILE("ERRNO", RULE("no_such_call", "ALLOW", "") "," RULE("read", "ALLOW", ""));
	static const char meet[] = TWO(READ("ALLOW", ARG(1, "EQ", 1)), READ("ERRNO", ARG(0, "EQ", 2)));
	static const char restated[] =
		PROFILE("ERRNO", RULE("read", "ERRNO", "") "," RULE("read", "ALLOW", ARGS(ARG(0, "EQ", 2))));
	const struct seccomp_data data = { .nr = SYS_read, .arch = NATIVE_ARCH };
	const struct seccomp_data both_hold = { .nr = SYS_read, .arch = NATIVE_ARCH, .args = { 2, 1 } };
	const struct seccomp_terms runtime = { .as_runtime = true };
	struct seccomp_program program;
	char remark[SECCOMP_REMARK_MAX];
	struct err err = { 0 };

	assert_int_equal(filter_answer(both, runtime, &data), ALLOW);
	assert_int_equal(filter_answer(harmless, runtime, &data), ALLOW);
	assert_int_equal(filter_answer(meet, runtime, &both_hold), ALLOW); /* the weaker one, as for the container */
	assert_int_equal(filter_answer(restated, runtime, &both_hold), ALLOW);
	assert_int_equal(filter_answer(restated, runtime, &data), ERRNO(EPERM));
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		assert_failure(filter_compile(unknown[i], runtime, &program, remark, &err), err, ERR_UNSUPPORTED);
		assert_non_null(strstr(err.text, "no_such_call"));
	}
	assert_success(filter_compile(both, (struct seccomp_terms) { 0 }, &program, remark, &err), err);
	assert_non_null(strstr(remark, "rules for read that contradict"));
	seccomp_program_done(&program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_for_all_arguments),
		cmocka_unit_test(conditions_that_meet),
		cmocka_unit_test(as_the_runtime),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
