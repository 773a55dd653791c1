/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects by table over the pull scanner, for files of which nothing may be passed over: an unknown field, or one that is there
 * twice, is an error. Values keep all 64 bits (jansson's integers are signed). Errors tell the line.
 */
#pragma once

#include "dbgattach/base/err.h"
#include "dbgattach/base/text.h"
#include "src/format/json_scan.h"

#define JSON_READER_WORD_MAX 128

struct json_reader {
	struct json_scan scan;
	struct err *err;
};

/* A table ends with a NULL name, and has at most 64 rows. */
struct json_reader_field {
	const char *name;
	int (*read)(struct json_reader *reader, void *base);
};

/* ERR_MALFORMED: 'line N: WHAT "word"'; word may be NULL. */
int json_reader_malformed(struct json_reader *reader, const char *what, const char *word, size_t length);
/* ERR_UNSUPPORTED: what exists, but cannot be had here. */
int json_reader_unsupported(struct json_reader *reader, const char *what, const char *why);
int json_reader_out_of_memory(struct json_reader *reader);
/* Fails where the scanner has. */
int json_reader_check(struct json_reader *reader);

/* out: JSON_READER_WORD_MAX bytes. A string without escapes. */
int json_reader_word(struct json_reader *reader, char *out);
int json_reader_number(struct json_reader *reader, uint64_t max, uint64_t *ret);
/* Appends the strings of an array, none of them empty, at most max. */
int json_reader_words(struct json_reader *reader, size_t max, struct strv *ret);
int json_reader_skip(struct json_reader *reader, void *base);
int json_reader_object(struct json_reader *reader, const struct json_reader_field *fields, void *base);
