/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/base/text.h"
#include "tests/unit/unit.h"

#include <errno.h>

static void u64_takes_digits_only(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t max;
		int result;
		uint64_t value;
	} rows[] = {
		{ "0", 0, 0, 0 },
		{ "42", 100, 0, 42 },
		{ "18446744073709551615", UINT64_MAX, 0, UINT64_MAX },
		{ "007", 10, 0, 7 },
		{ "101", 100, -ERANGE, 0 },
		{ "18446744073709551616", UINT64_MAX, -ERANGE, 0 },
		{ "99999999999999999999999999999", UINT64_MAX, -ERANGE, 0 },
		{ "99999999999999999999999999999x", UINT64_MAX, -EINVAL, 0 },
		{ "", 1, -EINVAL, 0 },
		{ "-1", UINT64_MAX, -EINVAL, 0 },
		{ "+1", UINT64_MAX, -EINVAL, 0 },
		{ " 1", UINT64_MAX, -EINVAL, 0 },
		{ "1 ", UINT64_MAX, -EINVAL, 0 },
		{ "0x10", UINT64_MAX, -EINVAL, 0 },
		{ "1e3", UINT64_MAX, -EINVAL, 0 },
		{ "\xd9\xa1", UINT64_MAX, -EINVAL, 0 }, /* an Arabic digit */
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t value = 77;
		cleanup_free char *text = unit_exact(rows[i].text, strlen(rows[i].text));
		assert_int_equal(text_u64(text, strlen(rows[i].text), rows[i].max, &value), rows[i].result);
		assert_int_equal(value, rows[i].result == 0 ? rows[i].value : 77);
	}
	uint32_t value;
	assert_int_equal(text_u32("4294967295", &value), 0);
	assert_int_equal(value, UINT32_MAX);
	assert_int_equal(text_u32("4294967296", &value), -ERANGE);
	assert_int_equal(text_u64("1\0002", 3, UINT64_MAX, &(uint64_t) { 0 }), -EINVAL);
}

static void hex_is_lower_case(void **state)
{
	(void)state;
	assert_true(text_is_hex("0123456789abcdef", 16));
	assert_false(text_is_hex("", 0));
	assert_false(text_is_hex("A", 1));
	assert_false(text_is_hex("0g", 2));
	assert_false(text_is_hex("0\0", 2));
	assert_true(text_starts("docker:x", "docker:"));
	assert_false(text_starts("doc", "docker:"));
}

static void escape_leaves_nothing_for_the_terminal(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t length;
		const char *shown;
	} rows[] = {
		{ "plain", 5, "plain" },
		{ "", 0, "" },
		{ "a\nb\tc\r", 6, "a\\x0ab\\x09c\\x0d" },
		{ "\x1b[2J\x7f", 5, "\\x1b[2J\\x7f" },
		{ "a\0b", 3, "a\\x00b" },
		{ "h\xc3\xa9llo", 6, "h\xc3\xa9llo" },
		{ "\xc2\x9b", 2, "\\xc2\\x9b" }, /* CSI as one C1 character */
		{ "\x9b", 1, "\\x9b" },
		{ "\xe2\x80\xae", 3, "\\xe2\\x80\\xae" },          /* right-to-left override */
		{ "\xe2\x81\xa6", 3, "\\xe2\\x81\\xa6" },          /* isolate */
		{ "\xc0\xaf", 2, "\\xc0\\xaf" },                   /* overlong */
		{ "\xed\xa0\x80", 3, "\\xed\\xa0\\x80" },          /* surrogate */
		{ "\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80" }, /* beyond Unicode */
		{ "\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80" },
		{ "\xe2\x82", 2, "\\xe2\\x82" }, /* cut in the middle */
		{ "\\x1b", 4, "\\x1b" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char out[64];
		cleanup_free char *text = unit_exact(rows[i].text, rows[i].length);
		assert_string_equal(text_escape(text, rows[i].length, out, sizeof(out)), rows[i].shown);
		/* A text that passes twice is not changed again. */
		char again[64];
		assert_string_equal(text_escape(out, strlen(out), again, sizeof(again)), rows[i].shown);
	}
}

static void escape_cuts_whole_units(void **state)
{
	(void)state;
	static const char text[] = "ab\x1b\xc3\xa9 and more";
	char whole[64];
	(void)text_escape(text, sizeof(text) - 1, whole, sizeof(whole));

	for (size_t size = 1; size <= sizeof(whole); size++) {
		cleanup_free char *out = malloc(size);
		assert_non_null(out);
		(void)text_escape(text, sizeof(text) - 1, out, size);
		assert_true(strlen(out) < size);
		if (strlen(whole) < size) {
			assert_string_equal(out, whole);
			continue;
		}
		size_t kept = size >= 4 ? strlen(out) - 3 : strlen(out);
		assert_memory_equal(out, whole, kept);
		assert_string_equal(out + kept, size >= 4 ? "..." : "");
		assert_true(kept == 0 || kept == 1 || kept == 2 || kept == 6 || kept >= 8); /* never inside \x1b or é */
	}
	assert_null(text_escape("a", 1, NULL, 0));
}

static void format_never_cuts_silently(void **state)
{
	(void)state;
	char out[4];
	assert_int_equal(text_format(out, sizeof(out), "%s", "abc"), 0);
	assert_int_equal(text_format(out, sizeof(out), "%s", "abcd"), -ENAMETOOLONG);
	cleanup_free char *text = text_printf("%d-%s", 7, "x");
	assert_string_equal(text, "7-x");
}

static void duration_like_timeout(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int result;
		uint32_t seconds;
	} rows[] = {
		{ "90", 0, 90 },
		{ "90s", 0, 90 },
		{ "10m", 0, 600 },
		{ "2h", 0, 7200 },
		{ "1d", 0, 86400 },
		{ "365d", 0, 31536000 },
		{ "31536000", 0, 31536000 },
		{ "0", -ERANGE, 0 },
		{ "0d", -ERANGE, 0 },
		{ "366d", -ERANGE, 0 },
		{ "31536001", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "s", -EINVAL, 0 },
		{ "1w", -EINVAL, 0 },
		{ "1.5h", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "1 s", -EINVAL, 0 },
		{ "1ss", -EINVAL, 0 },
		{ "99999999999999999999d", -ERANGE, 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint32_t seconds = 0;
		assert_int_equal(text_duration(rows[i].text, &seconds), rows[i].result);
		assert_int_equal(seconds, rows[i].seconds);
	}
}

static void strv_grows_and_replaces(void **state)
{
	(void)state;
	cleanup_strv struct strv strv = { 0 };

	assert_int_equal(strv_take(&strv, NULL), -ENOMEM);
	assert_null(strv_env_get(&strv, "A"));
	for (int i = 0; i < 100; i++)
		assert_int_equal(strv_take(&strv, text_printf("N%d=%d", i, i)), 0);
	assert_int_equal(strv.count, 100);
	assert_null(strv.items[100]);
	assert_int_equal(strv_env_take(&strv, strdup("N5=five")), 0);
	assert_int_equal(strv.count, 100);
	assert_string_equal(strv_env_get(&strv, "N5"), "five");
	assert_string_equal(strv_env_get(&strv, "N55"), "55");
	assert_int_equal(strv_env_take(&strv, strdup("N=x=y")), 0);
	assert_string_equal(strv_env_get(&strv, "N"), "x=y");
	assert_int_equal(strv_env_take(&strv, strdup("nothing")), -EINVAL);
	assert_int_equal(strv_env_take(&strv, strdup("=x")), -EINVAL);
	assert_int_equal(strv_add(&strv, "no assignment"), 0);
	assert_int_equal(strv.count, 102);
}

static void shortened_in_the_middle(void **state)
{
	(void)state;
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{ "", "" },
		{ "1234567", "1234567" },
		{ "12345678", "12...78" },
		{ "a long one", "a ...ne" },
	};
	char out[8];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(text_shorten(rows[i].text, out, sizeof(out)), rows[i].shown);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(u64_takes_digits_only),
		cmocka_unit_test(hex_is_lower_case),
		cmocka_unit_test(escape_leaves_nothing_for_the_terminal),
		cmocka_unit_test(escape_cuts_whole_units),
		cmocka_unit_test(format_never_cuts_silently),
		cmocka_unit_test(duration_like_timeout),
		cmocka_unit_test(shortened_in_the_middle),
		cmocka_unit_test(strv_grows_and_replaces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
