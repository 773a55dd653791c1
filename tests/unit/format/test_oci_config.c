/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/format/oci_config.h"
#include "tests/unit/unit.h"

static const char real[] =
	"{\"ociVersion\":\"1.0.2\",\"process\":{\"user\":{\"uid\":0},\"args\":[\"/app\"],\"env\":[\"PATH=/"
	"bin\",\"A=1\"],"
	"\"rlimits\":[{\"type\":\"RLIMIT_MEMLOCK\",\"hard\":18446744073709551615,\"soft\":18446744073709551615}]},"
	"\"hostname\":\"box\"}";

static void reads_env_and_hostname(void **state)
{
	(void)state;
	struct oci_config config;
	struct err err;
	cleanup_free char *bytes = unit_exact(real, sizeof(real) - 1);

	assert_success(oci_config_parse(bytes, sizeof(real) - 1, &config, &err), err);
	assert_int_equal(config.env.count, 2);
	assert_string_equal(config.env.items[0], "PATH=/bin");
	assert_string_equal(config.hostname, "box");
	oci_config_done(&config);

	assert_success(oci_config_parse("{}", 2, &config, &err), err);
	assert_int_equal(config.env.count, 0);
	assert_null(config.hostname);
	oci_config_done(&config);
}

static void refuses(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"[]",
		"{\"hostname\":1}",
		"{\"process\":[]}",
		"{\"process\":{\"env\":{}}}",
		"{\"process\":{\"env\":[null]}}",
		"{\"process\":{\"env\":[\"A=1\",2]}}",
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct oci_config config = { 0 };
		struct err err = { 0 };
		assert_failure(oci_config_parse(texts[i], strlen(texts[i]), &config, &err), err, ERR_MALFORMED);
		assert_int_equal(config.env.count, 0);
	}
}

static void too_many_variables_are_refused(void **state)
{
	(void)state;
	enum { COUNT = 5000 };
	struct oci_config config = { 0 };
	struct err err;
	cleanup_free char *text = calloc(COUNT * 6 + 100, 1);
	assert_non_null(text);
	char *at = stpcpy(text, "{\"process\":{\"env\":[\"A=1\"");
	for (int i = 1; i < COUNT; i++)
		at = stpcpy(at, ",\"B=\"");
	strcpy(at, "]}}");
	assert_failure(oci_config_parse(text, strlen(text), &config, &err), err, ERR_MALFORMED);
}

static void parse_cut(const char *bytes, size_t length)
{
	struct oci_config config = { 0 };
	struct err err = { 0 };
	assert_failure(oci_config_parse(bytes, length, &config, &err), err, ERR_MALFORMED);
}

static void survives_every_cut(void **state)
{
	(void)state;
	unit_each_cut(real, sizeof(real) - 1, parse_cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_env_and_hostname),
		cmocka_unit_test(refuses),
		cmocka_unit_test(too_many_variables_are_refused),
		cmocka_unit_test(survives_every_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
