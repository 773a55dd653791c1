/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/format/proc_limits.h"
#include "tests/unit/unit.h"

static const char real[] = "Limit                     Soft Limit           Hard Limit           Units     \n"
			   "Max cpu time              unlimited            unlimited            seconds   \n"
			   "Max file size             unlimited            unlimited            bytes     \n"
			   "Max data size             unlimited            unlimited            bytes     \n"
			   "Max stack size            8388608              unlimited            bytes     \n"
			   "Max core file size        0                    unlimited            bytes     \n"
			   "Max resident set          unlimited            unlimited            bytes     \n"
			   "Max processes             96365                96366                processes \n"
			   "Max open files            1024                 524288               files     \n"
			   "Max locked memory         65536                65536                bytes     \n"
			   "Max address space         unlimited            unlimited            bytes     \n"
			   "Max file locks            unlimited            unlimited            locks     \n"
			   "Max pending signals       96365                96365                signals   \n"
			   "Max msgqueue size         819200               819200               bytes     \n"
			   "Max nice priority         0                    0                    \n"
			   "Max realtime priority     0                    0                    \n"
			   "Max realtime timeout      unlimited            unlimited            us        \n";

static void reads_all_sixteen(void **state)
{
	(void)state;
	struct proc_limits limits;
	struct err err;
	cleanup_free char *bytes = unit_exact(real, sizeof(real) - 1);

	assert_success(proc_limits_parse(bytes, sizeof(real) - 1, &limits, &err), err);
	assert_true(limits.limit[RLIMIT_STACK].rlim_cur == 8388608);
	assert_true(limits.limit[RLIMIT_STACK].rlim_max == RLIM_INFINITY);
	assert_true(limits.limit[RLIMIT_NPROC].rlim_cur == 96365);
	assert_true(limits.limit[RLIMIT_NPROC].rlim_max == 96366);
	assert_true(limits.limit[RLIMIT_NOFILE].rlim_max == 524288);
	assert_true(limits.limit[RLIMIT_CORE].rlim_cur == 0);
	assert_true(limits.limit[RLIMIT_RTTIME].rlim_max == RLIM_INFINITY);
}

/* A copy of the real file in which the first "from" is "to". */
static char *changed(const char *from, const char *to)
{
	const char *at = strstr(real, from);
	char *text = NULL;
	assert_non_null(at);
	assert_true(asprintf(&text, "%.*s%s%s", (int)(at - real), real, to, at + strlen(from)) > 0);
	return text;
}

static void refuses(void **state)
{
	(void)state;
	static const char *const changes[][2] = {
		{ "Max nice priority         0                    0                    \n", "" },
		{ "Max nice priority", "Max other priority" },
		{ "8388608 ", "-8388608" },
		{ "8388608", "838860x" },
		{ "8388608", "99999999999999999999" },
		{ "8388608              unlimited            bytes     ", "8388608" },
		{ "8388608              unlimited            bytes     ", "" },
		{ "8388608", "Unlimited" },
		{ "Max file size  ", "Max cpu time   " },
	};
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		struct proc_limits limits;
		struct err err = { 0 };
		cleanup_free char *text = changed(changes[i][0], changes[i][1]);
		if (proc_limits_parse(text, strlen(text), &limits, &err) >= 0)
			fail_msg("row %zu was taken", i);
		assert_int_equal(err.kind, ERR_MALFORMED);
	}
}

static void a_new_limit_is_passed_over(void **state)
{
	(void)state;
	struct proc_limits limits;
	struct err err;
	cleanup_free char *text = changed("Max nice priority", "Max new thing             x  y  z\nMax nice priority");
	assert_success(proc_limits_parse(text, strlen(text), &limits, &err), err);
}

static void parse_cut(const char *bytes, size_t length)
{
	struct proc_limits limits;
	struct err err = { 0 };
	/* The unit of the last line is all that may be missing. */
	if (proc_limits_parse(bytes, length, &limits, &err) == 0)
		assert_true(limits.limit[RLIMIT_RTTIME].rlim_max == RLIM_INFINITY);
	else
		assert_int_equal(err.kind, ERR_MALFORMED);
}

static void survives_every_cut(void **state)
{
	(void)state;
	unit_each_cut(real, sizeof(real) - 1, parse_cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all_sixteen),
		cmocka_unit_test(refuses),
		cmocka_unit_test(a_new_limit_is_passed_over),
		cmocka_unit_test(survives_every_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
