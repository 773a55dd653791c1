/* SPDX-License-Identifier: Apache-2.0 */
/* --seccomp FILE and --custom FILE: what a file makes of the request. */
#include "dbgattach/cli.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <unistd.h>

static char folder[] = "/tmp/dbgattach-option-XXXXXX";

static int folder_setup(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL || chdir(folder) < 0;
}

static int folder_teardown(void **state)
{
	(void)state;
	(void)unlink("one");
	(void)unlink("two");
	return chdir("/") < 0 || rmdir(folder) < 0;
}

static void write_file(const char *name, const char *text)
{
	cleanup_close int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

#define WORDS_MAX 10

static int parse(const char *const *words, struct cli_result *ret, struct err *err)
{
	char *argv[WORDS_MAX + 1] = { (char *)(uintptr_t) "dbgattach" };
	int argc = 1;

	for (; words[argc - 1] != NULL; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	return cli_parse(argc, argv, ret, err);
}

static void a_seccomp_file(void **state)
{
	(void)state;
	struct cli_result cli;
	struct err err = { 0 };

	write_file("one", "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}");
	write_file("two", "{\"defaultAction\":\"SCMP_ACT_KILL\"}");
	assert_success(parse((const char *const[]) { "--seccomp", "one", "--seccomp=./two", "web", NULL }, &cli, &err),
		       err);
	assert_true(cli.request.seccomp_given && cli.request.seccomp == SECCOMP_FILE);
	assert_int_equal(cli.request.seccomp_profile->otherwise.action,
			 SECCOMP_ACTION_KILL_THREAD); /* the last counts */
	attach_request_done(&cli.request);

	write_file("two", "{\n\"defaultAction\":\"SCMP_ACT_ALOW\"}");
	assert_failure(parse((const char *const[]) { "--seccomp", "one", "--seccomp", "two", "web", NULL }, &cli, &err),
		       err, ERR_MALFORMED);
	assert_string_equal(err.text, "--seccomp: two: line 2: unknown action \"SCMP_ACT_ALOW\"");
	write_file("two", "");
	assert_failure(parse((const char *const[]) { "--seccomp", "two", "web", NULL }, &cli, &err), err,
		       ERR_MALFORMED);
}

static void a_profile_of_ones_own(void **state)
{
	(void)state;
	struct cli_result cli;
	struct err err = { 0 };
	const struct profile *profile;

	write_file("one", "{\"name\":\"dns\",\"ids\":\"target\",\"capabilities\":[\"net_raw\",\"CAP_KILL\"],"
			  "\"seccomp\":\"target\",\"limits\":\"target\",\"all_devices\":true}");
	assert_success(parse((const char *const[]) { "--custom", "one", "web", NULL }, &cli, &err), err);
	profile = cli.request.profile;
	assert_string_equal(profile->name, "dns");
	assert_true(strlen(profile->summary) > 0);
	assert_true(profile->ids == IDS_TARGET && profile->target_attributes && profile->all_devices);
	assert_true(profile->capabilities == (CAPABILITY_BIT(CAP_NET_RAW) | CAPABILITY_BIT(CAP_KILL)));
	assert_false(profile->all_capabilities || profile->target_capabilities || profile->unmasked_proc);
	assert_int_equal(profile->seccomp, SECCOMP_TARGET);
	assert_false(cli.request.seccomp_given);
	attach_request_done(&cli.request);

	write_file("two", "{\"name\":\"b\"}");
	assert_success(parse((const char *const[]) { "--custom", "one", "--custom", "two", "web", NULL }, &cli, &err),
		       err);
	profile = cli.request.profile;
	assert_string_equal(profile->name, "b");
	assert_true(profile->ids == IDS_ROOT && profile->capabilities == 0 && profile->seccomp == SECCOMP_DEFAULT);
	attach_request_done(&cli.request);
}

static void seccomp_stands_above_it(void **state)
{
	(void)state;
	struct cli_result cli;
	struct err err = { 0 };

	write_file("one", "{\"name\":\"a\",\"seccomp\":\"/nonexistent/file\"}");
	assert_failure(parse((const char *const[]) { "--custom", "one", "web", NULL }, &cli, &err), err, ERR_USAGE);
	assert_string_equal(err.text, "--custom: /nonexistent/file: there is no such file");
	assert_success(
		parse((const char *const[]) { "--seccomp", "default", "--custom", "one", "web", NULL }, &cli, &err),
		err);
	assert_int_equal(cli.request.seccomp, SECCOMP_DEFAULT);
	attach_request_done(&cli.request);
}

static void refusals(void **state)
{
	(void)state;
	static const struct {
		const char *text, *words[6], *says;
		enum err_kind kind;
	} rows[] = {
		{ "{\"name\":\"a\"}", { "--custom", "one", "--profile", "general", "web" }, "only one", ERR_USAGE },
		{ "{\"name\":\"a\"}", { "--privileged", "--custom", "one", "web" }, "only one", ERR_USAGE },
		{ "{\"name\":\"general\"}", { "--custom", "one", "web" }, "dbgattach's own", ERR_USAGE },
		{ "{\"name\":\"a\",\"capabilities\":[\"FLY\"]}", { "--custom", "one", "web" }, "FLY", ERR_USAGE },
		{ "{\"name\":\"a\",\n\"capabilites\":[]}",
		  { "--custom", "one", "web" },
		  "line 2: unknown field \"capabilites\"",
		  ERR_MALFORMED },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cli_result cli;
		struct err err = { 0 };

		write_file("one", rows[i].text);
		assert_failure(parse(rows[i].words, &cli, &err), err, rows[i].kind);
		if (strstr(err.text, rows[i].says) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", err.text, rows[i].says);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_seccomp_file),
		cmocka_unit_test(a_profile_of_ones_own),
		cmocka_unit_test(seccomp_stands_above_it),
		cmocka_unit_test(refusals),
	};
	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
