/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session's environment, from an empty one: what the target's runtime config states, less every name that steers a
 * loader, a shell, an interpreter or a tool; then ours; then what was asked for by -e. Nothing of the caller's.
 */
#include "plan.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/weaken.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#define VARIABLES_MAX 4096

/* A star at the end stands for any rest. */
static const char *const steering[] = {
	/* loaders and libc */
	"LD_*",
	"GLIBC_TUNABLES",
	"GCONV_PATH",
	"LOCPATH",
	"NLSPATH",
	"MALLOC_*",
	"RES_OPTIONS",
	"HOSTALIASES",
	"TZDIR",
	"LOCALDOMAIN",
	"GETCONF_DIR",
	"RESOLV_*",
	/* shells */
	"BASH_*",
	"ENV",
	"PS0",
	"PS1",
	"PS2",
	"PS3",
	"PS4",
	"PROMPT_*",
	"IFS",
	"CDPATH",
	"SHELLOPTS",
	"BASHOPTS",
	"FPATH",
	"ZDOTDIR",
	"HISTFILE",
	"MAIL*",
	"POSIXLY_CORRECT",
	"INPUTRC",
	"FCEDIT",
	"GLOBIGNORE",
	"EXECIGNORE",
	"TMOUT",
	/* interpreters */
	"PYTHON*",
	"PERL*",
	"RUBY*",
	"GEM_*",
	"NODE_*",
	"JAVA_TOOL_OPTIONS",
	"_JAVA_OPTIONS",
	"JDK_JAVA_OPTIONS",
	"LUA_*",
	"AWKPATH",
	"AWKLIBPATH",
	"GUILE_*",
	"TCL*",
	"DOTNET_STARTUP_HOOKS",
	"PHPRC",
	"PHP_INI_SCAN_DIR",
	/* tools of a toolbox */
	"OPENSSL_*",
	"SSL_*",
	"SSLKEYLOGFILE",
	"CURL_*",
	"WGETRC",
	"SYSTEM_WGETRC",
	"GDB*",
	"DEBUGINFOD_*",
	"LESS*",
	"EDITOR",
	"VISUAL",
	"PAGER",
	"MANPAGER",
	"GIT_*",
	"TERMINFO*",
	"TERMCAP",
	"TERMPATH",
	"NCURSES_*",
	"VIM*",
	"EXINIT",
	"NANORC",
	"TMUX*",
	"SCREENRC",
	"MAGIC",
	"GREP_*",
	"LS_COLORS",
	"TAR_OPTIONS",
	"GZIP",
	"XZ_*",
	"ZSTD_*",
	"RSYNC_*",
	"PERF_*",
	"KRB5*",
	"NSS_*",
	"P11_*",
	"WIRESHARK_*",
	"NMAPDIR",
	"SQLITE_*",
	"JQ_*",
	"STRACE_*",
	"LTRACE_*",
	"HTOPRC",
	"TOPRC",
	"PROCPS_*",
	"BROWSER",
	"DISPLAY",
	"XDG_*",
	"DBGATTACH_*",
};

static bool matches(const char *pattern, const char *name, size_t length)
{
	size_t pattern_length = strlen(pattern);

	if (pattern[pattern_length - 1] == '*')
		return length >= pattern_length - 1 && memcmp(pattern, name, pattern_length - 1) == 0;
	return length == pattern_length && memcmp(pattern, name, length) == 0;
}

/* NAME=value with a portable name that steers nothing. Values may hold anything but NUL. */
static bool is_harmless(const char *assignment)
{
	size_t length = strcspn(assignment, "=");

	if (length == 0 || assignment[length] != '=' || isdigit((unsigned char)assignment[0]))
		return false;
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)assignment[i]) && assignment[i] != '_')
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(steering); i++)
		if (matches(steering[i], assignment, length))
			return false;
	return true;
}

static int add_target(struct strv *env, const struct attach_request *request, const struct attach_facts *facts)
{
	int result = 0;

	if (request->no_target_env)
		return 0;
	for (size_t i = 0; result == 0 && !request->env_from_process && i < facts->target.env.count; i++)
		if (is_harmless(facts->target.env.items[i]) || !PROTECTED(ENVIRONMENT))
			result = strv_env_take(env, strdup(facts->target.env.items[i]));
	/* NUL-separated, by the hand of the process itself; a last piece without NUL is its end all the same. */
	const char *next = facts->process_env, *end = next == NULL ? NULL : next + facts->process_env_length;
	while (result == 0 && next != NULL && next < end) {
		if (env->count >= VARIABLES_MAX)
			return -E2BIG; /* each is compared with all before it */
		if (is_harmless(next) || !PROTECTED(ENVIRONMENT))
			result = strv_env_take(env, strdup(next));
		next += strlen(next) + 1;
	}
	return result;
}

static bool is_terminal_name(const char *term)
{
	if (term == NULL || *term == '\0' || strlen(term) > 32)
		return false;
	for (const char *c = term; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && strchr("-._+", *c) == NULL)
			return false;
	return true;
}

/* Ours first, then the target's folders; an empty or relative one means the working directory and is no folder of anybody's. */
static int add_path(struct strv *env)
{
	const char *folder = strv_env_get(env, "PATH");
	char *path = strdup("PATH=" TOOLBOX_PREFIX "/bin");

	if (folder == NULL)
		folder = DEFAULT_PATH;
	while (path != NULL && *folder != '\0') {
		size_t length = strcspn(folder, ":");

		if (*folder == '/') {
			char *longer = text_printf("%s:%.*s", path, (int)length, folder);

			free(path);
			path = longer;
		}
		folder += length + (folder[length] == ':');
	}
	return strv_env_take(env, path);
}

static int add_ours(struct strv *env, const struct attach_facts *facts, const struct attach_plan *plan)
{
	char toolbox[512];
	const struct {
		const char *name, *value;
	} ours[] = {
		{ "HOME", TOOLBOX_PREFIX "/rw" },
		{ "TMPDIR", TOOLBOX_PREFIX "/rw/tmp" },
		{ "SHELL", plan->shell },
		{ "TERM", is_terminal_name(facts->term) ? facts->term :
			  plan->terminal                ? "xterm" :
							  "dumb" },
		{ "LANG", "C.UTF-8" },
		{ "DBGATTACH_TOOLBOX", toolbox },
	};
	int result = PROTECTED(OUR_VARIABLES) ? add_path(env) : 0;

	toolbox_label(&facts->toolbox, toolbox, sizeof(toolbox));

	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(ours) && PROTECTED(OUR_VARIABLES); i++)
		result = strv_env_take(env, text_printf("%s=%s", ours[i].name, ours[i].value));
	if (result == 0)
		result = strv_env_take(env, text_printf("DBGATTACH_PROMPT=dbg:%s(%s%s)", plan->label,
							plan->profile->name, plan->view.write ? ",write" : ""));
	return result;
}

int environment_make(const struct attach_request *request, const struct attach_facts *facts,
		     const struct attach_plan *plan, struct strv *ret, struct err *err)
{
	struct strv env = { 0 };
	int result = add_target(&env, request, facts);

	if (result == 0)
		result = add_ours(&env, facts, plan);
	for (size_t i = 0; result == 0 && i < request->env.count; i++)
		result = strv_env_take(&env, strdup(request->env.items[i]));
	if (result < 0) {
		strv_done(&env);
		return err_sys(err, result, "the session's environment");
	}
	*ret = env;
	return 0;
}
