/* SPDX-License-Identifier: Apache-2.0 */
/* The rest of the plan: the command, its working directory, its terminal, and the name that people read. */
#include "tests/unit/attach/made.h"

#define SHELL "/dbg/bin/sh"

static void commands(void **state)
{
	(void)state;
	static const struct {
		const char *string; /* -c */
		const char *command[4], *argv[7];
	} rows[] = {
		{ NULL, { NULL }, { SHELL, "-l" } },
		{ NULL, { "ls" }, { "ls" } },
		{ NULL, { "ls", "-l", "" }, { "ls", "-l", "" } },
		{ NULL, { "" }, { "" } },
		{ "id; ls", { NULL }, { SHELL, "-c", "id; ls" } },
		{ "", { NULL }, { SHELL, "-c", "" } },
		{ "echo $1", { "a b" }, { SHELL, "-c", "echo $1", SHELL, "a b" } },
		{ "echo $1", { "a", "--", "-c" }, { SHELL, "-c", "echo $1", SHELL, "a", "--", "-c" } },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_made struct made made;
		size_t count = 0;

		made_init(&made);
		made.request.command_string = rows[i].string;
		for (size_t k = 0; k < ARRAY_SIZE(rows[i].command) && rows[i].command[k] != NULL; k++)
			assert_int_equal(strv_add(&made.request.command, rows[i].command[k]), 0);
		while (count < ARRAY_SIZE(rows[i].argv) && rows[i].argv[count] != NULL)
			count++;
		cleanup_plan struct attach_plan plan = made_plan(&made);
		assert_strings(&plan.argv, rows[i].argv, count);
	}
}

/* Only the target's own may lie outside the view; one that was asked for must be there. */
static void working_directories(void **state)
{
	(void)state;
	static const struct {
		const char *given;
		bool without_mnt;
		const char *path;
		bool fallback;
	} rows[] = {
		{ NULL, false, "/srv", true },
		{ "/tmp", false, "/tmp", false },
		{ NULL, true, "/", true },
		{ "/dbg", true, "/dbg", false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_made struct made made;

		made_init(&made);
		made.request.workdir = rows[i].given;
		if (rows[i].without_mnt) {
			made.request.namespaces_given = true;
			made.request.namespaces = NS_BIT(NS_PID) | NS_BIT(NS_NET);
		}
		cleanup_plan struct attach_plan plan = made_plan(&made);
		assert_string_equal(plan.workdir, rows[i].path);
		assert_int_equal(plan.workdir_fallback, rows[i].fallback);
	}
}

/* The kernel shows both from the namespace's root; the session's root is that of the process, which may be chrooted. */
static void working_directory_of_a_chrooted_target(void **state)
{
	(void)state;
	static const struct {
		const char *root, *cwd, *path;
	} rows[] = {
		{ "/", "/", "/" },         { "/", "/srv/app", "/srv/app" },     { "/jail", "/jail/srv", "/srv" },
		{ "/jail", "/jail", "/" }, { "/jail", "/jailbreak/srv", "/" }, /* not beneath it */
		{ "/jail", "/srv", "/" },  { "/jail", "(unreachable)/x", "/" }, { "/", "", "/" },
		{ "/", NULL, "/" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_made struct made made;

		made_init(&made);
		free(made.facts.process.cwd);
		made.facts.process.cwd = rows[i].cwd == NULL ? NULL : strdup(rows[i].cwd);
		made.facts.process.root = strdup(rows[i].root);
		cleanup_plan struct attach_plan plan = made_plan(&made);
		assert_string_equal(plan.workdir, rows[i].path);
		assert_true(plan.workdir_fallback);
	}
}

static void terminals(void **state)
{
	(void)state;
	static const struct {
		enum attach_terminal asked;
		bool stdin_tty, stdout_tty, terminal;
	} rows[] = {
		{ TERMINAL_AUTO, true, true, true },   { TERMINAL_AUTO, true, false, false },
		{ TERMINAL_AUTO, false, true, false }, { TERMINAL_AUTO, false, false, false },
		{ TERMINAL_YES, false, false, true },  { TERMINAL_YES, true, true, true },
		{ TERMINAL_NO, true, true, false },    { TERMINAL_NO, false, false, false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_made struct made made;

		made_init(&made);
		made.request.terminal = rows[i].asked;
		made.facts.stdin_tty = rows[i].stdin_tty;
		made.facts.stdout_tty = rows[i].stdout_tty;
		cleanup_plan struct attach_plan plan = made_plan(&made);
		assert_int_equal(plan.terminal, rows[i].terminal);
	}
}

/* A shell expands its prompt and a terminal obeys it. */
static void labels_are_plain(void **state)
{
	(void)state;
	static const char long_name[] = "0123456789012345678901234567890123456789012345678901234567890123456789";
	static const struct {
		const char *name, *label;
	} rows[] = {
		{ "web-1.example_com", "web-1.example_com" },
		{ "", "" },
		{ NULL, "aaaaaaaa0000" },
		{ long_name, "012345678901234567890123456789012345678901234567890123456789012" },
		{ "\033[2Jx\033]0;y\a", "??2Jx??0?y?" },
		{ "$(reboot)", "??reboot?" },
		{ "`id`", "?id?" },
		{ "a\\$b", "a??b" },
		{ "a b\nc\rd\te\177", "a?b?c?d?e?" },
		{ "n\xc3\xa4h\xe2\x80\xaex\xff\x9b", "n??h???x??" },
		{ "!\"#%&'()*+,/;<=>?@[]^{|}~", "?????????????????????????" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char prompt[128];
		cleanup_made struct made made;

		made_init(&made);
		made_name(&made, rows[i].name);
		cleanup_plan struct attach_plan plan = made_plan(&made);
		assert_string_equal(plan.label, rows[i].label);
		(void)snprintf(prompt, sizeof(prompt), "dbg:%s(general)", rows[i].label);
		assert_string_equal(strv_env_get(&plan.env, "DBGATTACH_PROMPT"), prompt);
	}
}

static void labels_of_ids(void **state)
{
	(void)state;
	cleanup_made struct made made;

	made_init(&made);
	made_name(&made, NULL);
	free(made.facts.target.id);
	made.facts.target.id = strdup("pid:4194304");
	made.request.profile = profile_find("sysadmin");
	made.request.write = true;
	cleanup_plan struct attach_plan plan = made_plan(&made);
	assert_string_equal(plan.label, "pid:4194304");
	assert_string_equal(strv_env_get(&plan.env, "DBGATTACH_PROMPT"), "dbg:pid:4194304(sysadmin,write)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands),         cmocka_unit_test(working_directories),
		cmocka_unit_test(terminals),        cmocka_unit_test(working_directory_of_a_chrooted_target),
		cmocka_unit_test(labels_are_plain), cmocka_unit_test(labels_of_ids),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
