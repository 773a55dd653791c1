/* SPDX-License-Identifier: Apache-2.0 */
/* The option table and what each option means for the request. */
#include "option.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/log.h"
#include "dbgattach/ns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define ENV_FILE_MAX (1U << 20)

/* ---- what the values mean ---------------------------------------------------------------------------------------- */

static int apply_user(void *context, const char *value, struct err *err)
{
	struct cli_result *result = context;
	struct attach_request *request = &result->request;

	request->user = strcmp(value, "root") == 0   ? USER_ROOT :
			strcmp(value, "target") == 0 ? USER_TARGET :
						       USER_GIVEN;
	return request->user == USER_GIVEN ? user_spec_parse(value, &request->user_spec, err) : 0;
}

static int apply_workdir(void *context, const char *value, struct err *err)
{
	struct cli_result *result = context;
	if (value[0] != '/')
		return err_set(err, ERR_USAGE, "-w %s: an absolute path in the target is needed", value);
	result->request.workdir = value;
	return 0;
}

/* NAME=VALUE, or NAME with the caller's own value: as docker has it. */
static int add_env(struct strv *env, const char *text, const char *where, struct err *err)
{
	size_t length = strcspn(text, "=");
	const char *own;
	int result = 0;

	if (length == 0 || strpbrk(text, " \t\n") == text)
		return err_set(err, ERR_USAGE, "%s: \"%s\" is not NAME=VALUE", where, text);
	if (text[length] == '=')
		result = strv_env_take(env, strdup(text));
	else if ((own = getenv(text)) != NULL)
		result = strv_env_take(env, text_printf("%s=%s", text, own));
	return result < 0 ? err_sys(err, result, "%s", where) : 0;
}

static int apply_env(void *context, const char *value, struct err *err)
{
	struct cli_result *result = context;
	return add_env(&result->request.env, value, "-e", err);
}

static int apply_env_file(void *context, const char *value, struct err *err)
{
	struct cli_result *result = context;
	cleanup_buffer struct buffer text = { 0 };
	cleanup_close int fd = open(value, O_RDONLY | O_CLOEXEC);
	int status = fd < 0 ? -errno : io_read_all(fd, ENV_FILE_MAX, &text);
	char *rest;

	if (status < 0)
		return err_sys(err, status, "--env-file %s", value);
	for (char *line = strtok_r(text.data, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		if (*line == '#' || *line == '\0')
			continue;
		status = add_env(&result->request.env, line, "--env-file", err);
		if (status < 0)
			return status;
	}
	return 0;
}

static int apply_command(void *context, const char *value, struct err *err)
{
	struct cli_result *result = context;
	(void)err;
	result->request.command_string = value;
	return 0;
}

static int apply_profile(void *context, const char *value, struct err *err)
{
	struct cli_result *result = context;
	char names[128] = "";

	result->request.profile = profile_find(value);
	result->profile_given = true;
	if (result->request.profile != NULL)
		return 0;
	for (size_t i = 0; profile_at(i) != NULL; i++)
		(void)text_format(names + strlen(names), sizeof(names) - strlen(names), "%s%s", i > 0 ? ", " : "",
				  profile_at(i)->name);
	return err_set(err, ERR_USAGE, "--profile %s: there is no such profile (%s)", value, names);
}

static int add_capability(uint64_t *mask, const char *option, const char *value, struct err *err)
{
	uint64_t bit = 0;
	int result = capabilities_parse(value, &bit, err);

	if (result < 0)
		return err_wrap(err, "%s", option);
	*mask |= bit;
	return 0;
}

static int apply_cap_add(void *context, const char *value, struct err *err)
{
	struct cli_result *result = context;
	return add_capability(&result->request.cap_add, "--cap-add", value, err);
}

static int apply_cap_drop(void *context, const char *value, struct err *err)
{
	struct cli_result *result = context;
	return add_capability(&result->request.cap_drop, "--cap-drop", value, err);
}

static int apply_lsm(void *context, const char *value, struct err *err)
{
	struct cli_result *result = context;
	bool target = strcmp(value, "target") == 0;

	if (!target && strcmp(value, "unconfined") != 0)
		return err_set(err, ERR_USAGE, "--lsm %s: target or unconfined", value);
	result->request.lsm_given = true;
	result->request.lsm = target ? LSM_TARGET : LSM_UNCONFINED;
	return 0;
}

static int apply_namespaces(void *context, const char *value, struct err *err)
{
	struct cli_result *result = context;
	result->request.namespaces_given = true;
	return ns_parse_list(value, &result->request.namespaces, err);
}

static int apply_timeout(void *context, const char *value, struct err *err)
{
	struct cli_result *result = context;
	int status = text_duration(value, &result->request.timeout_s);

	return status < 0 ? err_set(err, ERR_USAGE,
				    "--timeout %s: a duration is 90, 90s, 10m, 2h or 1d, at most a year", value) :
			    0;
}

/* ---- switches ------------------------------------------------------------------------------------------------------ */

static int apply_tty(void *context, const char *value, struct err *err)
{
	struct cli_result *result = context;

	(void)value;
	(void)err;
	result->request.terminal = TERMINAL_YES;
	return 0;
}

static int apply_no_tty(void *context, const char *value, struct err *err)
{
	struct cli_result *result = context;

	(void)value;
	(void)err;
	result->request.terminal = TERMINAL_NO;
	return 0;
}

static int apply_toolbox(void *context, const char *value, struct err *err)
{
	struct cli_result *result = context;
	if (*value == '\0')
		return err_set(err, ERR_USAGE, "--toolbox: no name and no path");
	result->request.toolbox = value;
	return 0;
}

static int apply_toolbox_check(void *context, const char *value, struct err *err)
{
	struct cli_result *result = context;
	static const char *const words[] = {
		[TOOLBOX_CHECK_CACHED] = "cached",
		[TOOLBOX_CHECK_ALWAYS] = "always",
		[TOOLBOX_CHECK_NEVER] = "never",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(value, words[i]) == 0) {
			result->request.toolbox_check = (enum toolbox_check)i;
			result->toolbox_check_given = true;
			return 0;
		}
	return err_set(err, ERR_USAGE, "--toolbox-check: \"%.32s\" is none of cached, always, never", value);
}

static int apply_shell(void *context, const char *value, struct err *err)
{
	struct cli_result *result = context;
	if (*value == '\0')
		return err_set(err, ERR_USAGE, "--shell: no path");
	result->request.shell = value;
	return 0;
}

static int apply_host_root(void *context, const char *value, struct err *err)
{
	struct cli_result *result = context;

	return host_root_parse(value, &result->request.host_root, err);
}

static int apply_nothing(void *context, const char *value, struct err *err)
{
	(void)context;
	(void)value;
	(void)err;
	return 0;
}

#define SWITCH(name, member)                                                                                           \
	static int name(void *context, const char *value, struct err *err)                                             \
	{                                                                                                              \
		struct cli_result *result = context;                                                                   \
		(void)value;                                                                                           \
		(void)err;                                                                                             \
		result->request.member = true;                                                                         \
		return 0;                                                                                              \
	}
SWITCH(apply_write, write)
SWITCH(apply_host_pid, host_pid)
SWITCH(apply_host_net, host_net)
SWITCH(apply_env_from_process, env_from_process)
SWITCH(apply_no_target_env, no_target_env)

static int apply_privileged(void *context, const char *value, struct err *err)
{
	struct cli_result *result = context;

	(void)value;
	return apply_profile(result, "sysadmin", err);
}

/* "last": OPTION_LAST where nothing else counts. */
#define ACTION(name, statement, last)                                                                                  \
	static int name(void *context, const char *value, struct err *err)                                             \
	{                                                                                                              \
		struct cli_result *result = context;                                                                   \
		(void)value;                                                                                           \
		(void)err;                                                                                             \
		statement;                                                                                             \
		return last;                                                                                           \
	}
ACTION(apply_explain, result->action = CLI_EXPLAIN, 0)
ACTION(apply_help, result->action = CLI_HELP, OPTION_LAST)
ACTION(apply_version, result->action = CLI_VERSION, OPTION_LAST)
ACTION(apply_verbose, result->verbosity = LOG_STEPS, 0)
ACTION(apply_quiet, result->verbosity = LOG_QUIET, 0)

/* ---- refused, with the reason --------------------------------------------------------------------------------------- */

static int refuse_detach(void *context, const char *value, struct err *err)
{
	(void)context;
	(void)value;
	return err_set(err, ERR_USAGE,
		       "-d, --detach and --detach-keys: a session ends with its caller; run dbgattach itself in "
		       "the background, or in tmux");
}

static int refuse_image(void *context, const char *value, struct err *err)
{
	(void)context;
	(void)value;
	return err_set(err, ERR_USAGE,
		       "--image: the tools come from a toolbox of this host, not from an image (--toolbox)");
}

const struct option_spec option_table[] = {
	{ 'i', "interactive", NULL, NULL, apply_nothing },
	{ 't', "tty", NULL, "give the session a terminal, even if the caller has none", apply_tty },
	{ 'T', "no-tty", NULL, "give it none, even if the caller has one", apply_no_tty },
	{ 'c', "command", "STRING", "run STRING by the toolbox's shell", apply_command },
	{ 'u', "user", "USER", "root (default), target, UID[:GID], or a NAME of the target's passwd", apply_user },
	{ 'w', "workdir", "DIR", "working directory in the target (default: the target's own)", apply_workdir },
	{ 'e', "env", "NAME[=VALUE]", "set an environment variable; without a value, the caller's", apply_env },
	{ 0, "env-file", "FILE", "the same from the lines of FILE", apply_env_file },
	{ 0, "no-target-env", NULL, "start from an empty environment, not the target's", apply_no_target_env },
	{ 0, "env-from-process", NULL, "the environment of the running process, not of its config",
	  apply_env_from_process },
	{ 0, "profile", "NAME", "the power: general (default), baseline, restricted, target, netadmin, sysadmin",
	  apply_profile },
	{ 0, "cap-add", "CAP", "a capability more than the profile's", apply_cap_add },
	{ 0, "cap-drop", "CAP", "one less", apply_cap_drop },
	{ 0, "seccomp", "FILTER", "default, target, unconfined, or a FILE in Docker's JSON; else the profile's",
	  apply_seccomp },
	{ 0, "custom", "FILE", "a profile of one's own instead, JSON", apply_custom },
	{ 0, "lsm", "target|unconfined", "AppArmor or SELinux label (default: target; sysadmin: unconfined)",
	  apply_lsm },
	{ 0, "write", NULL, "the target's filesystems writable where they are for the target", apply_write },
	{ 0, "ns", "LIST", "join only these: pid,mnt,net,uts,ipc,cgroup,time,user", apply_namespaces },
	{ 0, "host-pid", NULL, "allow a session in the host's PID namespace", apply_host_pid },
	{ 0, "host-net", NULL, "keep network capabilities in the host's network namespace", apply_host_net },
	{ 0, "toolbox", "NAME|PATH",
	  "the tools: an installed toolbox, a folder, or minimal (default: core if installed)", apply_toolbox },
	{ 0, "toolbox-check", "WHEN", "compare its digest: cached (default: if changed since), always, never",
	  apply_toolbox_check },
	{ 0, "shell", "PATH", "the shell, instead of the toolbox's", apply_shell },
	{ 0, "host-root", "DIR", "in a container: where /run, /var and /proc of the host are", apply_host_root },
	{ 0, "timeout", "DURATION", "end the session after 90s, 10m, ...; exit status 124", apply_timeout },
	{ 0, "explain", NULL, "print what would be done, and do nothing", apply_explain },
	{ 'v', "verbose", NULL, "tell each step", apply_verbose },
	{ 'q', "quiet", NULL, "errors only", apply_quiet },
	{ 0, "version", NULL, "print the version", apply_version },
	{ 'h', "help", NULL, "print this", apply_help },
	{ 0, "privileged", NULL, NULL, apply_privileged },
	{ 0, "rm", NULL, NULL, apply_nothing },
	{ 'd', "detach", NULL, NULL, refuse_detach },
	{ 0, "detach-keys", "KEYS", NULL, refuse_detach },
	{ 0, "image", "IMAGE", NULL, refuse_image },
};
const size_t option_count = ARRAY_SIZE(option_table);
