/* SPDX-License-Identifier: Apache-2.0 */
/* Where options end and the command begins; what is refused, with which words; the environment's own forms. */
#include "dbgattach/cli.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <sys/stat.h>

#define WORDS_MAX 10

static int parse(const char *const words[WORDS_MAX], struct cli_result *ret, struct err *err)
{
	char *argv[WORDS_MAX + 2] = { (char[]) { "dbgattach" } };
	int argc = 1;

	for (; argc <= WORDS_MAX && words[argc - 1] != NULL; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	return cli_parse(argc, argv, ret, err);
}

static void options_end_at_the_target(void **state)
{
	(void)state;
	static const struct {
		const char *words[WORDS_MAX], *target, *command[5];
	} rows[] = {
		{ { "web" }, "web", { NULL } },
		{ { "web", "ls", "-l" }, "web", { "ls", "-l" } },
		{ { "web", "--", "-v" }, "web", { "-v" } },
		{ { "web", "--", "ls" }, "web", { "ls" } },
		{ { "web", "--" }, "web", { NULL } },
		{ { "web", "--", "--", "ls" }, "web", { "--", "ls" } }, /* dropped once */
		{ { "web", "ls", "--", "x" }, "web", { "ls", "--", "x" } },
		{ { "--", "web", "ls" }, "web", { "ls" } },
		{ { "--", "web", "--", "ls" }, "web", { "ls" } },
		{ { "-it", "--", "web" }, "web", { NULL } },
		{ { "web", "", "a b" }, "web", { "", "a b" } },
		{ { "attach", "web" }, "web", { NULL } },
		{ { "attach", "-it", "web", "sh" }, "web", { "sh" } },
		{ { "attach", "attach" }, "attach", { NULL } },
		{ { "attach", "attach", "attach" }, "attach", { "attach" } },
		{ { "attach", "--", "attach" }, "attach", { NULL } },
		{ { "docker:attach" }, "attach", { NULL } },
		{ { "-it", "attach", "x" }, "attach", { "x" } }, /* only the first word is a command's name */
		{ { "--", "attach" }, "attach", { NULL } },
		{ { "-c", "-v", "web" }, "web", { NULL } }, /* a value is never an option */
		{ { "--command", "--", "web" }, "web", { NULL } },
		{ { "-c", "echo $1", "web", "a" }, "web", { "a" } },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cli_result cli;
		struct err err = { 0 };
		size_t count = 0;

		if (parse(rows[i].words, &cli, &err) < 0)
			fail_msg("row %zu: %s", i, err.text);
		assert_string_equal(cli.request.target.name, rows[i].target);
		for (; rows[i].command[count] != NULL; count++) {
			assert_true(count < cli.request.command.count);
			assert_string_equal(cli.request.command.items[count], rows[i].command[count]);
		}
		assert_int_equal(cli.request.command.count, count);
		assert_int_equal(cli.verbosity, 0);
		attach_request_done(&cli.request);
	}
}

static const struct {
	const char *words[WORDS_MAX], *says;
} wrong[] = {
	{ { NULL }, "no container is named" },
	{ { "attach" }, "no container is named" },
	{ { "-it" }, "no container is named" },
	{ { "--" }, "no container is named" },
	{ { "--explain", "-eA=1" }, "no container is named" },
	{ { "-x", "web" }, "unknown option -x" },
	{ { "--frobnicate", "web" }, "unknown option --frobnicate" },
	{ { "--frobnicate=1", "web" }, "unknown option --frobnicate" },
	{ { "--tt", "web" }, "unknown option --tt" }, /* no abbreviations: they would not stay unique */
	{ { "--ttyy", "web" }, "unknown option --ttyy" },
	{ { "--=x", "web" }, "unknown option --=x" },
	{ { "---v", "web" }, "unknown option ---v" },
	{ { "-eA=1", "-eB=2", "--nope", "web" }, "unknown option --nope" },
	{ { "-", "web" }, "-" },
	{ { "" }, "" },
	{ { "--", "-v" }, "-v" },
	{ { "web/.." }, ".." },
	{ { "-eA=1", "we b" }, "we b" },
	{ { "-w", "tmp", "web" }, "absolute path" },
	{ { "-w", "", "web" }, "absolute path" },
	{ { "-u", "", "web" }, "expected UID, UID:GID or NAME" },
	{ { "-u", "1:2:3", "web" }, "expected UID, UID:GID or NAME" },
	{ { "-u=1000", "web" }, "expected UID, UID:GID or NAME" },
	{ { "-u4294967295", "web" }, "expected UID, UID:GID or NAME" },
	{ { "-e", "=x", "web" }, "is not NAME=VALUE" },
	{ { "-e", "", "web" }, "is not NAME=VALUE" },
	{ { "-e", " A=x", "web" }, "is not NAME=VALUE" },
	{ { "--profile", "Sysadmin", "web" },
	  "there is no such profile (general, baseline, restricted, target, netadmin, sysadmin)" },
	{ { "--profile=", "web" }, "there is no such profile" },
	{ { "--cap-add", "FLY", "web" }, "--cap-add: \"FLY\" is no capability" },
	{ { "--lsm", "docker-default", "web" }, "target or unconfined" },
	{ { "--lsm", "", "web" }, "target or unconfined" },
	{ { "-eA=1", "--cap-drop", "5", "web" }, "--cap-drop: \"5\" is no capability" },
	{ { "--seccomp", "/nonexistent/file", "web" }, "--seccomp: /nonexistent/file: there is no such file" },
	{ { "--custom", "/nonexistent/file", "web" }, "--custom: /nonexistent/file: there is no such file" },
	{ { "--ns", "pid,fs", "web" }, "\"fs\" is no namespace" },
	{ { "--ns=", "web" }, "is no namespace" },
	{ { "--timeout", "0", "web" }, "a duration is" },
	{ { "--timeout", "1w", "web" }, "a duration is" },
	{ { "--timeout=-1", "web" }, "a duration is" },
	{ { "--write=no", "web" }, "--write takes no argument" },
	{ { "-d", "web" }, "a session ends with its caller" },
	{ { "--detach", "web" }, "a session ends with its caller" },
	{ { "-itd", "web" }, "a session ends with its caller" },
	{ { "--detach-keys", "ctrl-q", "web" }, "a session ends with its caller" },
	{ { "--detach-keys=ctrl-q", "web" }, "--detach-keys" },
	{ { "--toolbox", "", "web" }, "no name" },
	{ { "--toolbox-check", "often", "web" }, "none of cached" },
	{ { "--shell=", "web" }, "no path" },
	{ { "--image", "busybox", "web" }, "the tools come from a toolbox" },
	{ { "--image=busybox", "web" }, "the tools come from a toolbox" },
	{ { "--env-file" }, "needs an argument" },
};

static void usage_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct cli_result cli, before;
		struct err err = { 0 };

		memset(&cli, 0x5a, sizeof(cli));
		memcpy(&before, &cli, sizeof(cli));
		if (parse(wrong[i].words, &cli, &err) >= 0)
			fail_msg("row %zu is accepted", i);
		assert_int_equal(err.kind, ERR_USAGE);
		if (strstr(err.text, wrong[i].says) == NULL)
			fail_msg("row %zu: \"%s\" does not say \"%s\"", i, err.text, wrong[i].says);
		assert_memory_equal(&cli, &before,
				    sizeof(cli)); /* what was allocated for it is freed: see a sanitizer build */
	}
}

static void help_and_version_need_no_target(void **state)
{
	(void)state;
	static const struct {
		const char *words[WORDS_MAX];
		enum cli_action action;
	} rows[] = {
		{ { "--help" }, CLI_HELP },
		{ { "-h" }, CLI_HELP },
		{ { "attach", "--help" }, CLI_HELP },
		{ { "-ith" }, CLI_HELP },
		{ { "--help", "--nonsense" }, CLI_HELP },
		{ { "-eA=1", "--version" }, CLI_VERSION },
		{ { "--version", "web" }, CLI_VERSION },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cli_result cli;
		struct err err = { 0 };

		assert_success(parse(rows[i].words, &cli, &err), err);
		assert_int_equal(cli.action, rows[i].action);
		attach_request_done(&cli.request);
	}
}

/* A name alone takes the caller's value; one that he has not set is not set, as with docker. */
static void environment_by_name(void **state)
{
	(void)state;
	static const char *const words[WORDS_MAX] = { "-e",         "UNIT_SET",  "-eUNIT_UNSET", "-e",
						      "UNIT_EMPTY", "-eA=$HOME", "web" };
	struct cli_result cli;
	struct err err = { 0 };

	assert_int_equal(setenv("UNIT_SET", "a=b\nc", 1), 0);
	assert_int_equal(setenv("UNIT_EMPTY", "", 1), 0);
	assert_int_equal(unsetenv("UNIT_UNSET"), 0);
	assert_success(parse(words, &cli, &err), err);
	assert_int_equal(cli.request.env.count, 3);
	assert_string_equal(cli.request.env.items[0], "UNIT_SET=a=b\nc");
	assert_string_equal(cli.request.env.items[1], "UNIT_EMPTY=");
	assert_string_equal(cli.request.env.items[2], "A=$HOME");
	attach_request_done(&cli.request);
}

static char env_file[64];

static int file_setup(void **state)
{
	(void)state;
	strcpy(env_file, "/tmp/dbgattach-cli-XXXXXX");
	cleanup_close int fd = mkstemp(env_file);
	return fd < 0;
}

static int file_teardown(void **state)
{
	(void)state;
	return unlink(env_file);
}

static void put(const char *text)
{
	cleanup_close int fd = open(env_file, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void environment_by_file(void **state)
{
	(void)state;
	static const char *const expected[] = { "A=2", "B=x y ", "C=", "Q=\"quoted\"", "D=last" };
	const char *const words[WORDS_MAX] = { "-e", "A=0", "--env-file", env_file, "web" };
	struct cli_result cli;
	struct err err = { 0 };

	assert_int_equal(unsetenv("UNIT_UNSET"), 0);
	put("# comment=1\n\nA=1\nB=x y \nA=2\nC=\nUNIT_UNSET\nQ=\"quoted\"\nD=last");
	assert_success(parse(words, &cli, &err), err);
	assert_int_equal(cli.request.env.count, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_string_equal(cli.request.env.items[i], expected[i]);
	attach_request_done(&cli.request);
	put("");
	assert_success(parse(words, &cli, &err), err);
	assert_int_equal(cli.request.env.count, 1);
	attach_request_done(&cli.request);
	put("A=1\n=x\nB=2\n");
	assert_failure(parse(words, &cli, &err), err, ERR_USAGE);
	assert_non_null(strstr(err.text, "--env-file"));
	assert_int_equal(truncate(env_file, (1 << 20) + 1), 0);
	assert_failure(parse(words, &cli, &err), err, ERR_SYSTEM);
	const char *const missing[WORDS_MAX] = { "-eA=1", "--env-file", "/nonexistent/file", "web" };
	assert_failure(parse(missing, &cli, &err), err, ERR_SYSTEM);
	assert_non_null(strstr(err.text, "/nonexistent/file"));
}

/* The caller's own file, which may well be a link: ~/.env, /dev/stdin, a shell's <(command). */
static void environment_by_link(void **state)
{
	(void)state;
	char link[80];
	const char *const words[WORDS_MAX] = { "--env-file", link, "web" };
	struct cli_result cli;
	struct err err = { 0 };

	put("A=1\n");
	(void)snprintf(link, sizeof(link), "%s.link", env_file);
	assert_int_equal(symlink(env_file, link), 0);
	int result = parse(words, &cli, &err);
	assert_int_equal(unlink(link), 0);
	assert_success(result, err);
	assert_int_equal(cli.request.env.count, 1);
	attach_request_done(&cli.request);
}

static void help_lists_what_it_should(void **state)
{
	(void)state;
	static const char *const listed[] = { "-t, --tty", "-u, --user USER", "    --profile NAME", "-h, --help", "124",
					      "125" };
	static const char *const hidden[] = { "--rm", "--image", "--detach", "--privileged", "--interactive" };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	cli_print_help(out);
	assert_int_equal(fclose(out), 0);
	for (size_t i = 0; i < ARRAY_SIZE(listed); i++)
		if (strstr(text, listed[i]) == NULL)
			fail_msg("\"%s\" is missing", listed[i]);
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
		assert_null(strstr(text, hidden[i]));
	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 120);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_end_at_the_target),
		cmocka_unit_test(usage_errors),
		cmocka_unit_test(help_and_version_need_no_target),
		cmocka_unit_test(environment_by_name),
		cmocka_unit_test_setup_teardown(environment_by_file, file_setup, file_teardown),
		cmocka_unit_test_setup_teardown(environment_by_link, file_setup, file_teardown),
		cmocka_unit_test(help_lists_what_it_should)
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
