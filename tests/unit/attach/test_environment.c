/* SPDX-License-Identifier: Apache-2.0 */
/* What of the target's environment reaches the session's tools, and what never does. */
#include "tests/unit/attach/made.h"

#define DEFAULT_PATH "PATH=/dbg/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define OURS(term)                                                                                                     \
	"HOME=/dbg/rw", "TMPDIR=/dbg/rw/tmp", "SHELL=/dbg/bin/sh", "TERM=" term, "LANG=C.UTF-8",                       \
		"DBGATTACH_TOOLBOX=minimal " DBG_VERSION, "DBGATTACH_PROMPT=dbg:web(general)"

/* A list of its own: a name that vanishes from the program's table is missed here. A star stands for any rest. */
/* clang-format off */
static const char *const steering[] = {
	"LD_*", "GLIBC_TUNABLES", "GCONV_PATH", "LOCPATH", "NLSPATH", "MALLOC_*", "RES_OPTIONS", "HOSTALIASES",
	"TZDIR", "LOCALDOMAIN", "GETCONF_DIR", "RESOLV_*", "BASH_*", "ENV", "PS0", "PS1", "PS2", "PS3", "PS4",
	"PROMPT_*", "IFS", "CDPATH", "SHELLOPTS", "BASHOPTS", "FPATH", "ZDOTDIR", "HISTFILE", "MAIL*",
	"POSIXLY_CORRECT", "INPUTRC", "FCEDIT", "GLOBIGNORE", "EXECIGNORE", "TMOUT", "PYTHON*", "PERL*",
	"RUBY*", "GEM_*", "NODE_*", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "LUA_*",
	"AWKPATH", "AWKLIBPATH", "GUILE_*", "TCL*", "DOTNET_STARTUP_HOOKS", "PHPRC", "PHP_INI_SCAN_DIR",
	"OPENSSL_*", "SSL_*", "SSLKEYLOGFILE", "CURL_*", "WGETRC", "SYSTEM_WGETRC", "GDB*", "DEBUGINFOD_*",
	"LESS*", "EDITOR", "VISUAL", "PAGER", "MANPAGER", "GIT_*", "TERMINFO*", "TERMCAP", "TERMPATH",
	"NCURSES_*", "VIM*", "EXINIT", "NANORC", "TMUX*", "SCREENRC", "MAGIC", "GREP_*", "LS_COLORS",
	"TAR_OPTIONS", "GZIP", "XZ_*", "ZSTD_*", "RSYNC_*", "PERF_*", "KRB5*", "NSS_*", "P11_*", "WIRESHARK_*",
	"NMAPDIR", "SQLITE_*", "JQ_*", "STRACE_*", "LTRACE_*", "HTOPRC", "TOPRC", "PROCPS_*", "BROWSER",
	"DISPLAY", "XDG_*", "DBGATTACH_*",
};
/* clang-format on */

static struct strv made_environment(const struct made *made)
{
	cleanup_plan struct attach_plan plan = made_plan(made);
	struct strv env = plan.env;

	plan.env = (struct strv) { 0 };
	return env;
}

/* Is NAME=value of the target's config there afterwards? */
static bool passes(const char *name, int length, const char *more)
{
	cleanup_made struct made made;
	cleanup_free char *assignment = text_printf("%.*s%s=kept", length, name, more);

	made_init(&made);
	made_env(&made, (const char *const[]) { assignment }, 1);
	cleanup_strv struct strv env = made_environment(&made);
	return env.count > 0 && strcmp(env.items[0], assignment) == 0;
}

static void steering_names_are_left_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steering); i++) {
		const char *name = steering[i];
		int length = (int)strcspn(name, "*");
		cleanup_free char *longer = text_printf("A%s", name);
		cleanup_free char *lower = text_printf("%s", name);

		if (passes(name, length, ""))
			fail_msg("%s passes", name);
		if (name[length] == '*' && passes(name, length, "ANY_1"))
			fail_msg("%s passes with a rest", name);
		if (name[length] == '\0' && !passes(name, length, "X"))
			fail_msg("%sX is left out", name);
		if (!passes(name, length - 1, "") || !passes(longer, length + 1, ""))
			fail_msg("a neighbour of %s is left out", name);
		for (char *c = lower; *c != '\0'; c++)
			*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
		if (!passes(lower, length, ""))
			fail_msg("%s is left out", lower);
	}
}

static const char *const golden_config[] = { "PATH=/app/bin:/bin",
					     "APP=1",
					     "LD_PRELOAD=/evil.so",
					     "LDAP_URL=ldap://x",
					     "LD=1",
					     "_=x",
					     "A_1=",
					     "NO_ASSIGNMENT",
					     "=empty",
					     "",
					     "1DIGIT=x",
					     "a.b=x",
					     "a-b=x",
					     "a b=x",
					     " A=x",
					     "A =x",
					     "A\t=x",
					     "BASH_FUNC_x%%=() { id; }",
					     "BASH_FUNC_x()=() { id; }",
					     "F%%=() { id; }",
					     "LINES=a\nb\n",
					     "ESC=\033[2J",
					     "LATIN=\xe4\xff",
					     "\xc3\xa4=x",
					     "EQUALS=a=b==",
					     "HOME=/root",
					     "TMPDIR=/x",
					     "SHELL=/bin/evil",
					     "TERM=evil",
					     "LANG=de_DE",
					     "LC_ALL=C",
					     "DBGATTACH_PROMPT=$(id)",
					     "APP=2",
					     "app=3",
					     "http_proxy=http://p",
					     "ld_preload=x",
					     "NODE_OPTIONS=--require=/evil",
					     "PS4=$(id)",
					     "ENV=/evil" };
static const char *const golden_expected[] = { "PATH=/dbg/bin:/app/bin:/bin",
					       "APP=2",
					       "LDAP_URL=ldap://x",
					       "LD=1",
					       "_=x",
					       "A_1=",
					       "LINES=a\nb\n",
					       "ESC=\033[2J",
					       "LATIN=\xe4\xff",
					       "EQUALS=a=b==",
					       "HOME=/dbg/rw",
					       "TMPDIR=/dbg/rw/tmp",
					       "SHELL=/dbg/bin/sh",
					       "TERM=dumb",
					       "LANG=C.UTF-8",
					       "LC_ALL=C",
					       "app=3",
					       "http_proxy=http://p",
					       "ld_preload=x",
					       "DBGATTACH_TOOLBOX=minimal " DBG_VERSION,
					       "DBGATTACH_PROMPT=dbg:web(general)" };

static void golden(void **state)
{
	(void)state;
	cleanup_made struct made made;

	made_init(&made);
	made_env(&made, golden_config, ARRAY_SIZE(golden_config));
	cleanup_strv struct strv env = made_environment(&made);
	assert_strings(&env, golden_expected, ARRAY_SIZE(golden_expected));
}

static void without_config_only_ours(void **state)
{
	(void)state;
	static const char *const expected[] = { DEFAULT_PATH, OURS("dumb") };
	cleanup_made struct made made;

	made_init(&made);
	cleanup_strv struct strv none = made_environment(&made);
	assert_strings(&none, expected, ARRAY_SIZE(expected));
	made_env(&made, (const char *const[]) { "APP=1", "PATH=/app" }, 2);
	made.request.no_target_env = true;
	cleanup_strv struct strv refused = made_environment(&made);
	assert_strings(&refused, expected, ARRAY_SIZE(expected));
}

/* What was asked for by name wins over the table, over the target and over us. */
static void asked_for_wins(void **state)
{
	(void)state;
	static const char *const asked[] = { "LD_PRELOAD=/mine.so", "APP=asked", "PATH=/only", "TERM=asked",
					     "APP=again",           "PS1=$ ",    "odd.name=x", "EMPTY=" };
	static const char *const expected[] = { "APP=again",
						"PATH=/only",
						"HOME=/dbg/rw",
						"TMPDIR=/dbg/rw/tmp",
						"SHELL=/dbg/bin/sh",
						"TERM=asked",
						"LANG=C.UTF-8",
						"DBGATTACH_TOOLBOX=minimal " DBG_VERSION,
						"DBGATTACH_PROMPT=dbg:web(general)",
						"LD_PRELOAD=/mine.so",
						"PS1=$ ",
						"odd.name=x",
						"EMPTY=" };
	cleanup_made struct made made;

	made_init(&made);
	made_env(&made, (const char *const[]) { "APP=target", "PATH=/target", "LD_PRELOAD=/evil.so" }, 3);
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++)
		assert_int_equal(strv_add(&made.request.env, asked[i]), 0);
	cleanup_strv struct strv env = made_environment(&made);
	assert_strings(&env, expected, ARRAY_SIZE(expected));
}

static void only_plain_terminal_names(void **state)
{
	(void)state;
	static const struct {
		const char *term;
		bool terminal;
		const char *expected;
	} rows[] = {
		{ "xterm-256color", true, "xterm-256color" },
		{ "screen.xterm+x_1", false, "screen.xterm+x_1" },
		{ "abcdefghijklmnopqrstuvwxyz012345", true, "abcdefghijklmnopqrstuvwxyz012345" },
		{ "abcdefghijklmnopqrstuvwxyz0123456", true, "xterm" },
		{ "../../evil", true, "xterm" },
		{ "/evil", false, "dumb" },
		{ "a b", true, "xterm" },
		{ "x\033[2J", true, "xterm" },
		{ "x\n", false, "dumb" },
		{ "\xc3\xa4", true, "xterm" },
		{ "", true, "xterm" },
		{ "", false, "dumb" },
		{ NULL, true, "xterm" },
		{ NULL, false, "dumb" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_made struct made made;

		made_init(&made);
		made.facts.term = rows[i].term;
		made.request.terminal = rows[i].terminal ? TERMINAL_YES : TERMINAL_NO;
		cleanup_strv struct strv env = made_environment(&made);
		assert_string_equal(strv_env_get(&env, "TERM"), rows[i].expected);
	}
}

/* /proc/PID/environ is the process's own to write. As in a file buffer a NUL stands behind its bytes. */
static void from_the_process(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t length;
		const char *expected[3];
	} rows[] = {
		{ "A=1\0B=2", 8, { "A=1", "B=2" } },
		{ "A=1\0B=2", 7, { "A=1", "B=2" } }, /* the last NUL is missing */
		{ "\0\0\0A=1\0\0\0\0B=2\0\0", 15, { "A=1", "B=2" } },
		{ "A=1\0LD_PRELOAD=x\0=\0x\0B=2", 25, { "A=1", "B=2" } },
		{ "A=1\0A=2", 8, { "A=2" } },
		{ "A=a\nb\xff", 7, { "A=a\nb\xff" } },
		{ "no assignment at all", 20, { NULL } },
		{ "\0\0\0", 4, { NULL } },
		{ "", 0, { NULL } },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *expected[10] = { NULL };
		static const char *const ours[] = { DEFAULT_PATH, OURS("dumb") };
		cleanup_made struct made made;
		size_t count = 0;

		made_init(&made);
		made_env(&made, (const char *const[]) { "CONFIG=1" }, 1);
		made.request.env_from_process = true;
		made.facts.process_env = malloc(rows[i].length + 1);
		made.facts.process_env_length = rows[i].length;
		assert_non_null(made.facts.process_env);
		memcpy(made.facts.process_env, rows[i].bytes, rows[i].length);
		made.facts.process_env[rows[i].length] = '\0';
		for (; rows[i].expected[count] != NULL; count++)
			expected[count] = rows[i].expected[count];
		memcpy(expected + count, ours, sizeof(ours));
		cleanup_strv struct strv env = made_environment(&made);
		assert_strings(&env, expected, count + ARRAY_SIZE(ours));
	}
}

static void not_from_the_process_unless_asked(void **state)
{
	(void)state;
	cleanup_made struct made made;

	made_init(&made);
	made_env(&made, (const char *const[]) { "CONFIG=1" }, 1);
	made.facts.process_env = NULL;
	cleanup_strv struct strv env = made_environment(&made);
	assert_string_equal(strv_env_get(&env, "CONFIG"), "1");
	made.request.env_from_process = true;
	cleanup_strv struct strv empty = made_environment(&made);
	assert_null(strv_env_get(&empty, "CONFIG"));
}

/* An empty or relative element of PATH is the working directory: a file of the target's would pass for a tool. */
static void path_has_only_folders(void **state)
{
	(void)state;
	static const struct {
		const char *target, *session;
	} rows[] = {
		{ "PATH=/bin", "/dbg/bin:/bin" },
		{ "PATH=/usr/bin:/bin:/usr/bin", "/dbg/bin:/usr/bin:/bin:/usr/bin" },
		{ "PATH=", "/dbg/bin" },
		{ "PATH=:", "/dbg/bin" },
		{ "PATH=/bin:", "/dbg/bin:/bin" },
		{ "PATH=:/bin::/usr/bin", "/dbg/bin:/bin:/usr/bin" },
		{ "PATH=.:bin:./bin:/bin:../x", "/dbg/bin:/bin" },
		{ "PATH=/", "/dbg/bin:/" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_made struct made made;

		made_init(&made);
		made_env(&made, &rows[i].target, 1);
		cleanup_strv struct strv env = made_environment(&made);
		assert_string_equal(strv_env_get(&env, "PATH"), rows[i].session);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steering_names_are_left_out),       cmocka_unit_test(golden),
		cmocka_unit_test(without_config_only_ours),          cmocka_unit_test(asked_for_wins),
		cmocka_unit_test(only_plain_terminal_names),         cmocka_unit_test(from_the_process),
		cmocka_unit_test(not_from_the_process_unless_asked), cmocka_unit_test(path_has_only_folders)
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
