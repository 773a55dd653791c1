/* SPDX-License-Identifier: Apache-2.0 */
/* From argv to a request: every option in every form, and every word that is no option. */
#include "dbgattach/base/log.h"
#include "dbgattach/ns.h"
#include "src/cli/option.h"
#include "tests/unit/unit.h"

#include <linux/capability.h>

#define WORDS_MAX 12

struct parsed {
	int result;
	struct cli_result cli;
	struct err err;
};

/* Words, NULL-terminated, without the program's name. */
static struct parsed parse(const char *const *words)
{
	char *argv[WORDS_MAX + 2] = { (char[]) { "dbgattach" } };
	struct parsed parsed = { 0 };
	int argc = 1;

	for (; words[argc - 1] != NULL; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	memset(&parsed.cli, 0x5a, sizeof(parsed.cli));
	struct cli_result before;
	memcpy(&before, &parsed.cli, sizeof(before));
	parsed.result = cli_parse(argc, argv, &parsed.cli, &parsed.err);
	/* Else the sanitizer tells of what was allocated: nobody but cli_parse() could free it. */
	if (parsed.result < 0)
		assert_memory_equal(&parsed.cli, &before, sizeof(before));
	return parsed;
}

static void parsed_done(struct parsed *parsed)
{
	if (parsed->result == 0)
		attach_request_done(&parsed->cli.request);
}
#define cleanup_parsed __attribute__((cleanup(parsed_done)))

static void assert_refused(const char *const *words, const char *says)
{
	cleanup_parsed struct parsed parsed = parse(words);

	assert_failure(parsed.result, parsed.err, ERR_USAGE);
	if (strstr(parsed.err.text, says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", parsed.err.text, says);
}

static void defaults(void **state)
{
	(void)state;
	cleanup_parsed struct parsed parsed = parse((const char *const[]) { "web", NULL });
	const struct attach_request *request = &parsed.cli.request;

	assert_success(parsed.result, parsed.err);
	assert_string_equal(request->target.name, "web");
	assert_true(parsed.cli.action == CLI_ATTACH && parsed.cli.verbosity == LOG_NORMAL);
	assert_ptr_equal(request->profile, profile_find("general"));
	assert_true(request->terminal == TERMINAL_AUTO && request->user == USER_OF_PROFILE);
	assert_true(request->command.count == 0 && request->env.count == 0 && request->timeout_s == 0);
	assert_true(request->command_string == NULL && request->workdir == NULL && request->host_root == NULL);
	assert_true(request->cap_add == 0 && request->cap_drop == 0);
	assert_false(request->write || request->host_pid || request->host_net || request->namespaces_given ||
		     request->lsm_given);
	assert_false(request->no_target_env || request->env_from_process);
}

/* Where an option's effect is seen. */
enum seen {
	NOTHING,
	TERMINAL,
	STRING,
	USER,
	WORKDIR,
	ENV,
	NO_ENV,
	FROM_PROCESS,
	PROFILE,
	ADD,
	DROP,
	SECCOMP,
	LSM,
	WRITE,
	NS,
	PID,
	NET,
	TOOLBOX,
	TOOLBOX_CHECK,
	SHELL,
	HOST_ROOT,
	TIMEOUT,
	ACTION,
	VERBOSITY
};

static bool is_seen(const struct cli_result *cli, enum seen seen, const char *text, uint64_t number)
{
	const struct attach_request *request = &cli->request;

	switch (seen) {
	case NOTHING:
		return true;
	case TERMINAL:
		return request->terminal == number;
	case STRING:
		return request->command_string != NULL && strcmp(request->command_string, text) == 0;
	case USER:
		return request->user == USER_GIVEN && request->user_spec.uid == number;
	case WORKDIR:
		return request->workdir != NULL && strcmp(request->workdir, text) == 0;
	case ENV:
		return request->env.count == 1 && strcmp(request->env.items[0], text) == 0;
	case NO_ENV:
		return request->no_target_env;
	case FROM_PROCESS:
		return request->env_from_process;
	case PROFILE:
		return strcmp(request->profile->name, text) == 0;
	case ADD:
		return request->cap_add == number;
	case DROP:
		return request->cap_drop == number;
	case SECCOMP:
		return request->seccomp_given && request->seccomp == number && request->seccomp_profile == NULL;
	case LSM:
		return request->lsm_given && request->lsm == number;
	case WRITE:
		return request->write;
	case NS:
		return request->namespaces_given && request->namespaces == number;
	case PID:
		return request->host_pid;
	case NET:
		return request->host_net;
	case TOOLBOX:
		return request->toolbox != NULL && strcmp(request->toolbox, text) == 0;
	case TOOLBOX_CHECK:
		return request->toolbox_check == number;
	case SHELL:
		return request->shell != NULL && strcmp(request->shell, text) == 0;
	case HOST_ROOT:
		return request->host_root != NULL && strcmp(request->host_root, text) == 0;
	case TIMEOUT:
		return request->timeout_s == number;
	case ACTION:
		return cli->action == number;
	case VERBOSITY:
		return (uint64_t)cli->verbosity == number;
	}
	return false;
}

static const struct {
	const char *short_form, *long_form, *value;
	enum seen seen;
	const char *text;
	uint64_t number;
} options[] = {
	{ "-i", "--interactive", NULL, NOTHING, NULL, 0 },
	{ "-t", "--tty", NULL, TERMINAL, NULL, TERMINAL_YES },
	{ "-T", "--no-tty", NULL, TERMINAL, NULL, TERMINAL_NO },
	{ "-c", "--command", "echo -- $1; x=1", STRING, "echo -- $1; x=1", 0 },
	{ "-c", "--command", "", STRING, "", 0 },
	{ "-u", "--user", "1000", USER, NULL, 1000 },
	{ "-w", "--workdir", "/a b", WORKDIR, "/a b", 0 },
	{ "-e", "--env", "A=b=c", ENV, "A=b=c", 0 },
	{ "-e", "--env", "A=", ENV, "A=", 0 },
	{ NULL, "--no-target-env", NULL, NO_ENV, NULL, 0 },
	{ NULL, "--env-from-process", NULL, FROM_PROCESS, NULL, 0 },
	{ NULL, "--profile", "sysadmin", PROFILE, "sysadmin", 0 },
	{ NULL, "--profile", "general", PROFILE, "general", 0 },
	{ NULL, "--cap-add", "sys_time", ADD, NULL, CAPABILITY_BIT(CAP_SYS_TIME) },
	{ NULL, "--cap-drop", "CAP_KILL", DROP, NULL, CAPABILITY_BIT(CAP_KILL) },
	{ NULL, "--seccomp", "default", SECCOMP, NULL, SECCOMP_DEFAULT },
	{ NULL, "--seccomp", "target", SECCOMP, NULL, SECCOMP_TARGET },
	{ NULL, "--seccomp", "unconfined", SECCOMP, NULL, SECCOMP_UNCONFINED },
	{ NULL, "--lsm", "target", LSM, NULL, LSM_TARGET },
	{ NULL, "--lsm", "unconfined", LSM, NULL, LSM_UNCONFINED },
	{ NULL, "--write", NULL, WRITE, NULL, 0 },
	{ NULL, "--ns", "pid,mnt", NS, NULL, NS_BIT(NS_PID) | NS_BIT(NS_MNT) },
	{ NULL, "--host-pid", NULL, PID, NULL, 0 },
	{ NULL, "--host-net", NULL, NET, NULL, 0 },
	{ NULL, "--toolbox", "core", TOOLBOX, "core", 0 },
	{ NULL, "--toolbox", "./my toolbox", TOOLBOX, "./my toolbox", 0 },
	{ NULL, "--toolbox-check", "cached", TOOLBOX_CHECK, NULL, TOOLBOX_CHECK_CACHED },
	{ NULL, "--toolbox-check", "always", TOOLBOX_CHECK, NULL, TOOLBOX_CHECK_ALWAYS },
	{ NULL, "--toolbox-check", "never", TOOLBOX_CHECK, NULL, TOOLBOX_CHECK_NEVER },
	{ NULL, "--shell", "/bin/sh", SHELL, "/bin/sh", 0 },
	{ NULL, "--host-root", "/host", HOST_ROOT, "/host", 0 },
	{ NULL, "--timeout", "10m", TIMEOUT, NULL, 600 },
	{ NULL, "--explain", NULL, ACTION, NULL, CLI_EXPLAIN },
	{ "-v", "--verbose", NULL, VERBOSITY, NULL, LOG_STEPS },
	{ "-q", "--quiet", NULL, VERBOSITY, NULL, (uint64_t)LOG_QUIET },
	{ "-h", "--help", NULL, ACTION, NULL, CLI_HELP },
	{ NULL, "--version", NULL, ACTION, NULL, CLI_VERSION },
	{ NULL, "--privileged", NULL, PROFILE, "sysadmin", 0 },
	{ NULL, "--rm", NULL, NOTHING, NULL, 0 },
};

static void accepts(size_t i, const char *first, const char *second)
{
	const char *const words[] = { first, second != NULL ? second : "web", second != NULL ? "web" : NULL, NULL };
	cleanup_parsed struct parsed parsed = parse(words);

	if (parsed.result < 0)
		fail_msg("%s %s: %s", first, second != NULL ? second : "", parsed.err.text);
	if (!is_seen(&parsed.cli, options[i].seen, options[i].text, options[i].number))
		fail_msg("%s %s is without effect", first, second != NULL ? second : "");
	if (parsed.cli.action != CLI_HELP && parsed.cli.action != CLI_VERSION)
		assert_string_equal(parsed.cli.request.target.name, "web");
}

static void every_option_in_every_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const char *value = options[i].value;
		cleanup_free char *joined = text_printf("%s=%s", options[i].long_form, value != NULL ? value : "");

		accepts(i, options[i].long_form, value);
		if (value != NULL)
			accepts(i, joined, NULL);
		else
			assert_refused((const char *const[]) { joined, "web", NULL }, "takes no argument");
		if (options[i].short_form != NULL)
			accepts(i, options[i].short_form, value);
		if (options[i].short_form != NULL && value != NULL && *value != '\0') {
			cleanup_free char *bundled = text_printf("%s%s", options[i].short_form, value);
			accepts(i, bundled, NULL);
		}
		if (value != NULL)
			assert_refused((const char *const[]) { options[i].long_form, NULL }, "needs an argument");
		if (value != NULL && options[i].short_form != NULL)
			assert_refused((const char *const[]) { options[i].short_form, NULL }, "needs an argument");
	}
}

/* Refused ones and --env-file have tests of their own. */
static void every_row_of_the_table_is_tried(void **state)
{
	(void)state;
	static const char *const elsewhere[] = { "env-file", "custom", "detach", "detach-keys", "image" };

	for (size_t i = 0; i < option_count; i++) {
		bool found = false;

		assert_non_null(option_table[i].long_name);
		assert_non_null(option_table[i].apply);
		for (size_t k = 0; k < ARRAY_SIZE(elsewhere); k++)
			found = found || strcmp(elsewhere[k], option_table[i].long_name) == 0;
		for (size_t k = 0; k < ARRAY_SIZE(options); k++) {
			if (strcmp(options[k].long_form + 2, option_table[i].long_name) != 0)
				continue;
			found = true;
			assert_int_equal(options[k].value != NULL, option_table[i].argument != NULL);
			assert_int_equal(options[k].short_form != NULL ? options[k].short_form[1] : 0,
					 option_table[i].short_name);
		}
		if (!found)
			fail_msg("--%s is not tried", option_table[i].long_name);
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(option_table[k].long_name, option_table[i].long_name);
			assert_true(option_table[k].short_name == 0 ||
				    option_table[k].short_name != option_table[i].short_name);
		}
	}
}

static void bundles(void **state)
{
	(void)state;
	cleanup_parsed struct parsed parsed = parse(
		(const char *const[]) { "-itv", "-qu1000:1001", "-ieA=1", "-eB=2", "-tw", "/x", "web", "ls", NULL });
	const struct attach_request *request = &parsed.cli.request;

	assert_success(parsed.result, parsed.err);
	assert_int_equal(request->terminal, TERMINAL_YES);
	assert_int_equal(parsed.cli.verbosity, LOG_QUIET); /* the last one counts */
	assert_true(request->user_spec.uid == 1000 && request->user_spec.gid == 1001);
	assert_string_equal(request->workdir, "/x");
	assert_int_equal(request->env.count, 2);
	assert_int_equal(request->command.count, 1);
	assert_string_equal(request->command.items[0], "ls");
	assert_refused((const char *const[]) { "web", "-it", NULL }, "-it stands behind TARGET");
	assert_refused((const char *const[]) { "-itZ", "web", NULL }, "-Z");
	assert_refused((const char *const[]) { "-itu", NULL }, "-u needs an argument");
}

static void users(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum attach_user user;
		uid_t uid;
		gid_t gid;
		const char *name;
	} rows[] = {
		{ "root", USER_ROOT, 0, 0, NULL },
		{ "target", USER_TARGET, 0, 0, NULL },
		{ "0", USER_GIVEN, 0, (gid_t)-1, "" },
		{ "7:8", USER_GIVEN, 7, 8, "" },
		{ "app", USER_GIVEN, (uid_t)-1, (gid_t)-1, "app" },
		{ "Root", USER_GIVEN, (uid_t)-1, (gid_t)-1, "Root" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_parsed struct parsed parsed = parse((const char *const[]) { "-u", rows[i].text, "web", NULL });

		assert_success(parsed.result, parsed.err);
		assert_int_equal(parsed.cli.request.user, rows[i].user);
		if (rows[i].user != USER_GIVEN)
			continue;
		assert_int_equal(parsed.cli.request.user_spec.uid, rows[i].uid);
		assert_int_equal(parsed.cli.request.user_spec.gid, rows[i].gid);
		assert_string_equal(parsed.cli.request.user_spec.name, rows[i].name);
	}
}

static void several_times(void **state)
{
	(void)state;
	cleanup_parsed struct parsed parsed = parse((const char *const[]) {
		"--cap-add=KILL", "--cap-add=CHOWN", "-u5", "-uroot", "-eA=1", "-eA=2", "-w/a", "-w/b", "web", NULL });
	const struct attach_request *request = &parsed.cli.request;

	assert_success(parsed.result, parsed.err);
	assert_true(request->cap_add == (CAPABILITY_BIT(CAP_KILL) | CAPABILITY_BIT(CAP_CHOWN)));
	assert_int_equal(request->user, USER_ROOT);
	assert_int_equal(request->env.count, 1);
	assert_string_equal(request->env.items[0], "A=2");
	assert_string_equal(request->workdir, "/b");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(defaults),
					    cmocka_unit_test(every_option_in_every_form),
					    cmocka_unit_test(every_row_of_the_table_is_tried),
					    cmocka_unit_test(bundles),
					    cmocka_unit_test(users),
					    cmocka_unit_test(several_times) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
