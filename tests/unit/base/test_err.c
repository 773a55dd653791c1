/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>

static void set_fills_and_returns_the_kinds_errno(void **state)
{
	(void)state;
	struct err err;

	assert_int_equal(err_set(&err, ERR_NOT_FOUND, "no %s", "x"), -ENOENT);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_int_equal(err.errnum, 0);
	assert_string_equal(err.text, "no x");
	assert_int_equal(err_set(NULL, ERR_GONE, "x"), -ESRCH);
	for (int kind = ERR_NONE; kind < ERR_KIND_MAX; kind++)
		assert_true(err_set(&err, (enum err_kind)kind, "x") < 0);
}

static void sys_takes_the_kind_from_errno(void **state)
{
	(void)state;
	static const struct {
		int errnum;
		enum err_kind kind;
	} rows[] = {
		{ ESRCH, ERR_GONE },         { EPERM, ERR_DENIED },      { -EACCES, ERR_DENIED },
		{ ENOSYS, ERR_UNSUPPORTED }, { ETIMEDOUT, ERR_TIMEOUT }, { EINVAL, ERR_SYSTEM },
		{ -ENOENT, ERR_SYSTEM },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err err;
		assert_int_equal(err_sys(&err, rows[i].errnum, "open"), -abs(rows[i].errnum));
		assert_int_equal(err.kind, rows[i].kind);
		assert_int_equal(err.errnum, abs(rows[i].errnum));
	}
	struct err err;
	assert_int_equal(err_sys(&err, ENOENT, "open %s", "/x"), -ENOENT);
	assert_string_equal(err.text, "open /x: No such file or directory");
	/* A caller that lost its errno must not turn a failure into success. */
	assert_true(err_sys(&err, 0, "x") < 0);
	assert_true(err_sys(&err, 123456, "x") < 0);
}

static void wrap_puts_context_in_front(void **state)
{
	(void)state;
	struct err err;

	(void)err_sys(&err, EACCES, "open");
	assert_int_equal(err_wrap(&err, "docker %d", 1), -EACCES);
	assert_string_equal(err.text, "docker 1: open: Permission denied");
	assert_int_equal(err.kind, ERR_DENIED);
	/* Its own text as an argument. */
	assert_int_equal(err_wrap(&err, "%s", err.text), -EACCES);
	(void)err_set(&err, ERR_CHANGED, "b");
	assert_int_equal(err_wrap(&err, "a"), -ESTALE);
	assert_true(err_wrap(NULL, "a") < 0);
}

static void long_texts_are_cut_and_terminated(void **state)
{
	(void)state;
	struct err err;
	char text[2 * ERR_TEXT_MAX];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)err_set(&err, ERR_USAGE, "%s", text);
	assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
	(void)err_sys(&err, EINVAL, "%s", text);
	assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
	for (int i = 0; i < 200; i++)
		(void)err_wrap(&err, "context");
	assert_true(strlen(err.text) < ERR_TEXT_MAX);
	(void)err_wrap(&err, "%s", text);
	assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
}

static void every_kind_has_a_name(void **state)
{
	(void)state;
	for (int kind = -1; kind <= ERR_KIND_MAX; kind++)
		assert_true(strlen(err_kind_name((enum err_kind)kind)) > 0);
	assert_string_equal(err_kind_name(ERR_NOT_FOUND), "not-found");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_fills_and_returns_the_kinds_errno),
		cmocka_unit_test(sys_takes_the_kind_from_errno),
		cmocka_unit_test(wrap_puts_context_in_front),
		cmocka_unit_test(long_texts_are_cut_and_terminated),
		cmocka_unit_test(every_kind_has_a_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
