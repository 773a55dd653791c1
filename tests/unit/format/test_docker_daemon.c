/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/format/docker_daemon.h"
#include "tests/unit/unit.h"

static void reads(void **state)
{
	(void)state;
	static const char text[] =
		"{\"data-root\":\"/mnt/data\",\"log-driver\":\"journald\",\"exec-root\":\"/run/other\"}";
	struct docker_daemon daemon = { 0 };
	struct err err;
	cleanup_free char *bytes = unit_exact(text, sizeof(text) - 1);

	assert_success(docker_daemon_parse(bytes, sizeof(text) - 1, &daemon, &err), err);
	assert_string_equal(daemon.data_root, "/mnt/data");
	assert_string_equal(daemon.exec_root, "/run/other");
	docker_daemon_done(&daemon);
	assert_success(docker_daemon_parse("{}", 2, &daemon, &err), err);
	assert_null(daemon.data_root);
	assert_null(daemon.exec_root);
}

static void refuses(void **state)
{
	(void)state;
	static const char *const texts[] = { "",
					     "[]",
					     "{\"data-root\":1}",
					     "{\"data-root\":\"\"}",
					     "{\"exec-root\":\"run\"}",
					     "{\"data-root\":\"/a\"" };
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct docker_daemon daemon = { 0 };
		struct err err = { 0 };
		assert_failure(docker_daemon_parse(texts[i], strlen(texts[i]), &daemon, &err), err, ERR_MALFORMED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(reads), cmocka_unit_test(refuses) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
