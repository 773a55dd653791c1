/* SPDX-License-Identifier: Apache-2.0 */
/* Whose value is not shown. */
#include "dbgattach/inspect.h"
#include "tests/unit/unit.h"

static void secrets(void **state)
{
	(void)state;
	static const struct {
		const char *name, *value;
	} rows[] = {
		{ "DB_PASSWORD", "x" },
		{ "PGPASS", "x" },
		{ "MYSQL_PWD", "x" },
		{ "API_TOKEN", "x" },
		{ "aws_secret_access_key", "x" },
		{ "AWS_ACCESS_KEY_ID", "x" },
		{ "SENTRY_DSN", "x" },
		{ "Authorization", "x" },
		{ "GOOGLE_APPLICATION_CREDENTIALS", "x" },
		{ "DATABASE_URL", "postgres://app:word@db/x" },
		{ "BROKER", "amqp://user:@host" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!inspect_is_secret(rows[i].name, rows[i].value))
			fail_msg("%s=%s is shown", rows[i].name, rows[i].value);
}

static void no_secrets(void **state)
{
	(void)state;
	static const struct {
		const char *name, *value;
	} rows[] = {
		{ "PATH", "/bin" },
		{ "PWD", "/" },
		{ "OLDPWD", "/" },
		{ "HOSTNAME", "web" },
		{ "LANG", "C.UTF-8" },
		{ "BASE_URL", "https://example.org:8080/a@b:c" },
		{ "MIRROR", "https://user@example.org/" },
		{ "EMPTY", "" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (inspect_is_secret(rows[i].name, rows[i].value))
			fail_msg("%s=%s is masked", rows[i].name, rows[i].value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets),
		cmocka_unit_test(no_secrets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
