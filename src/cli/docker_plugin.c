/* SPDX-License-Identifier: Apache-2.0 */
#include "docker_plugin.h"
#include "option.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/text.h"
#include "dbgattach/format/docker_context.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CLI_FILE_MAX (4U << 20)
#define PLUGIN_NAME "docker-dbgattach"
#define DOCKER "docker"

static bool is_plugin;

/* ---- which daemon does the CLI mean? --------------------------------------------------------------------------------- */

struct docker_options {
	const char *config, *context, *host;
};

static int take_config(void *context, const char *value, struct err *err)
{
	(void)err;
	((struct docker_options *)context)->config = value;
	return 0;
}

static int take_context(void *context, const char *value, struct err *err)
{
	(void)err;
	((struct docker_options *)context)->context = value;
	return 0;
}

static int take_host(void *context, const char *value, struct err *err)
{
	(void)err;
	((struct docker_options *)context)->host = value;
	return 0;
}

/* How to talk to a daemon that we do not talk to. */
static int pass_over(void *context, const char *value, struct err *err)
{
	(void)context;
	(void)value;
	(void)err;
	return 0;
}

static const struct option_spec docker_options[] = {
	{ 0, "config", "DIR", NULL, take_config },      { 'c', "context", "NAME", NULL, take_context },
	{ 'H', "host", "LIST", NULL, take_host },       { 'D', "debug", NULL, NULL, pass_over },
	{ 'l', "log-level", "LEVEL", NULL, pass_over }, { 0, "tls", NULL, NULL, pass_over },
	{ 0, "tlscacert", "FILE", NULL, pass_over },    { 0, "tlscert", "FILE", NULL, pass_over },
	{ 0, "tlskey", "FILE", NULL, pass_over },       { 0, "tlsverify", NULL, NULL, pass_over },
};
static const struct option_set docker_set = { .options = docker_options,
					      .count = ARRAY_SIZE(docker_options),
					      .help = "docker --help" };

static int open_config(const struct docker_options *options)
{
	const char *named = options->config != NULL ? options->config : getenv("DOCKER_CONFIG"), *home = getenv("HOME");
	char path[PATH_MAX];

	if (text_format(path, sizeof(path), "%s%s",
			named != NULL ? named :
			home != NULL  ? home :
					"",
			named != NULL ? "" : "/.docker") < 0)
		return -ENAMETOOLONG;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void close_folder(DIR **folder)
{
	if (*folder != NULL)
		(void)closedir(*folder);
}

/* The endpoint of a context, by looking at all: their folders are named by a hash. NULL: not found, or it states none. */
static char *host_of_context(int config, const char *name)
{
	int fd = openat(config, "contexts/meta", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	__attribute__((cleanup(close_folder))) DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	char *host = NULL;

	while (folder != NULL && host == NULL && (entry = readdir(folder)) != NULL) {
		__attribute__((cleanup(docker_context_done))) struct docker_context context = { 0 };
		cleanup_buffer struct buffer text = { 0 };
		char path[NAME_MAX + 16];

		if (text_format(path, sizeof(path), "%s/meta.json", entry->d_name) == 0 &&
		    io_read_file_at(dirfd(folder), path, CLI_FILE_MAX, &text) == 0 &&
		    docker_context_parse(text.data, text.length, &context, NULL) == 0 &&
		    strcmp(context.name, name) == 0)
			host = take_ptr(context.host);
	}
	return host;
}

/* In the order of the CLI itself. What it cannot read says nothing: it will have told. */
static char *endpoint(const struct docker_options *options)
{
	cleanup_close int config = open_config(options);
	cleanup_buffer struct buffer text = { 0 };
	cleanup_free char *current = NULL;
	const char *context = options->context, *host = options->host != NULL ? options->host : getenv("DOCKER_HOST");

	if (context == NULL && host != NULL && *host != '\0')
		return strdup(host);
	if (context == NULL)
		context = getenv("DOCKER_CONTEXT");
	if (context == NULL && config >= 0 && io_read_file_at(config, "config.json", CLI_FILE_MAX, &text) == 0 &&
	    docker_current_context_parse(text.data, text.length, &current, NULL) == 0)
		context = current;
	return context == NULL || config < 0 ? NULL : host_of_context(config, context);
}

static int refuse_other_hosts(const struct docker_options *options, struct err *err)
{
	cleanup_free char *host = endpoint(options);
	char shown[128];

	if (host == NULL || text_starts(host, "unix://") || text_starts(host, "fd://"))
		return 0;
	return err_set(err, ERR_REFUSED, "docker's daemon is at %s: run dbgattach on that host",
		       text_escape(host, strlen(host), shown, sizeof(shown)));
}

/* ---- its end is ours --------------------------------------------------------------------------------------------- */

/* The CLI closes this socket when it is told to end, and its death does. [cli-plugins/socket] */
static int follow_cli(struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *name = getenv("DOCKER_CLI_PLUGIN_SOCKET");
	size_t length = name == NULL ? 0 : strlen(name);

	/* CLIs before 23.0 have none. */
	if (length < 2 || name[0] != '@' || length > sizeof(address.sun_path))
		return prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) < 0 ? err_sys(err, errno, "PR_SET_PDEATHSIG") : 0;
	memcpy(address.sun_path + 1, name + 1, length - 1);
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, size) < 0 || fcntl(fd, F_SETOWN, getpid()) < 0 ||
	    fcntl(fd, F_SETSIG, SIGTERM) < 0 || fcntl(fd, F_SETFL, O_ASYNC | O_NONBLOCK) < 0)
		return err_sys(err, errno, "the Docker CLI's socket");
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	if (poll(&poll_fd, 1, 0) > 0)
		return err_set(err, ERR_GONE, "the Docker CLI has ended");
	(void)take_fd(fd); /* for as long as we live */
	return 0;
}

/* ---- the command line --------------------------------------------------------------------------------------------- */

bool docker_plugin_is(const char *program)
{
	const char *slash = program == NULL ? NULL : strrchr(program, '/');

	return program != NULL && strcmp(slash != NULL ? slash + 1 : program, PLUGIN_NAME) == 0;
}

int docker_plugin_take(int *argc, char ***argv, bool *ret_done, struct err *err)
{
	struct docker_options options = { 0 };
	int index = 1;

	*ret_done = *argc == 2 && strcmp((*argv)[1], "docker-cli-plugin-metadata") == 0;
	if (*ret_done) {
		(void)puts("{\"SchemaVersion\":\"0.1.0\",\"Vendor\":\"dbgattach\",\"Version\":\"" DBG_VERSION
			   "\",\"ShortDescription\":\"A shell with tools in a running container that has none\"}");
		return 0;
	}
	is_plugin = true;
	int result = options_parse(&docker_set, *argc, *argv, &index, &options, err);
	/* `docker help dbgattach` comes as it stands. */
	if (result == 0 && index + 1 < *argc && strcmp((*argv)[index], "help") == 0) {
		static char help[] = "--help";
		(*argv)[index + 1] = help;
	} else if (result == 0 && (index == *argc || strcmp((*argv)[index], "dbgattach") != 0))
		result = err_set(err, ERR_USAGE, PLUGIN_NAME " is for the Docker CLI: docker dbgattach --help");
	else if (result == 0)
		result = refuse_other_hosts(&options, err);
	if (result == 0)
		result = follow_cli(err);
	*argc -= index;
	*argv += index;
	return result;
}

int docker_plugin_reference(const char *text, struct reference *ret, struct err *err)
{
	int result = reference_parse(text, ret, err);

	if (result == 0 && is_plugin && ret->runtime[0] == '\0' && ret->pid == 0)
		memcpy(ret->runtime, DOCKER, sizeof(DOCKER));
	return result;
}
