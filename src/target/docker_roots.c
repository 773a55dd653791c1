/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns where Docker keeps its files: what the running daemon was told, else what its configuration file says, else
 * Docker's own choice. The daemon is read about, never asked.
 */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/format/command_line.h"
#include "dbgattach/format/docker_daemon.h"
#include "src/target/docker.h"
#include "src/target/processes.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define CONFIG "/etc/docker/daemon.json"
#define PIDFILE "/run/docker.pid"

static int read_config(const struct files *files, const char *path, struct docker_roots *out, struct err *err)
{
	__attribute__((cleanup(docker_daemon_done))) struct docker_daemon daemon = { 0 };
	cleanup_buffer struct buffer buffer = { 0 };

	int r = state_read(files, path, &buffer, err);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = docker_daemon_parse(buffer.data, buffer.length, &daemon, err);
	if (r < 0)
		return err_wrap(err, "%s", path);
	if (daemon.data_root && text_format(out->data, sizeof(out->data), "%s", daemon.data_root) < 0)
		return err_sys(err, ENAMETOOLONG, "%s", path);
	if (daemon.exec_root && text_format(out->exec, sizeof(out->exec), "%s", daemon.exec_root) < 0)
		return err_sys(err, ENAMETOOLONG, "%s", path);
	return 0;
}

/* Empty where no daemon runs, or another program has its number by now. */
static int read_command_line(const struct files *files, struct buffer *ret, struct err *err)
{
	cleanup_buffer struct buffer pidfile = { 0 };
	uint64_t pid;

	/* One that is not there or not root's alone only means that the defaults hold. */
	if (state_read(files, PIDFILE, &pidfile, NULL) < 0 || pidfile.length == 0)
		return 0;
	size_t length = pidfile.length - (pidfile.data[pidfile.length - 1] == '\n' ? 1 : 0);
	if (text_u64(pidfile.data, length, INT_MAX, &pid) < 0 || pid == 0)
		return 0;
	return process_command_line(files->host, (pid_t)pid, "dockerd", ret, err);
}

int docker_roots_find(const struct files *files, struct docker_roots *ret, struct err *err)
{
	struct docker_roots out = { "/var/lib/docker", "/run/docker" };
	cleanup_buffer struct buffer line = { 0 };
	char config[PATH_MAX] = CONFIG;

	int r = read_command_line(files, &line, err);
	if (r < 0)
		return r;
	(void)command_line_option(line.data, line.length, "config-file", config);
	r = read_config(files, config, &out, err);
	if (r < 0)
		return r;
	(void)command_line_option(line.data, line.length, "data-root", out.data);
	(void)command_line_option(line.data, line.length, "exec-root", out.exec);
	*ret = out;
	return 0;
}
