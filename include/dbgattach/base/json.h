/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON by table: a parser of a runtime's file is an array of fields, not code. Unknown fields are skipped in files
 * of others (JSON_FOREIGN) and refused in our own (JSON_OURS).
 */
#pragma once

#include "dbgattach/base/err.h"
#include "dbgattach/base/text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum json_type {
	JSON_FIELD_STRING, /* char *, allocated */
	JSON_FIELD_I64,    /* int64_t */
	JSON_FIELD_BOOL,   /* bool */
	JSON_FIELD_STRV,   /* struct strv: an array of strings */
	JSON_FIELD_OBJECT, /* nested table, same base structure */
	JSON_FIELD_CALL,   /* a function of the caller's */
};

enum json_origin { JSON_FOREIGN, JSON_OURS };

struct json_field {
	const char *name;
	enum json_type type;
	size_t offset;                   /* of the member in the base structure */
	bool mandatory;                  /* absent or null: malformed */
	size_t limit;                    /* longest string, or most elements; 0: JSON_STRING_MAX / JSON_ARRAY_MAX */
	const struct json_field *fields; /* JSON_FIELD_OBJECT: ends with a NULL name */
	int (*call)(json_t *value, void *base, struct err *err);
};

#define JSON_STRING_MAX 65536
#define JSON_ARRAY_MAX 4096

/* Parses bytes (at most 64 levels deep, duplicate keys refused) into a new reference. The caller json_decref()s it. */
int json_parse(const char *bytes, size_t length, json_t **ret_root, struct err *err);

/* Walks object by the table (ended by a NULL name). Strings are freed by the owner of base. */
int json_read(json_t *object, const struct json_field *fields, enum json_origin origin, void *base, struct err *err);

/* A new string; null for NULL. What is not UTF-8 is escaped (text_escape). */
json_t *json_text(const char *text);

static inline void cleanup_json_fn(json_t **json)
{
	json_decref(*json);
}
#define cleanup_json __attribute__((cleanup(cleanup_json_fn)))
