/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/format/proc_schedstat.h"
#include "tests/unit/unit.h"

static void takes(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t ran, queued;
	} cases[] = {
		{ "432020 3218119 2\n", 432020, 3218119 },
		{ "0 0 0\n", 0, 0 }, /* a kernel that does not account for it */
		{ "1 18446744073709551615 3 4\n", 1, UINT64_MAX },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct proc_schedstat schedstat;
		struct err err = { 0 };
		cleanup_free char *bytes = unit_exact(cases[i].text, strlen(cases[i].text));
		assert_success(proc_schedstat_parse(bytes, strlen(cases[i].text), &schedstat, &err), err);
		assert_true(schedstat.ran_ns == cases[i].ran && schedstat.queued_ns == cases[i].queued);
	}
}

static void refuses(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"", "\n", "1 2\n", "1 2 3", "-1 2 3\n", "1 x 3\n", "1 99999999999999999999 3\n", "1\n2\n3\n",
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct proc_schedstat schedstat;
		struct err err = { 0 };
		cleanup_free char *bytes = unit_exact(texts[i], strlen(texts[i]));
		if (proc_schedstat_parse(bytes, strlen(texts[i]), &schedstat, &err) >= 0)
			fail_msg("taken: %s", texts[i]);
		assert_int_equal(err.kind, ERR_MALFORMED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(takes), cmocka_unit_test(refuses) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
