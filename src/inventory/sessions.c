/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is in which container: from the cgroups of sessions to their monitors, and from the pidfds that a monitor holds to
 * the container. Asks nobody and opens nothing of a container.
 */
#include "dbgattach/inventory.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/text.h"
#include "dbgattach/format/proc_stat.h"
#include "dbgattach/ns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NS_OF_SECOND 1000000000ULL

struct walk {
	const struct host *host;
	struct sessions *sessions;
};

static int add(struct sessions *sessions, pid_t pid)
{
	pid_t *pids = reallocarray(sessions->pids, sessions->count + 1, sizeof(*pids));

	if (pids == NULL)
		return -ENOMEM;
	sessions->pids = pids;
	pids[sessions->count++] = pid;
	return 0;
}

/* The line "Pid:" that a pidfd's fdinfo has: a number of the procfs's own PID namespace; -1 of a process that has ended. */
static pid_t pid_of_fd(int fdinfo, const char *name)
{
	cleanup_buffer struct buffer text = { 0 };
	uint64_t pid;

	if (io_read_file_at(fdinfo, name, 4096, &text) < 0)
		return 0;
	const char *line = strstr(text.data, "\nPid:\t");
	if (line == NULL)
		return 0;
	line += strlen("\nPid:\t");
	return text_u64(line, strcspn(line, "\n"), INT32_MAX, &pid) < 0 ? 0 : (pid_t)pid;
}

/* A process that got the monitor's pid later is none: it was started after the session. */
static bool is_monitor(int proc, uint64_t born_ns)
{
	cleanup_buffer struct buffer text = { 0 };
	struct proc_stat stat;
	uint64_t ticks = (uint64_t)sysconf(_SC_CLK_TCK);

	return io_read_file_at(proc, "stat", 4096, &text) == 0 &&
	       proc_stat_parse(text.data, text.length, &stat, NULL) == 0 &&
	       stat.start_time <= born_ns / (NS_OF_SECOND / ticks);
}

static int visit(pid_t monitor, uint64_t born_ns, void *context)
{
	struct walk *walk = context;
	char path[16];
	int result = 0;

	(void)snprintf(path, sizeof(path), "%d", monitor);
	cleanup_close int proc = openat(walk->host->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0 || !is_monitor(proc, born_ns))
		return 0;
	int fdinfo = openat(proc, "fdinfo", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fdinfo < 0 ? NULL : fdopendir(fdinfo);
	if (dir == NULL) {
		close_quietly(fdinfo);
		return 0;
	}
	for (struct dirent *entry; result == 0 && (entry = readdir(dir)) != NULL;) {
		pid_t pid = entry->d_name[0] == '.' ? 0 : pid_of_fd(dirfd(dir), entry->d_name);
		if (pid > 0)
			result = add(walk->sessions, pid);
	}
	(void)closedir(dir);
	return result;
}

void sessions_read(const struct host *host, struct sessions *ret)
{
	struct walk walk = { host, ret };

	*ret = (struct sessions) { 0 };
	(void)cgroup_each_session(host->root_fd, visit, &walk);
}

unsigned sessions_in(const struct sessions *sessions, pid_t pid)
{
	unsigned count = 0;

	for (size_t i = 0; i < sessions->count; i++)
		count += sessions->pids[i] == pid;
	return count;
}

void sessions_done(struct sessions *sessions)
{
	free(sessions->pids);
	*sessions = (struct sessions) { 0 };
}
