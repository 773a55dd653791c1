/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/format/docker.h"
#include "tests/unit/unit.h"

#define STATE "\"State\":{\"Running\":true,\"Paused\":true,\"Pid\":4782}"

static const char real[] = "{\"StreamConfig\":{}," STATE ",\"ID\":\"" ID_A "\",\"Path\":\"/app\",\"Config\":{"
			   "\"Hostname\":\"aaaaaaaa0000\",\"Env\":[\"PATH=/bin\",\"FOO=b a r\"],\"Image\":\"app:1\","
			   "\"Volumes\":null,\"Labels\":{}},\"Image\":\"sha256:00\",\"Name\":\"/web\"}";

static void reads_what_a_session_needs(void **state)
{
	(void)state;
	struct docker_container container;
	struct err err;
	cleanup_free char *bytes = unit_exact(real, sizeof(real) - 1);

	assert_success(docker_container_parse(bytes, sizeof(real) - 1, &container, &err), err);
	assert_string_equal(container.id, ID_A);
	assert_string_equal(container.name, "web");
	assert_string_equal(container.image, "app:1");
	assert_string_equal(container.hostname, "aaaaaaaa0000");
	assert_int_equal(container.pid, 4782);
	assert_true(container.running);
	assert_true(container.paused);
	assert_int_equal(container.env.count, 2);
	assert_string_equal(container.env.items[1], "FOO=b a r");
	docker_container_done(&container);
}

static void takes_what_may_be_absent(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"{\"State\":{\"Running\":false,\"Pid\":0},\"ID\":\"" ID_A "\",\"Name\":\"/a\"}",
		"{\"State\":{\"Running\":false,\"Pid\":0},\"ID\":\"" ID_A "\",\"Name\":\"a\",\"Config\":null}",
		"{\"State\":{\"Running\":false,\"Pid\":0},\"ID\":\"" ID_A
		"\",\"Name\":\"a\",\"Config\":{\"Env\":null}}",
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct docker_container container;
		struct err err;
		assert_success(docker_container_parse(texts[i], strlen(texts[i]), &container, &err), err);
		assert_string_equal(container.name, "a");
		assert_false(container.running);
		assert_int_equal(container.env.count, 0);
		docker_container_done(&container);
	}
}

static void labels_of_kubernetes(void **state)
{
	(void)state;
	static const struct {
		const char *labels, *name;
	} rows[] = {
		{ "{\"io.kubernetes.pod.name\":\"web-0\",\"io.kubernetes.pod.namespace\":\"shop\"}", "web-0" },
		{ "{\"io.kubernetes.pod.name\":\"\"}", NULL },
		{ "{\"io.kubernetes.pod.name\":7}", NULL },
		{ "[]", NULL },
		{ "\"x\"", NULL },
		{ "null", NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct docker_container container;
		char text[512];
		struct err err;

		(void)snprintf(text, sizeof(text),
			       "{" STATE ",\"ID\":\"" ID_A "\",\"Name\":\"/a\",\"Config\":{\"Labels\":%s}}",
			       rows[i].labels);
		assert_success(docker_container_parse(text, strlen(text), &container, &err), err);
		if (rows[i].name != NULL) {
			assert_string_equal(container.pod_name, rows[i].name);
			assert_string_equal(container.pod_namespace, "shop");
		} else {
			assert_null(container.pod_name);
		}
		docker_container_done(&container);
	}
}

static void refuses(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"null",
		"[]",
		"{}",
		"\0",
		"{" STATE ",\"ID\":\"" ID_A "\"}",
		"{" STATE ",\"ID\":\"short\",\"Name\":\"/a\"}",
		"{" STATE
		",\"ID\":\"../../../../../../../../../../../../../../../../../../../../../x\",\"Name\":\"/a\"}",
		"{\"State\":{\"Running\":true,\"Pid\":-1},\"ID\":\"" ID_A "\",\"Name\":\"/a\"}",
		"{\"State\":{\"Running\":true,\"Pid\":0},\"ID\":\"" ID_A "\",\"Name\":\"/a\"}",
		"{\"State\":{\"Running\":true,\"Pid\":4294967297},\"ID\":\"" ID_A "\",\"Name\":\"/a\"}",
		"{\"State\":{\"Running\":true,\"Pid\":99999999999999999999},\"ID\":\"" ID_A "\",\"Name\":\"/a\"}",
		"{\"State\":{\"Running\":true,\"Pid\":1.5},\"ID\":\"" ID_A "\",\"Name\":\"/a\"}",
		"{\"State\":{\"Running\":true,\"Pid\":\"1\"},\"ID\":\"" ID_A "\",\"Name\":\"/a\"}",
		"{" STATE "," STATE ",\"ID\":\"" ID_A "\",\"Name\":\"/a\"}",
		"{" STATE ",\"ID\":\"" ID_A "\",\"Name\":\"/a\",\"Config\":{\"Env\":[1]}}",
		"{" STATE ",\"ID\":\"" ID_A "\",\"Name\":\"/a\",\"Config\":{\"Env\":\"A=1\"}}",
		"{" STATE ",\"ID\":\"" ID_A "\",\"Name\":\"/a\\u0000b\"}",
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct docker_container container = { 0 };
		struct err err = { 0 };
		if (docker_container_parse(texts[i], strlen(texts[i]), &container, &err) >= 0)
			fail_msg("taken: %s", texts[i]);
		assert_int_equal(err.kind, ERR_MALFORMED);
		assert_null(container.id);
	}
}

static void parse_cut(const char *bytes, size_t length)
{
	struct docker_container container = { 0 };
	struct err err = { 0 };
	assert_failure(docker_container_parse(bytes, length, &container, &err), err, ERR_MALFORMED);
	assert_null(container.id);
}

static void survives_every_cut(void **state)
{
	(void)state;
	unit_each_cut(real, sizeof(real) - 1, parse_cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_a_session_needs), cmocka_unit_test(takes_what_may_be_absent),
		cmocka_unit_test(labels_of_kubernetes),       cmocka_unit_test(refuses),
		cmocka_unit_test(survives_every_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
