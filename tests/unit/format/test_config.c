/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/format/config.h"
#include "tests/unit/unit.h"

static int parse(const char *text, struct config *ret, struct err *err)
{
	cleanup_free char *bytes = unit_exact(text, strlen(text));

	return config_parse(bytes, strlen(text), ret, err);
}

static void reads_each_field(void **state)
{
	(void)state;
	struct config config;
	struct err err;

	assert_success(
		parse("{\"defaults\":{\"profile\":\"baseline\",\"toolbox\":\"core\",\"toolbox_check\":\"always\","
		      "\"shell\":\"/dbg/bin/bash\",\"timeout\":\"1h\"},\"policy\":{\"profiles\":[\"baseline\","
		      "\"target\"],\"max_timeout\":\"2h\",\"allow\":[\"write\",\"cap-add\"]}}",
		      &config, &err),
		err);
	assert_string_equal(config.profile, "baseline");
	assert_string_equal(config.toolbox, "core");
	assert_string_equal(config.toolbox_check, "always");
	assert_string_equal(config.shell, "/dbg/bin/bash");
	assert_string_equal(config.timeout, "1h");
	assert_true(config.policy && config.profiles_given);
	assert_int_equal(config.profiles.count, 2);
	assert_string_equal(config.profiles.items[1], "target");
	assert_int_equal(config.max_timeout_s, 7200);
	assert_int_equal(config.allow, 1U << CONFIG_WRITE | 1U << CONFIG_CAP_ADD);
	config_done(&config);
}

static void nothing_stated(void **state)
{
	(void)state;
	struct config config;
	struct err err;

	assert_success(parse("{}", &config, &err), err);
	assert_false(config.policy || config.profiles_given);
	assert_null(config.profile);
	config_done(&config);
	/* An empty policy is one; so is an empty list of profiles. */
	assert_success(parse("{\"policy\":{\"profiles\":[]}}", &config, &err), err);
	assert_true(config.policy && config.profiles_given);
	assert_int_equal(config.profiles.count, 0);
	assert_int_equal(config.allow, 0);
	config_done(&config);
	assert_success(parse("{\"policy\":{}}", &config, &err), err);
	assert_true(config.policy && !config.profiles_given);
	config_done(&config);
}

static void every_name_can_be_allowed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CONFIG_ALLOW_MAX; i++) {
		struct config config;
		struct err err;
		cleanup_free char *text =
			text_printf("{\"policy\":{\"allow\":[\"%s\"]}}", config_allow_name((enum config_allow)i));

		assert_success(parse(text, &config, &err), err);
		assert_int_equal(config.allow, 1U << i);
		config_done(&config);
	}
}

static void refuses(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "", "line 1: is not JSON" },
		{ "[]", "line 1: is not JSON" },
		{ "{} {}", "is not JSON" },
		{ "{\"polcy\":{}}", "unknown field \"polcy\"" },
		{ "{\"policy\":{},\"policy\":{}}", "a second \"policy\"" },
		{ "{\"policy\":[]}", "another type" },
		{ "{\"policy\":{\n\"profile\":[]}}", "line 2: unknown field \"profile\"" },
		{ "{\"policy\":{\"profiles\":\"general\"}}", "another type" },
		{ "{\"policy\":{\"profiles\":[\"\"]}}", "an empty name" },
		{ "{\"policy\":{\"max_timeout\":3600}}", "another type" },
		{ "{\"policy\":{\"max_timeout\":\"0\"}}", "neither 90s" },
		{ "{\"policy\":{\"max_timeout\":\"1w\"}}", "neither 90s" },
		{ "{\"policy\":{\"allow\":[\"all\"]}}", "nothing that a policy can allow: \"all\"" },
		{ "{\"policy\":{\"allow\":\"write\"}}", "another type" },
		{ "{\"defaults\":{\"write\":true}}", "unknown field \"write\"" },
		{ "{\"defaults\":{\"profile\":7}}", "another type" },
		{ "{\"defaults\":{\"shell\":\"\"}}", "an empty word" },
		{ "{\"defaults\":{\"timeout\":\"soon\"}}", "neither 90s" },
		{ "{\"defaults\":{\"timeout\":\"1h\"}", "is not JSON" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct config config = { 0 };
		struct err err = { 0 };

		assert_failure(parse(rows[i].text, &config, &err), err, ERR_MALFORMED);
		if (strstr(err.text, rows[i].says) == NULL)
			fail_msg("%s: \"%s\" does not say \"%s\"", rows[i].text, err.text, rows[i].says);
		assert_false(config.policy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_each_field),
		cmocka_unit_test(nothing_stated),
		cmocka_unit_test(every_name_can_be_allowed),
		cmocka_unit_test(refuses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
