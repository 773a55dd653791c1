/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the way from JSON bytes to C structures. Knows no file format: the tables are those of format/. */
#include "dbgattach/base/json.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define JSON_DEPTH_MAX 64
#define JSON_UNREADABLE_MAX 4096 /* of a text that is no UTF-8 */

/*
 * jansson's own limit is 2048 levels of recursion. Ours is kept by counting brackets before it starts. Bytes that are
 * not JSON may be counted wrongly, which does not matter: jansson refuses them, and it never goes deeper than the
 * count.
 */
static int check_depth(const char *bytes, size_t length, struct err *err)
{
	size_t depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < length; i++) {
		char c = bytes[i];
		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > JSON_DEPTH_MAX)
				return err_set(err, ERR_MALFORMED, "nested more than %d levels deep at byte %zu",
					       JSON_DEPTH_MAX, i);
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		}
	}
	return 0;
}

static int out_of_memory(struct err *err)
{
	return err_sys(err, ENOMEM, "reading JSON");
}

int json_parse(const char *bytes, size_t length, json_t **ret_root, struct err *err)
{
	int r = check_depth(bytes, length, err);
	if (r < 0)
		return r;

	json_error_t error;
	json_t *root = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &error);
	/*
	 * An unlimited rlimit in an OCI file is 18446744073709551615, which jansson's integers cannot hold. Then all
	 * numbers are read as doubles; json_read() takes those that are whole and exact.
	 */
	if (!root && json_error_code(&error) == json_error_numeric_overflow)
		root = json_loadb(bytes, length, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);
	/* jansson has no text for it where it is in the middle of something. */
	if (!root && (error.text[0] == '\0' || json_error_code(&error) == json_error_out_of_memory))
		return out_of_memory(err);
	if (!root) {
		char text[2 * JSON_ERROR_TEXT_LENGTH];
		return err_set(err, ERR_MALFORMED, "line %d, column %d: %s", error.line, error.column,
			       text_escape(error.text, strlen(error.text), text, sizeof(text)));
	}
	*ret_root = root;
	return 0;
}

static int read_i64(const json_t *value, int64_t *ret, struct err *err)
{
	static const double exact_max = 9007199254740992.0; /* 2^53: up to here a double holds every whole number */

	if (json_is_integer(value)) {
		*ret = json_integer_value(value);
		return 0;
	}
	double real = json_real_value(value); /* 0 when it is no real */
	if (!json_is_real(value) || real < -exact_max || real > exact_max || (double)(int64_t)real != real)
		return err_set(err, ERR_MALFORMED, "is not a whole number");
	*ret = (int64_t)real;
	return 0;
}

static int read_string(const json_t *value, size_t limit, char **ret, struct err *err)
{
	if (!json_is_string(value))
		return err_set(err, ERR_MALFORMED, "is not a string");
	if (json_string_length(value) > limit)
		return err_set(err, ERR_MALFORMED, "is longer than %zu bytes", limit);
	char *copy = strdup(json_string_value(value));
	if (!copy)
		return out_of_memory(err);
	free(*ret); /* nothing, unless a caller's table names a member twice */
	*ret = copy;
	return 0;
}

static int read_strv(const json_t *value, size_t limit, struct strv *ret, struct err *err)
{
	size_t i;
	json_t *item;

	if (!json_is_array(value))
		return err_set(err, ERR_MALFORMED, "is not an array");
	if (json_array_size(value) > limit)
		return err_set(err, ERR_MALFORMED, "has more than %zu elements", limit);
	json_array_foreach(value, i, item)
	{
		char *copy = NULL;
		int r = read_string(item, JSON_STRING_MAX, &copy, err);
		if (r < 0)
			return err_wrap(err, "element %zu", i);
		if (strv_take(ret, copy) < 0)
			return out_of_memory(err);
	}
	return 0;
}

static int read_field(json_t *value, const struct json_field *field, enum json_origin origin, void *base,
		      struct err *err)
{
	char *member = (char *)base + field->offset;

	switch (field->type) {
	case JSON_FIELD_STRING:
		return read_string(value, field->limit ? field->limit : JSON_STRING_MAX, (char **)(void *)member, err);
	case JSON_FIELD_I64:
		return read_i64(value, (int64_t *)(void *)member, err);
	case JSON_FIELD_BOOL:
		if (!json_is_boolean(value))
			return err_set(err, ERR_MALFORMED, "is not true or false");
		*(bool *)member = json_is_true(value);
		return 0;
	case JSON_FIELD_STRV:
		return read_strv(value, field->limit ? field->limit : JSON_ARRAY_MAX, (struct strv *)(void *)member,
				 err);
	case JSON_FIELD_OBJECT:
		return json_read(value, field->fields, origin, base, err);
	case JSON_FIELD_CALL:
		return field->call(value, base, err);
	}
	return err_set(err, ERR_SYSTEM, "has an unknown type in our table");
}

static int refuse_unknown(json_t *object, const struct json_field *fields, struct err *err)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		const struct json_field *field = fields;
		while (field->name && strcmp(field->name, key) != 0)
			field++;
		if (!field->name) {
			char text[128];
			return err_set(err, ERR_MALFORMED, "unknown field \"%s\"",
				       text_escape(key, strlen(key), text, sizeof(text)));
		}
	}
	return 0;
}

int json_read(json_t *object, const struct json_field *fields, enum json_origin origin, void *base, struct err *err)
{
	if (!json_is_object(object))
		return err_set(err, ERR_MALFORMED, "is not an object");
	if (origin == JSON_OURS) {
		int r = refuse_unknown(object, fields, err);
		if (r < 0)
			return r;
	}

	for (const struct json_field *field = fields; field->name; field++) {
		json_t *value = json_object_get(object, field->name);
		if (!value || json_is_null(value)) {
			if (field->mandatory)
				return err_set(err, ERR_MALFORMED, "field \"%s\" is missing", field->name);
			continue;
		}
		int r = read_field(value, field, origin, base, err);
		if (r < 0) {
			/* A function of the caller's that fails without a text must not lose the failure. */
			(void)err_wrap(err, "%s", field->name);
			return r;
		}
	}
	return 0;
}

json_t *json_text(const char *text)
{
	char safe[JSON_UNREADABLE_MAX];

	if (text == NULL)
		return json_null();
	json_t *string = json_string(text);
	return string != NULL ? string : json_string(text_escape(text, strlen(text), safe, sizeof(safe)));
}
