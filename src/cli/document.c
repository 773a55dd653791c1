/* SPDX-License-Identifier: Apache-2.0 */
/* Objects become lines, arrays of objects tables, arrays of words a line. Knows no command's keys. */
#include "document.h"
#include "output.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELL_MAX 4096
#define INDENT "  "

static size_t append(char *out, size_t used, size_t size, const char *text)
{
	(void)snprintf(out + used, size - used, "%s", text);
	return used + strlen(out + used);
}

/* One line: "1 2 3", "avg10=0.00 avg60=0.00", "-" for what is not known or empty. */
static void format_value(const json_t *value, char *out, size_t size)
{
	size_t used = 0, i;
	const char *key;
	json_t *item;
	char part[512];

	*out = '\0';
	if (json_is_string(value))
		(void)snprintf(out, size, "%s", json_string_value(value));
	else if (json_is_integer(value))
		(void)snprintf(out, size, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		(void)snprintf(out, size, "%.2f", json_real_value(value));
	else if (json_is_boolean(value))
		(void)snprintf(out, size, "%s", json_is_true(value) ? "yes" : "no");
	json_array_foreach(value, i, item)
	{
		format_value(item, part, sizeof(part));
		used = append(out, used, size, i > 0 ? " " : "");
		used = append(out, used, size, part);
	}
	if (json_is_object(value))
		json_object_foreach((json_t *)(uintptr_t)value, key, item)
		{
			format_value(item, part, sizeof(part));
			used = append(out, used, size, used > 0 ? " " : "");
			used = append(out, used, size, key);
			used = append(out, used, size, "=");
			used = append(out, used, size, part);
		}
}

static bool is_table(const json_t *value)
{
	return json_is_object(json_array_get(value, 0));
}

/* The first row's keys are the titles of all. */
static int print_table(const char *indent, const json_t *rows, struct err *err)
{
	struct table_column columns[TABLE_COLUMNS_MAX] = { 0 };
	struct table table = { .columns = columns, .indent = indent };
	char *titles[TABLE_COLUMNS_MAX] = { NULL };
	static char text[TABLE_COLUMNS_MAX][CELL_MAX];
	const char *key;
	const json_t *row;
	json_t *item;
	size_t i;
	int result = 0;

	json_object_foreach(json_array_get(rows, 0), key, item)
	{
		if (table.count == TABLE_COLUMNS_MAX || (titles[table.count] = strdup(key)) == NULL)
			break;
		for (char *c = titles[table.count]; *c != '\0'; c++)
			*c = *c == '_' ? ' ' : (char)toupper((unsigned char)*c);
		columns[table.count] = (struct table_column) { titles[table.count], json_is_integer(item) };
		table.count++;
	}
	json_array_foreach(rows, i, row)
	{
		const char *cells[TABLE_COLUMNS_MAX] = { NULL };
		size_t column = 0;

		json_object_foreach((json_t *)(uintptr_t)row, key, item)
		{
			if (column == table.count)
				break;
			format_value(item, text[column], sizeof(text[column]));
			cells[column] = text[column];
			column++;
		}
		result = result < 0 ? result : table_row(&table, cells, err);
	}
	table_end(&table);
	for (i = 0; i < table.count; i++)
		free(titles[i]);
	return result;
}

static void print_line(const char *indent, const char *title, const json_t *value)
{
	char text[CELL_MAX], safe[CELL_MAX], shown[64];

	(void)snprintf(shown, sizeof(shown), "%s", title);
	for (char *c = shown; *c != '\0'; c++)
		*c = *c == '_' ? ' ' : *c;
	format_value(value, text, sizeof(text));
	(void)printf("%s%-22s %s\n", indent, shown,
		     *text == '\0' ? "-" : text_escape(text, strlen(text), safe, sizeof(safe)));
}

static int print_section(const char *title, const json_t *section, struct err *err)
{
	const char *key;
	json_t *item;
	int result = 0;

	if (!json_is_object(section) && !is_table(section)) {
		print_line("", title, section);
		return 0;
	}
	(void)printf("%s\n", title);
	if (is_table(section))
		return print_table(INDENT, section, err);
	json_object_foreach((json_t *)(uintptr_t)section, key, item)
	{
		if (!is_table(item)) {
			print_line(INDENT, key, item);
			continue;
		}
		(void)printf(INDENT "%s\n", key);
		result = result < 0 ? result : print_table(INDENT INDENT, item, err);
	}
	return result;
}

int document_print(const json_t *document, struct err *err)
{
	const char *key;
	json_t *section;
	int result = 0;

	json_object_foreach((json_t *)(uintptr_t)document, key, section)
	{
		if (json_is_array(section) && json_array_size(section) == 0 && strcmp(key, "errors") == 0)
			continue;
		result = result < 0 ? result : print_section(key, section, err);
	}
	return result;
}
