/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/format/custom_profile.h"
#include "tests/unit/unit.h"

static int parse(const char *text, struct custom_profile *ret, struct err *err)
{
	cleanup_free char *bytes = unit_exact(text, strlen(text));

	return custom_profile_parse(bytes, strlen(text), ret, err);
}

static void reads_each_field(void **state)
{
	(void)state;
	struct custom_profile profile;
	struct err err;

	assert_success(parse("{\"name\":\"dns-1\",\"summary\":\"capture DNS\",\"ids\":\"target\",\"capabilities\":"
			     "[\"NET_RAW\",\"KILL\"],\"seccomp\":\"/etc/f.json\",\"limits\":\"target\","
			     "\"unmasked_proc\":true,\"all_devices\":true}",
			     &profile, &err),
		       err);
	assert_string_equal(profile.name, "dns-1");
	assert_string_equal(profile.summary, "capture DNS");
	assert_string_equal(profile.seccomp, "/etc/f.json");
	assert_int_equal(profile.capabilities.count, 2);
	assert_string_equal(profile.capabilities.items[1], "KILL");
	assert_true(profile.target_ids && profile.target_limits && profile.unmasked_proc && profile.all_devices);
	assert_false(profile.all_capabilities || profile.target_capabilities);
	custom_profile_done(&profile);

	assert_success(parse(" { \"name\" : \"a\" , \"ids\":\"root\",\"limits\":\"session\",\"seccomp\":null } ",
			     &profile, &err),
		       err);
	assert_null(profile.seccomp);
	assert_null(profile.summary);
	assert_false(profile.target_ids || profile.target_limits || profile.unmasked_proc || profile.all_devices);
	custom_profile_done(&profile);

	assert_success(parse("{\"name\":\"a\",\"capabilities\":\"all\"}", &profile, &err), err);
	assert_true(profile.all_capabilities && !profile.target_capabilities);
	custom_profile_done(&profile);
	assert_success(parse("{\"name\":\"a\",\"capabilities\":\"target\"}", &profile, &err), err);
	assert_true(!profile.all_capabilities && profile.target_capabilities);
	custom_profile_done(&profile);
}

static void refuses(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "", "line 1: is not JSON" },
		{ "[]", "line 1: is not JSON" },
		{ "{}", "there is no \"name\"" },
		{ "{\"name\":null}", "there is no \"name\"" },
		{ "{\"name\":\"\"}", "name: not 1 to 32" },
		{ "{\"name\":\"-a\"}", "name: not 1 to 32" },
		{ "{\"name\":\"a b\"}", "name: not 1 to 32" },
		{ "{\"name\":\"$(x)\"}", "name: not 1 to 32" },
		{ "{\"name\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}", "name: not 1 to 32" },
		{ "{\"name\":\"\\u0061\"}", "with escapes" },
		{ "{\"name\":7}", "line 1: is not JSON, or another type" },
		{ "{\"name\":\"a\",\"name\":\"b\"}", "a second \"name\"" },
		{ "{\"name\":\"a\",\n\n\"Name\":\"b\"}", "line 3: unknown field \"Name\"" },
		{ "{\"name\":\"a\",\"ids\":\"nobody\"}", "ids: neither root nor target: \"nobody\"" },
		{ "{\"name\":\"a\",\"ids\":0}", "another type" },
		{ "{\"name\":\"a\",\"limits\":\"none\"}", "limits: neither" },
		{ "{\"name\":\"a\",\"capabilities\":\"KILL\"}", "capabilities: neither a list" },
		{ "{\"name\":\"a\",\"capabilities\":[\"\"]}", "an empty name" },
		{ "{\"name\":\"a\",\"capabilities\":[1]}", "another type" },
		{ "{\"name\":\"a\",\"seccomp\":\"f.json\"}", "nor an absolute path: \"f.json\"" },
		{ "{\"name\":\"a\",\"seccomp\":{}}", "another type" },
		{ "{\"name\":\"a\",\"all_devices\":1}", "neither true nor false" },
		{ "{\"name\":\"a\",\"all_devices\":tru}", "is not JSON" },
		{ "{\"name\":\"a\"} x", "is not JSON" },
		{ "{\"name\":\"a\",}", "is not JSON" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct custom_profile profile = { 0 };
		struct err err = { 0 };

		assert_failure(parse(rows[i].text, &profile, &err), err, ERR_MALFORMED);
		if (strstr(err.text, rows[i].says) == NULL)
			fail_msg("%s: \"%s\" does not say \"%s\"", rows[i].text, err.text, rows[i].says);
		assert_null(profile.name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(reads_each_field), cmocka_unit_test(refuses) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
