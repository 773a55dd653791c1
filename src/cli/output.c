/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and JSON on stdout. Knows no command. */
#include "output.h"
#include "option.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CELL_MAX 4096
#define JSON_FLAGS (JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER)

int output_parse(const char *word, bool has_wide, enum output_format *ret, struct err *err)
{
	static const char *const words[] = {
		[OUTPUT_TABLE] = "table",
		[OUTPUT_WIDE] = "wide",
		[OUTPUT_JSON] = "json",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(word, words[i]) == 0 && (has_wide || i != OUTPUT_WIDE)) {
			*ret = (enum output_format)i;
			return 0;
		}
	return err_set(err, ERR_USAGE, "-o: \"%.32s\" is %s json", word,
		       has_wide ? "none of table, wide and" : "neither table nor");
}

int output_apply_format(void *context, const char *value, struct err *err)
{
	struct output_request *request = context;

	return output_parse(value, false, &request->format, err);
}

int output_apply_format_or_wide(void *context, const char *value, struct err *err)
{
	struct output_request *request = context;

	return output_parse(value, true, &request->format, err);
}

int output_apply_host_root(void *context, const char *value, struct err *err)
{
	struct output_request *request = context;

	return host_root_parse(value, &request->host_root, err);
}

int output_apply_help(void *context, const char *value, struct err *err)
{
	struct output_request *request = context;

	(void)value;
	(void)err;
	request->help = true;
	return OPTION_LAST;
}

/* ---- tables ------------------------------------------------------------------------------------------------------ */

/* Columns of a terminal, as far as UTF-8 goes: one a character. */
static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text != '\0'; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static void print_row(const struct table *table, const char *const *cells)
{
	(void)fputs(table->indent != NULL ? table->indent : "", stdout);
	for (size_t i = 0; i < table->count; i++) {
		size_t width = width_of(cells[i]);
		int pad = width < table->width[i] ? (int)(table->width[i] - width) : 0;
		bool last = i + 1 == table->count;

		if (table->columns[i].right)
			(void)printf("%*s%s%s", pad, "", cells[i], last ? "" : "  ");
		else
			(void)printf("%s%*s", cells[i], last ? 0 : pad + 2, "");
	}
	(void)putchar('\n');
}

static void widen(struct table *table, const char *const *cells)
{
	for (size_t i = 0; i < table->count; i++)
		if (width_of(cells[i]) > table->width[i])
			table->width[i] = width_of(cells[i]);
}

static void print_kept(struct table *table)
{
	const char *titles[TABLE_COLUMNS_MAX];

	for (size_t i = 0; i < table->count; i++)
		titles[i] = table->columns[i].title;
	widen(table, titles);
	print_row(table, titles);
	for (size_t row = 0; row < table->kept; row++) {
		print_row(table, (const char *const *)&table->cells[row * table->count]);
		for (size_t i = 0; i < table->count; i++)
			free(table->cells[row * table->count + i]);
	}
	free(take_ptr(table->cells));
	table->kept = 0;
	table->started = true;
}

static int keep(struct table *table, const char *const *cells)
{
	if (table->cells == NULL)
		table->cells = calloc(TABLE_ROWS_KEPT * table->count, sizeof(*table->cells));
	if (table->cells == NULL)
		return -ENOMEM;
	char **row = &table->cells[table->kept * table->count];
	for (size_t i = 0; i < table->count; i++)
		if ((row[i] = strdup(cells[i])) == NULL) {
			while (i-- > 0)
				free(row[i]);
			return -ENOMEM;
		}
	table->kept++;
	widen(table, cells);
	return 0;
}

int table_row(struct table *table, const char *const *cells, struct err *err)
{
	static char safe[TABLE_COLUMNS_MAX][CELL_MAX];
	const char *shown[TABLE_COLUMNS_MAX];

	for (size_t i = 0; i < table->count; i++)
		shown[i] = cells[i] == NULL || *cells[i] == '\0' ?
				   "-" :
				   text_escape(cells[i], strlen(cells[i]), safe[i], sizeof(safe[i]));
	if (!table->started && table->kept == TABLE_ROWS_KEPT)
		print_kept(table);
	if (table->started) {
		print_row(table, shown);
		return 0;
	}
	return keep(table, shown) < 0 ? err_sys(err, ENOMEM, "printing a table") : 0;
}

void table_end(struct table *table)
{
	if (!table->started)
		print_kept(table);
}

/* ---- JSON --------------------------------------------------------------------------------------------------------- */

int json_rows_add(struct json_rows *rows, json_t *row, struct err *err)
{
	(void)fputs(rows->started ? ",\n  " : "[\n  ", stdout);
	rows->started = true;
	int result = row == NULL ? -1 : json_dumpf(row, stdout, JSON_FLAGS);
	json_decref(row);
	return result < 0 ? err_sys(err, row == NULL ? ENOMEM : EIO, "writing JSON to stdout") : 0;
}

void json_rows_end(struct json_rows *rows)
{
	(void)fputs(rows->started ? "\n]\n" : "[]\n", stdout);
}

int output_json(json_t *document, struct err *err)
{
	int result = document == NULL ? -1 : json_dumpf(document, stdout, JSON_FLAGS | JSON_INDENT(2));

	json_decref(document);
	(void)putchar('\n');
	return result < 0 ? err_sys(err, document == NULL ? ENOMEM : EIO, "writing JSON to stdout") : 0;
}

/* ---- times -------------------------------------------------------------------------------------------------------- */

char *output_time(int64_t seconds, char *out, size_t size)
{
	time_t time = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&time, &tm) == NULL || strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		*out = '\0';
	return out;
}

char *output_age(int64_t seconds, char *out, size_t size)
{
	static const struct {
		int64_t seconds;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	int64_t age = time(NULL) - seconds;
	size_t i = 0;

	/* Two of a unit before it is used: "90m" says more than "1h". */
	while (i + 1 < ARRAY_SIZE(units) && age < 2 * units[i].seconds)
		i++;
	(void)snprintf(out, size, "%lld%c", (long long)(age < 0 ? 0 : age / units[i].seconds), units[i].unit);
	return out;
}
