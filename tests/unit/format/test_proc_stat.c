/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/format/proc_stat.h"
#include "tests/unit/unit.h"

#define REST " S 4763 4782 4782 0 -1 4194560 937 0 0 0 0 2 0 0 20 0 1 0 82573 188416 0 18446744073709551615 1\n"

static void the_last_parenthesis_ends_the_name(void **state)
{
	(void)state;
	static const char *const names[] = { "app",      "",   "a b", ") R 1",          "x) R 1 (",
					     "a\n) Z 1", "((", "))",  ") S 4763 4782 (" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct proc_stat stat;
		struct err err;
		cleanup_free char *text = NULL;
		assert_true(asprintf(&text, "4782 (%s)" REST, names[i]) > 0);
		cleanup_free char *bytes = unit_exact(text, strlen(text));
		assert_success(proc_stat_parse(bytes, strlen(text), &stat, &err), err);
		assert_int_equal(stat.pid, 4782);
		assert_int_equal(stat.state, 'S');
		assert_int_equal(stat.ppid, 4763);
		assert_int_equal(stat.start_time, 82573);
	}
}

static void refuses(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"(",
		")",
		"()",
		"1",
		"1 (a)",
		"1 (a) S",
		"(a)" REST,
		"x (a)" REST,
		"-1 (a)" REST,
		"0 (a)" REST,
		"99999999999 (a)" REST,
		"1(a)" REST,
		"1 (a" REST,
		"1 (a) SS 1" REST,
		"1 (a) 5 1" REST,
		"1 (a) S -1 1 1 0 -1 1 1 0 0 0 0 2 0 0 20 0 1 0 8 1 0",
		"1 (a) S 1 1 1 0 -1 x 1 0 0 0 0 2 0 0 20 0 1 0 8 1 0",
		"1 (a) S 1 1 1 0 -1 1 1 0 0 0 0 2 0 0 20 0 1 0 -8 1 0",
		"1 (a) S 1 1 1 0 -1 1 1 0 0 0 0 2 0 0 20 0 1 0 99999999999999999999 1 0",
		"1 (a) S 1 1 1 0 -1 1 1 0 0 0 0 2 0 0 20 0 1 0 82573",
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct proc_stat stat;
		struct err err = { 0 };
		cleanup_free char *bytes = unit_exact(texts[i], strlen(texts[i]));
		if (proc_stat_parse(bytes, strlen(texts[i]), &stat, &err) >= 0)
			fail_msg("taken: %s", texts[i]);
		assert_int_equal(err.kind, ERR_MALFORMED);
	}
	struct proc_stat stat;
	struct err err;
	static const char nul[] = "1 (a) S 1\0 1" REST;
	assert_failure(proc_stat_parse(nul, sizeof(nul) - 1, &stat, &err), err, ERR_MALFORMED);
}

static void parse_cut(const char *bytes, size_t length)
{
	struct proc_stat stat;
	struct err err = { 0 };
	/* What is cut behind field 22 is still right; what is cut before must not become another number. */
	if (proc_stat_parse(bytes, length, &stat, &err) == 0)
		assert_int_equal(stat.start_time, 82573);
	else
		assert_int_equal(err.kind, ERR_MALFORMED);
}

static void survives_every_cut(void **state)
{
	(void)state;
	static const char text[] = "4782 (a) b)" REST;
	unit_each_cut(text, sizeof(text) - 1, parse_cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_parenthesis_ends_the_name),
		cmocka_unit_test(refuses),
		cmocka_unit_test(survives_every_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
