/* SPDX-License-Identifier: Apache-2.0 */
/* Where the program starts, and the only place that turns an error into a line and an exit status. */
#include "commands.h"
#include "config.h"
#include "docker_plugin.h"
#include "kubectl_plugin.h"

#include "dbgattach/base/log.h"
#include "dbgattach/cli.h"
#include "dbgattach/sys/process.h"
#include "dbgattach/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dbgattach/base/weaken.h"

/*
 * The caller's other fds are none of ours, and a process that hangs must not keep them open. Those of stdio that are closed are
 * opened, else the next file that is opened becomes one of them and travels into the session as such.
 */
static int take_fds(void)
{
	if (PROTECTED(CLOSE_RANGE))
		(void)sys_close_from(STDERR_FILENO + 1, -EBADF);
	if (!PROTECTED(STDIO_OPEN))
		return 0;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY) != fd)
			return -EBADF;
	return 0;
}

static int finish_output(int status, struct err *err)
{
	return fflush(stdout) == 0 && !ferror(stdout) ? status : err_sys(err, errno, "writing to stdout");
}

static int act(struct cli_result *parsed, struct err *err)
{
	int status = 0, result = 0;

	switch (parsed->action) {
	case CLI_HELP:
		cli_print_help(stdout);
		break;
	case CLI_VERSION:
		(void)puts("dbgattach " DBG_VERSION);
		break;
	case CLI_EXPLAIN:
		result = attach_explain(&parsed->request, stdout, err);
		break;
	case CLI_ATTACH:
		result = attach_run(&parsed->request, &status, err);
		break;
	}
	return result < 0 ? result : finish_output(status, err);
}

static int run_attach(int argc, char **argv, struct err *err)
{
	struct cli_result parsed;
	int result = cli_parse(argc, argv, &parsed, err);

	if (result < 0)
		return result;
	log_set_level(parsed.verbosity);
	struct config config = { 0 };
	bool found;
	if (parsed.action == CLI_ATTACH || parsed.action == CLI_EXPLAIN)
		result = config_load(&config, &found, err);
	if (result >= 0)
		result = config_apply(&config, &parsed, err);
	if (result >= 0)
		result = act(&parsed, err);
	attach_request_done(&parsed.request);
	config_done(&config);
	return result;
}

static int run_other(int (*other)(int argc, char **argv, int *ret_status, struct err *err), int argc, char **argv,
		     struct err *err)
{
	int status = 0;
	int result = other(argc, argv, &status, err);

	return result < 0 ? result : finish_output(status, err);
}

static int run(int argc, char **argv, struct err *err)
{
	bool done = false;

	if (kubectl_plugin_is(argv[0]))
		return run_other(kubectl_plugin_run, argc, argv, err);
	if (node_command_is(argc, argv))
		return run_other(node_command_run, argc, argv, err);
	int result = docker_plugin_is(argv[0]) ? docker_plugin_take(&argc, &argv, &done, err) : 0;

	if (result < 0 || done)
		return result < 0 ? result : finish_output(0, err);
	/* A container of such a name is reached with `attach ls` or docker:ls. */
	const struct command *command = argc > 1 ? command_find(argv[1]) : NULL;
	return command != NULL ? run_other(command->run, argc - 2, argv + 2, err) : run_attach(argc, argv, err);
}

int cli_main(int argc, char **argv)
{
	struct err err = { 0 };

	if (take_fds() < 0)
		return CLI_EXIT_OWN_FAILURE;
	/* Every mode that we make is spelled out and must come out as written; nothing is ever made in the host's files. */
	(void)umask(0);
	int result = run(argc, argv, &err);
	if (result >= 0)
		return result;
	char missing[256] = "";
	if (err.kind == ERR_UNSUPPORTED && err.errnum == ENOSYS)
		doctor_missing_calls(missing, sizeof(missing));
	log_error("%s: %s%s%s%s", err_kind_name(err.kind), err.text,
		  err.kind == ERR_DENIED && geteuid() != 0 ? "; run it as root" : "",
		  missing[0] != '\0' ? "; missing here: " : "", missing);
	return CLI_EXIT_OWN_FAILURE;
}

int main(int argc, char **argv)
{
	return cli_main(argc, argv);
}
