/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and JSON as they stand on stdout. */
#include "src/cli/output.h"
#include "tests/unit/unit.h"

#include "dbgattach/base/json.h"

#include <time.h>
#include <unistd.h>

static const struct table_column columns[] = { { "NAME", false }, { "COUNT", true }, { "LAST", false } };

/* What print() writes to stdout. */
static char *printed(void (*print)(void))
{
	char path[] = "/tmp/dbgattach-output-XXXXXX";
	int file = mkstemp(path), saved = dup(STDOUT_FILENO);

	assert_true(file >= 0 && saved >= 0);
	(void)unlink(path);
	(void)fflush(stdout);
	assert_int_equal(dup2(file, STDOUT_FILENO), STDOUT_FILENO);
	print();
	(void)fflush(stdout);
	assert_int_equal(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
	off_t length = lseek(file, 0, SEEK_END);
	char *text = calloc(1, (size_t)length + 1);
	assert_non_null(text);
	assert_int_equal(pread(file, text, (size_t)length, 0), length);
	close(file);
	close(saved);
	return text;
}

static void add(struct table *table, const char *name, const char *count, const char *last)
{
	const char *const cells[] = { name, count, last };
	struct err err = { 0 };

	assert_success(table_row(table, cells, &err), err);
}

static void print_three(void)
{
	struct table table = { .columns = columns, .count = ARRAY_SIZE(columns), .indent = "> " };

	add(&table, "a", "1", "x");
	add(&table, "l\xc3\xa4nger", "1000000", NULL);
	add(&table, "\x1b[31m", "", "y\nz");
	table_end(&table);
}

static void columns_are_as_wide_as_their_cells(void **state)
{
	(void)state;
	cleanup_free char *text = printed(print_three);

	assert_string_equal(text, "> NAME        COUNT  LAST\n"
				  "> a               1  x\n"
				  "> l\xc3\xa4nger    1000000  -\n"
				  "> \\x1b[31m        -  y\\x0az\n");
}

static void print_none(void)
{
	struct table table = { .columns = columns, .count = ARRAY_SIZE(columns) };

	table_end(&table);
}

static void titles_without_rows(void **state)
{
	(void)state;
	cleanup_free char *text = printed(print_none);

	assert_string_equal(text, "NAME  COUNT  LAST\n");
}

/* The widths of the first rows are kept; a wider cell behind them pushes its own line only. */
static void print_many(void)
{
	struct table table = { .columns = columns, .count = ARRAY_SIZE(columns) };

	for (size_t i = 0; i < TABLE_ROWS_KEPT; i++)
		add(&table, "abcdef", "1", "x");
	assert_false(table.started);
	add(&table, "a", "2", "x");
	assert_true(table.started);
	add(&table, "abcdefgh", "3", "x");
	table_end(&table);
}

static void many_rows_are_not_kept(void **state)
{
	(void)state;
	cleanup_free char *text = printed(print_many);
	size_t lines = 0;

	for (const char *c = text; *c != '\0'; c++)
		lines += *c == '\n';
	assert_int_equal(lines, TABLE_ROWS_KEPT + 3);
	assert_non_null(strstr(text, "\na           2  x\nabcdefgh      3  x\n"));
}

static void print_rows(void)
{
	struct json_rows rows = { 0 };
	struct err err = { 0 };

	json_rows_end(&rows);
	assert_success(json_rows_add(&rows, json_pack("{s:o}", "a", json_text("\xc2\x9b")), &err), err);
	assert_success(json_rows_add(&rows, json_pack("{s:o}", "a", json_text(NULL)), &err), err);
	json_rows_end(&rows);
	assert_true(json_rows_add(&rows, NULL, &err) < 0);
}

static void rows_of_json(void **state)
{
	(void)state;
	cleanup_free char *text = printed(print_rows);

	assert_non_null(strstr(text, "[]\n[\n  {\"a\": \"\\u009B\"},\n  {\"a\": null}\n]\n"));
}

static void what_is_no_utf8_is_escaped(void **state)
{
	(void)state;
	json_t *text = json_text("a\xff\x1b");

	assert_string_equal(json_string_value(text), "a\\xff\\x1b");
	json_decref(text);
}

static void ages(void **state)
{
	(void)state;
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = { { 0, "0s" },    { 119, "119s" },   { 121, "2m" },    { 7100, "118m" },
		     { 7300, "2h" }, { 172000, "47h" }, { 173000, "2d" }, { 8640100, "100d" } };
	char out[16];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(output_age(time(NULL) - rows[i].seconds, out, sizeof(out)), rows[i].text);
	assert_string_equal(output_age(time(NULL) + 60, out, sizeof(out)), "0s");
	char when[32];
	assert_string_equal(output_time(1795458552, when, sizeof(when)), "2026-11-23T18:29:12Z");
}

static void words(void **state)
{
	(void)state;
	enum output_format format = OUTPUT_JSON;
	struct err err = { 0 };

	assert_success(output_parse("table", false, &format, &err), err);
	assert_int_equal(format, OUTPUT_TABLE);
	assert_success(output_parse("wide", true, &format, &err), err);
	assert_int_equal(format, OUTPUT_WIDE);
	assert_failure(output_parse("wide", false, &format, &err), err, ERR_USAGE);
	assert_failure(output_parse("", true, &format, &err), err, ERR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_their_cells),
		cmocka_unit_test(titles_without_rows),
		cmocka_unit_test(many_rows_are_not_kept),
		cmocka_unit_test(rows_of_json),
		cmocka_unit_test(what_is_no_utf8_is_escaped),
		cmocka_unit_test(ages),
		cmocka_unit_test(words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
