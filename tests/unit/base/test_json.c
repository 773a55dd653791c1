/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/base/json.h"
#include "tests/unit/unit.h"

struct sample {
	char *name;
	int64_t number;
	bool flag;
	struct strv list;
	int called;
};

static int call(json_t *value, void *base, struct err *err)
{
	struct sample *sample = base;
	if (!json_is_array(value))
		return err_set(err, ERR_MALFORMED, "is not an array");
	sample->called++;
	return 0;
}

static const struct json_field inner_fields[] = {
	{ .name = "list", .type = JSON_FIELD_STRV, .offset = offsetof(struct sample, list), .limit = 2 },
	{ 0 },
};

static const struct json_field fields[] = {
	{ .name = "name",
	  .type = JSON_FIELD_STRING,
	  .offset = offsetof(struct sample, name),
	  .limit = 5,
	  .mandatory = true },
	{ .name = "number", .type = JSON_FIELD_I64, .offset = offsetof(struct sample, number) },
	{ .name = "flag", .type = JSON_FIELD_BOOL, .offset = offsetof(struct sample, flag) },
	{ .name = "inner", .type = JSON_FIELD_OBJECT, .fields = inner_fields },
	{ .name = "call", .type = JSON_FIELD_CALL, .call = call },
	{ 0 },
};

static int parse(const char *text, enum json_origin origin, struct sample *sample, struct err *err)
{
	cleanup_json json_t *root = NULL;
	*sample = (struct sample) { 0 };
	int r = json_parse(text, strlen(text), &root, err);
	return r < 0 ? r : json_read(root, fields, origin, sample, err);
}

static void sample_done(struct sample *sample)
{
	free(sample->name);
	strv_done(&sample->list);
}

static void reads_by_table(void **state)
{
	(void)state;
	struct sample sample;
	struct err err;

	int r = parse(
		"{\"name\":\"a\",\"number\":-7,\"flag\":true,\"inner\":{\"list\":[\"x\",\"y\"]},\"call\":[],\"z\":0}",
		JSON_FOREIGN, &sample, &err);
	assert_success(r, err);
	assert_string_equal(sample.name, "a");
	assert_int_equal(sample.number, -7);
	assert_true(sample.flag);
	assert_int_equal(sample.list.count, 2);
	assert_int_equal(sample.called, 1);
	sample_done(&sample);
}

static void numbers_beyond_jansson_are_read_as_doubles(void **state)
{
	(void)state;
	struct sample sample;
	struct err err;

	/* An unlimited rlimit elsewhere in the file. */
	int r = parse("{\"name\":\"a\",\"number\":82573,\"rlimit\":18446744073709551615}", JSON_FOREIGN, &sample, &err);
	assert_success(r, err);
	assert_int_equal(sample.number, 82573);
	sample_done(&sample);
	r = parse("{\"name\":\"a\",\"number\":18446744073709551615}", JSON_FOREIGN, &sample, &err);
	assert_failure(r, err, ERR_MALFORMED);
	sample_done(&sample);
}

static void refuses(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
		enum json_origin origin;
	} rows[] = {
		{ "", "line 1", JSON_FOREIGN },
		{ "{\"name\":\"a\"", "line 1", JSON_FOREIGN },
		{ "{\"name\":\"a\",\"name\":\"b\"}", "duplicate", JSON_FOREIGN },
		{ "{\"name\":\"a\\u0000\"}", "line 1", JSON_FOREIGN },
		{ "{\"name\":\"\xff\"}", "line", JSON_FOREIGN },
		{ "{}", "\"name\" is missing", JSON_FOREIGN },
		{ "{\"name\":null}", "\"name\" is missing", JSON_FOREIGN },
		{ "{\"name\":1}", "name: is not a string", JSON_FOREIGN },
		{ "{\"name\":\"123456\"}", "longer than 5", JSON_FOREIGN },
		{ "{\"name\":\"a\",\"number\":\"1\"}", "number: is not a whole number", JSON_FOREIGN },
		{ "{\"name\":\"a\",\"number\":1.5}", "whole number", JSON_FOREIGN },
		{ "{\"name\":\"a\",\"number\":1e300}", "whole number", JSON_FOREIGN },
		{ "{\"name\":\"a\",\"flag\":1}", "true or false", JSON_FOREIGN },
		{ "{\"name\":\"a\",\"inner\":[]}", "inner: is not an object", JSON_FOREIGN },
		{ "{\"name\":\"a\",\"inner\":{\"list\":[1]}}", "inner: list: element 0", JSON_FOREIGN },
		{ "{\"name\":\"a\",\"inner\":{\"list\":[\"a\",\"b\",\"c\"]}}", "more than 2", JSON_FOREIGN },
		{ "{\"name\":\"a\",\"call\":{}}", "call: is not an array", JSON_FOREIGN },
		{ "{\"name\":\"a\",\"z\\u001b\":1}", "unknown field \"z\\x1b\"", JSON_OURS },
		{ "[]", "is not an object", JSON_OURS },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sample sample;
		struct err err = { 0 };
		assert_failure(parse(rows[i].text, rows[i].origin, &sample, &err), err, ERR_MALFORMED);
		if (!strstr(err.text, rows[i].says))
			fail_msg("\"%s\" does not say \"%s\"", err.text, rows[i].says);
		sample_done(&sample);
	}
}

static void depth_has_a_limit(void **state)
{
	(void)state;
	for (size_t depth = 1; depth <= 10000; depth = depth < 70 ? depth + 1 : depth * 5) {
		cleanup_free char *text = calloc(2 * depth, 1);
		cleanup_json json_t *root = NULL;
		struct err err;
		assert_non_null(text);
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		int r = json_parse(text, 2 * depth, &root, &err);
		if (depth <= 64) {
			assert_success(r, err);
			continue;
		}
		assert_failure(r, err, ERR_MALFORMED);
		assert_non_null(strstr(err.text, "64 levels"));
	}
	/* Brackets in strings are no depth. */
	cleanup_json json_t *root = NULL;
	struct err err;
	char text[300] = "[\"\\\"";
	memset(text + 4, '[', 200);
	strcpy(text + 204, "\"]");
	assert_success(json_parse(text, strlen(text), &root, &err), err);
}

static void parse_cut(const char *bytes, size_t length)
{
	json_t *root = NULL;
	struct err err = { 0 };
	assert_failure(json_parse(bytes, length, &root, &err), err, ERR_MALFORMED);
}

static void survives_every_cut(void **state)
{
	(void)state;
	static const char text[] = "{\"a\":[1,2.5,true,null,\"\\u00e9\xc3\xa9\"],\"b\":{\"c\":\"\\\\\"}}";
	unit_each_cut(text, sizeof(text) - 1, parse_cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_by_table),
		cmocka_unit_test(numbers_beyond_jansson_are_read_as_doubles),
		cmocka_unit_test(refuses),
		cmocka_unit_test(depth_has_a_limit),
		cmocka_unit_test(survives_every_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
