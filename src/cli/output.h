/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How commands print what they found: tables for people, JSON for scripts, once for all of them. Texts may come from a
 * container: in a table they are escaped, in JSON whatever is not ASCII stands as \uXXXX.
 */
#pragma once

#include "dbgattach/base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum output_format { OUTPUT_TABLE, OUTPUT_WIDE, OUTPUT_JSON };

/* -o: wide where the command has it. */
int output_parse(const char *word, bool has_wide, enum output_format *ret, struct err *err);

/* What all such commands are asked for: their request begins with it, and their options lead to these. */
struct output_request {
	bool help;
	enum output_format format;
	const char *host_root; /* as host_open() takes it */
};
int output_apply_format(void *context, const char *value, struct err *err);
int output_apply_format_or_wide(void *context, const char *value, struct err *err);
int output_apply_host_root(void *context, const char *value, struct err *err);
int output_apply_help(void *context, const char *value, struct err *err);

#define TABLE_COLUMNS_MAX 16
/* As many rows are kept until the widths are known; those behind them are printed as they come. */
#define TABLE_ROWS_KEPT 512

struct table_column {
	const char *title;
	bool right; /* numbers */
};

struct table {
	const struct table_column *columns;
	const char *indent; /* before each line; NULL: nothing */
	size_t count;
	size_t width[TABLE_COLUMNS_MAX];
	char **cells; /* of the rows that are kept */
	size_t kept;  /* rows */
	bool started;
};

/* A row has a cell for each column; NULL is shown as "-". */
int table_row(struct table *table, const char *const *cells, struct err *err);
/* What is kept goes out, at least the titles. */
void table_end(struct table *table);

/* An array, one object at a time. Takes the row over; NULL: there was no memory for it. */
struct json_rows {
	bool started;
};
int json_rows_add(struct json_rows *rows, json_t *row, struct err *err);
void json_rows_end(struct json_rows *rows);

/* One document. Takes it over. */
int output_json(json_t *document, struct err *err);
/* "2026-11-23T18:29:12Z". Returns out. */
char *output_time(int64_t seconds, char *out, size_t size);
/* "45s", "12m", "3h", "9d": how long ago. Returns out. */
char *output_age(int64_t seconds, char *out, size_t size);
