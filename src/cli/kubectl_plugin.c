/* SPDX-License-Identifier: Apache-2.0 */
/* From the command line of `kubectl dbgattach` to a request: what is the plugin's, and what is for the program on the node. */
#include "kubectl_plugin.h"
#include "option.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/log.h"
#include "dbgattach/kubectl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLUGIN_NAME "kubectl-dbgattach"
#define START_TIMEOUT_MAX_S 3600

/* cli_result first: the options of attach are applied to it, so that what is wrong with them is said here. */
struct words {
	struct cli_result result;
	struct kubectl_request request;
	bool all;
};

/* ---- the plugin's own options -------------------------------------------------------------------------------------------- */

#define TEXT_OPTION(name, member)                                                                                      \
	static int name(void *context, const char *value, struct err *err)                                             \
	{                                                                                                              \
		struct words *words = context;                                                                         \
		(void)err;                                                                                             \
		words->request.member = value;                                                                         \
		return 0;                                                                                              \
	}
TEXT_OPTION(apply_container, container)
TEXT_OPTION(apply_namespace, name_space)
TEXT_OPTION(apply_context, context)
TEXT_OPTION(apply_kubeconfig, kubeconfig)
TEXT_OPTION(apply_as, as)
TEXT_OPTION(apply_selector, selector)
TEXT_OPTION(apply_image, image)
TEXT_OPTION(apply_node_namespace, node_namespace)

static int apply_mode(void *context, const char *value, struct err *err)
{
	struct words *words = context;

	for (enum kubectl_mode mode = 0; mode < KUBECTL_MODE_MAX; mode++)
		if (strcmp(kubectl_mode_name(mode), value) == 0) {
			words->request.mode = mode;
			return 0;
		}
	return err_set(err, ERR_USAGE, "--mode %.32s: auto, agent, node, ephemeral or view", value);
}

static int apply_start_timeout(void *context, const char *value, struct err *err)
{
	struct words *words = context;
	int result = text_duration(value, &words->request.start_timeout_s);

	return result < 0 || words->request.start_timeout_s > START_TIMEOUT_MAX_S ?
		       err_set(err, ERR_USAGE, "--start-timeout %.32s: a duration is 90, 90s or 10m, at most an hour",
			       value) :
		       0;
}

static int apply_all(void *context, const char *value, struct err *err)
{
	struct words *words = context;

	(void)value;
	(void)err;
	words->all = true;
	return 0;
}

/* -c is the container. */
static int apply_command_string(void *context, const char *value, struct err *err)
{
	struct words *words = context;

	(void)err;
	words->result.request.command_string = value;
	return 0;
}

static int refuse_host_root(void *context, const char *value, struct err *err)
{
	(void)context;
	return err_set(err, ERR_USAGE, "--host-root %.64s: it is the node's; the pod knows where", value);
}

static const struct option_spec kubectl_options[] = {
	{ 'c', "container", "NAME", "the container (default: the pod's default, else its first)", apply_container },
	{ 'n', "namespace", "NAMESPACE", "the pod's namespace", apply_namespace },
	{ 'l', "selector", "SELECTOR", "the pod by its labels, of several a ready one", apply_selector },
	{ 0, "context", "NAME", "a context of the kubeconfig", apply_context },
	{ 0, "kubeconfig", "FILE", "the kubeconfig", apply_kubeconfig },
	{ 0, "as", "USER", "the user to impersonate", apply_as },
	{ 0, "mode", "MODE", "auto (default: the agent, else a node pod), agent, node, ephemeral, view", apply_mode },
	{ 0, "image", "IMAGE", "dbgattach's image, for the pods that are made", apply_image },
	{ 0, "node-namespace", "NAMESPACE", "where agent and node pods are (default: dbgattach)",
	  apply_node_namespace },
	{ 0, "start-timeout", "DURATION", "until a pod that is made runs (default: 60s)", apply_start_timeout },
	{ 0, "command", "STRING", "run STRING by the toolbox's shell", apply_command_string },
	{ 0, "all", NULL, "of gc: the Jobs of running sessions too", apply_all },
	{ 0, "host-root", "DIR", NULL, refuse_host_root },
};

/* ---- what is for the program on the node ------------------------------------------------------------------------------------ */

static int add_file(struct remote_request *remote, const char *path, struct err *err)
{
	struct remote_file *file = &remote->files[remote->file_count];
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (remote->file_count == REMOTE_FILES_MAX)
		return err_set(err, ERR_USAGE, "%.64s: too many files", path);
	*file = (struct remote_file) { .word = remote->words.count - 1 };
	int result = fd < 0 ? -errno : io_read_all(fd, SECCOMP_PROFILE_MAX, &file->content);
	if (result < 0)
		return err_sys(err, result, "%s", path);
	remote->file_count++;
	return 0;
}

/* Options whose meaning is this side's: they are not passed on as they stand. */
static const char *const kept[] = { "tty",     "no-tty",  "interactive", "env", "env-file",
				    "explain", "version", "help",        "rm" };

static bool is_file(const struct words *words, const char *name)
{
	return strcmp(name, "custom") == 0 ||
	       (strcmp(name, "seccomp") == 0 && words->result.request.seccomp == SECCOMP_FILE);
}

static int pass_on(void *context, const struct option_spec *option, const char *value, struct err *err)
{
	struct words *words = context;
	struct remote_request *remote = &words->request.remote;

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (strcmp(kept[i], option->long_name) == 0)
			return 0;
	if (is_file(words, option->long_name)) {
		int result = strv_take(&remote->words, text_printf("--%s=", option->long_name));
		return result < 0 ? err_sys(err, result, "--%s", option->long_name) : add_file(remote, value, err);
	}
	int result = strv_take(&remote->words, text_printf("--%s%s%s", option->long_name, value != NULL ? "=" : "",
							   value != NULL ? value : ""));
	return result < 0 ? err_sys(err, result, "--%s", option->long_name) : 0;
}

/* What means something here: the caller's own variables, and -c. */
static int add_own(struct words *words)
{
	const struct attach_request *request = &words->result.request;
	struct strv *remote = &words->request.remote.words;
	int result = 0;

	for (size_t i = 0; result == 0 && i < request->env.count; i++)
		result = strv_take(remote, text_printf("--env=%s", request->env.items[i]));
	if (result == 0 && request->command_string != NULL)
		result = strv_take(remote, text_printf("--command=%s", request->command_string));
	return result;
}

/* ---- the command line ------------------------------------------------------------------------------------------------------- */

static void print_help(const struct option_set *set)
{
	(void)puts("Usage: kubectl dbgattach POD [-c CONTAINER] [-n NAMESPACE] [OPTIONS] [-- COMMAND [ARG...]]\n"
		   "       kubectl dbgattach POD/CONTAINER | deploy/NAME | node/NAME | -l SELECTOR ...\n"
		   "       kubectl dbgattach gc [--all]    remove the Jobs that sessions have left\n\n"
		   "A shell with tools in a running container of a pod that has none. The pod stays as it is.\n");
	options_print(set, stdout);
	(void)puts("\nAs on the node itself (dbgattach(1)):");
	options_print_others(set, stdout);
	(void)puts("\nExit status: as of dbgattach; 137 also where the connection is lost. See kubectl-dbgattach(1).");
}

static int parse(const struct option_set *set, int argc, char **argv, struct words *words, struct err *err)
{
	struct kubectl_request *request = &words->request;
	int index = 1, result = 0;

	while (index < argc) {
		int before = index;

		result = options_parse(set, argc, argv, &index, words, err);
		if (result != 0)
			return result;
		/* Behind "--" everything is the command's. */
		if (index > before && strcmp(argv[index - 1], "--") == 0)
			break;
		if (index == argc)
			break;
		if (request->target != NULL)
			return err_set(err, ERR_USAGE, "%.64s: the command stands behind \"--\"", argv[index]);
		request->target = argv[index++];
	}
	for (; result == 0 && index < argc; index++)
		result = strv_add(&request->command, argv[index]);
	return result < 0 ? err_sys(err, result, "the command") : 0;
}

static void take_request(struct words *words)
{
	const struct attach_request *attach = &words->result.request;
	struct kubectl_request *request = &words->request;

	request->profile = attach->profile;
	request->cap_add = attach->cap_add;
	request->timeout_s = attach->timeout_s;
	request->wants_terminal = attach->terminal == TERMINAL_YES;
	request->no_terminal = attach->terminal == TERMINAL_NO;
	if (request->image == NULL)
		request->image = getenv("DBGATTACH_IMAGE");
	if (request->image != NULL && request->image[0] == '\0')
		request->image = NULL;
}

static int act(const struct option_set *set, struct words *words, int *ret_status, struct err *err)
{
	struct kubectl_request *request = &words->request;

	*ret_status = 0;
	log_set_level(words->result.verbosity);
	switch (words->result.action) {
	case CLI_HELP:
		print_help(set);
		return 0;
	case CLI_VERSION:
		(void)puts(PLUGIN_NAME " " DBG_VERSION);
		return 0;
	case CLI_EXPLAIN:
		return kubectl_explain(request, stdout, err);
	case CLI_ATTACH:
		break;
	}
	if (request->target != NULL && strcmp(request->target, "gc") == 0)
		return kubectl_gc(request, words->all, stdout, err);
	return kubectl_run(request, ret_status, err);
}

bool kubectl_plugin_is(const char *program)
{
	const char *slash = program == NULL ? NULL : strrchr(program, '/');

	return program != NULL && strcmp(slash != NULL ? slash + 1 : program, PLUGIN_NAME) == 0;
}

int kubectl_plugin_run(int argc, char **argv, int *ret_status, struct err *err)
{
	const struct option_set attach_set = { .options = option_table, .count = option_count };
	const struct option_set set = { .options = kubectl_options,
					.count = ARRAY_SIZE(kubectl_options),
					.help = "kubectl dbgattach --help",
					.others = &attach_set,
					.taken = pass_on };
	struct words words = { .result = { .request = { .profile = profile_at(0) } } };
	int result = parse(&set, argc, argv, &words, err);

	take_request(&words);
	if (result == 0 && add_own(&words) < 0)
		result = err_sys(err, ENOMEM, "the options");
	if (result >= 0)
		result = act(&set, &words, ret_status, err);
	remote_request_done(&words.request.remote);
	strv_done(&words.request.command);
	attach_request_done(&words.result.request);
	return result;
}
