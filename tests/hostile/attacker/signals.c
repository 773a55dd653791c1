// SPDX-License-Identifier: Apache-2.0
/* Who stops, kills, traces or moves every process that comes. */
#include "attacker.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- signals ---- */

static int storm_signal;
static const char *storm_whom;
static useconds_t storm_delay_us;

/* The session's init is no child of anybody in this namespace. */
static bool is_init(pid_t pid)
{
	char path[64], text[1024];
	const char *end;
	int parent = -1;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (!read_text(path, text, sizeof(text)) || (end = strrchr(text, ')')) == NULL)
		return false;
	return sscanf(end, ") %*c %d", &parent) == 1 && parent == 0;
}

static void send_signal(pid_t pid)
{
	static pid_t last;

	if (storm_delay_us > 0 && pid != last && is_init(pid))
		usleep(storm_delay_us);
	last = pid;
	if (strcmp(storm_whom, "all") == 0 || is_init(pid) == (strcmp(storm_whom, "init") == 0))
		kill(pid, storm_signal);
}

/* signal NUMBER all|init|command [MS after they came] */
int attack_signal(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	storm_signal = atoi(argv[1]);
	storm_whom = argv[2];
	storm_delay_us = argc > 3 ? (useconds_t)atoi(argv[3]) * 1000 : 0;
	watch(send_signal);
}

static void hold(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0) {
		fell("the memory of process %d opened for writing", pid);
		close(fd);
	}
	if (ptrace(PTRACE_SEIZE, pid, 0, 0) == 0) {
		fell("process %d was traced", pid);
		ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	}
}

int attack_ptrace(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	watch(hold);
}

/* ---- cgroups ---- */

static char cgroup_files[8][128];
static unsigned cgroup_count;

static void move(pid_t pid)
{
	static bool moved, refused;
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	for (unsigned i = 0; i < cgroup_count; i++) {
		int fd = open(cgroup_files[i], O_WRONLY | O_CLOEXEC);

		bool done = fd >= 0 && write(fd, text, strlen(text)) >= 0;

		if (done && !moved)
			note("moved process %d by %s", pid, cgroup_files[i]);
		else if (!done && !refused && errno != ESRCH)
			note("refused process %d by %s: %s", pid, cgroup_files[i], strerror(errno));
		moved |= done;
		refused |= !done && errno != ESRCH;
		if (fd >= 0)
			close(fd);
	}
}

static void add_cgroup(const char *where, const char *type, const char *options, const char *file)
{
	mkdir(where, 0755);
	if (mount("cgroup", where, type, 0, options) < 0)
		return;
	snprintf(cgroup_files[cgroup_count++], sizeof(cgroup_files[0]), "%s/%s", where, file);
}

/* Every process of the session into the container's own cgroups, so that what kills by cgroup does not find it. */
int attack_cgroup(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	need_mounts();
	if (unshare(CLONE_NEWCGROUP) < 0 && errno != EPERM)
		broken("a cgroup namespace");
	add_cgroup("/cg2", "cgroup2", NULL, "cgroup.procs");
	add_cgroup("/cgp", "cgroup", "pids", "tasks");
	add_cgroup("/cgm", "cgroup", "memory", "tasks");
	add_cgroup("/cgd", "cgroup", "devices", "tasks");
	note("%u cgroup trees mounted", cgroup_count);
	watch(move);
}
