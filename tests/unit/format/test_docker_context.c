/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/format/docker_context.h"
#include "tests/unit/unit.h"

static void reads(void **state)
{
	(void)state;
	static const char text[] =
		"{\"Name\":\"away\",\"Metadata\":{},\"Endpoints\":{\"docker\":{\"Host\":\"ssh://root@192.0.2.7\","
		"\"SkipTLSVerify\":false}}}";
	static const char config[] = "{\"auths\":{},\"currentContext\":\"away\"}";
	struct docker_context context = { 0 };
	struct err err;
	cleanup_free char *bytes = unit_exact(text, sizeof(text) - 1), *name = NULL;

	assert_success(docker_context_parse(bytes, sizeof(text) - 1, &context, &err), err);
	assert_string_equal(context.name, "away");
	assert_string_equal(context.host, "ssh://root@192.0.2.7");
	docker_context_done(&context);
	assert_success(docker_context_parse("{\"Name\":\"x\"}", 12, &context, &err), err);
	assert_null(context.host);
	docker_context_done(&context);
	assert_success(docker_current_context_parse(config, sizeof(config) - 1, &name, &err), err);
	assert_string_equal(name, "away");
	free(take_ptr(name));
	assert_success(docker_current_context_parse("{}", 2, &name, &err), err);
	assert_null(name);
}

static void refuses(void **state)
{
	(void)state;
	static const char *const contexts[] = { "",
						"[]",
						"{}",
						"{\"Name\":1}",
						"{\"Name\":\"x\",\"Endpoints\":[]}",
						"{\"Name\":\"x\",\"Endpoints\":{\"docker\":{\"Host\":{}}}}" };
	static const char *const configs[] = { "", "[]", "{\"currentContext\":1}", "{\"currentContext\":\"x\"" };
	struct docker_context context = { 0 };
	char *name = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(contexts); i++) {
		struct err err = { 0 };
		assert_failure(docker_context_parse(contexts[i], strlen(contexts[i]), &context, &err), err,
			       ERR_MALFORMED);
	}
	for (size_t i = 0; i < ARRAY_SIZE(configs); i++) {
		struct err err = { 0 };
		assert_failure(docker_current_context_parse(configs[i], strlen(configs[i]), &name, &err), err,
			       ERR_MALFORMED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(reads), cmocka_unit_test(refuses) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
