// SPDX-License-Identifier: Apache-2.0
/*
 * payload show: everything a process inherits, as one JSON object. By system calls where there is one, so that it tells
 * the truth in a root without a procfs. Bytes are printed as the Unicode characters of the same number (latin-1).
 */
#include "payload.h"
#include "names.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void print_string(const char *text)
{
	putchar('"');
	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		if (*at < 0x20 || *at >= 0x7f || *at == '"' || *at == '\\')
			printf("\\u%04x", *at);
		else
			putchar(*at);
	}
	putchar('"');
}

static void print_field(const char *name, const char *text)
{
	printf("\"%s\": ", name);
	print_string(text);
	printf(",\n");
}

static void print_number(const char *name, long long value)
{
	printf("\"%s\": %lld,\n", name, value);
}

static uint64_t set_by_prctl(int option, int argument)
{
	uint64_t set = 0;

	for (int cap = 0; cap < 64; cap++) {
		int has = option == PR_CAPBSET_READ ? prctl(PR_CAPBSET_READ, cap) : prctl(option, argument, cap, 0, 0);

		if (has == 1)
			set |= UINT64_C(1) << cap;
	}
	return set;
}

static void print_caps(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &header, data) != 0)
		return;
#define BOTH(set) ((unsigned long long)data[1].set << 32 | data[0].set)
	printf("\"caps\": {\"inheritable\": %llu, \"permitted\": %llu, \"effective\": %llu, ", BOTH(inheritable),
	       BOTH(permitted), BOTH(effective));
#undef BOTH
	printf("\"bounding\": %llu, \"ambient\": %llu},\n", (unsigned long long)set_by_prctl(PR_CAPBSET_READ, 0),
	       (unsigned long long)set_by_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET));
}

static void print_limits(void)
{
	static const struct name names[] = {
		NAME(RLIMIT_AS),     NAME(RLIMIT_CORE),       NAME(RLIMIT_CPU),     NAME(RLIMIT_DATA),
		NAME(RLIMIT_FSIZE),  NAME(RLIMIT_LOCKS),      NAME(RLIMIT_MEMLOCK), NAME(RLIMIT_MSGQUEUE),
		NAME(RLIMIT_NICE),   NAME(RLIMIT_NOFILE),     NAME(RLIMIT_NPROC),   NAME(RLIMIT_RSS),
		NAME(RLIMIT_RTPRIO), NAME(RLIMIT_SIGPENDING), NAME(RLIMIT_STACK),
	};

	printf("\"limits\": {");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct rlimit limit = { 0 };

		getrlimit((int)names[i].value, &limit);
		printf("%s\"%s\": [%lld, %lld]", i ? ", " : "", names[i].name + strlen("RLIMIT_"),
		       limit.rlim_cur == RLIM_INFINITY ? -1LL : (long long)limit.rlim_cur,
		       limit.rlim_max == RLIM_INFINITY ? -1LL : (long long)limit.rlim_max);
	}
	printf("},\n");
}

/* The signals that are blocked, or not at their default. */
static void print_signals(void)
{
	sigset_t blocked;
	bool first = true;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	printf("\"blocked\": [");
	for (int sig = 1; sig <= SIGRTMAX; sig++)
		if (sigismember(&blocked, sig) == 1)
			first = printf("%s%d", first ? "" : ", ", sig) < 0;
	printf("],\n\"ignored\": [");
	first = true;
	for (int sig = 1; sig <= SIGRTMAX; sig++) {
		struct sigaction action;

		if (sigaction(sig, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
			first = printf("%s%d", first ? "" : ", ", sig) < 0;
	}
	printf("],\n");
}

/* How many processors it may run on, and its memory policy (0: the default). */
static void print_placement(void)
{
	cpu_set_t cpus;
	int mode = -1;

	CPU_ZERO(&cpus);
	(void)sched_getaffinity(0, sizeof(cpus), &cpus);
	(void)syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0);
	printf("\"cpus\": %d,\n\"mempolicy\": %d,\n", CPU_COUNT(&cpus), mode);
}

static void print_list(const char *name, char *const *list)
{
	printf("\"%s\": [", name);
	for (size_t i = 0; list[i]; i++) {
		printf("%s", i ? ", " : "");
		print_string(list[i]);
	}
	printf("],\n");
}

/* Open descriptors, with what they are where a procfs tells. */
static void print_fds(void)
{
	bool first = true;

	printf("\"fds\": {");
	for (int fd = 0; fd < 4096; fd++) {
		char path[64], link[PATH_MAX] = "?";
		ssize_t n;

		if (fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, link, sizeof(link) - 1);
		if (n >= 0)
			link[n] = 0;
		printf("%s\"%d\": ", first ? "" : ", ", fd);
		print_string(link);
		first = false;
	}
	printf("},\n");
}

static void print_file(const char *name, const char *path)
{
	char text[8192] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n >= 0)
		text[n] = 0;
	if (fd >= 0)
		close(fd);
	print_field(name, n < 0 ? "" : text);
}

static void print_namespaces(void)
{
	static const char *const kinds[] = { "pid", "mnt", "net", "uts", "ipc", "cgroup", "time", "user" };

	printf("\"ns\": {");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char path[64], link[128] = "";
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i]);
		n = readlink(path, link, sizeof(link) - 1);
		link[n < 0 ? 0 : n] = 0;
		printf("%s\"%s\": ", i ? ", " : "", kinds[i]);
		print_string(link);
	}
	printf("},\n");
}

static void print_ids(void)
{
	uid_t uid[3];
	gid_t gid[3], groups[1024];
	int count = getgroups(1024, groups);

	getresuid(&uid[0], &uid[1], &uid[2]);
	getresgid(&gid[0], &gid[1], &gid[2]);
	printf("\"uid\": [%u, %u, %u],\n\"gid\": [%u, %u, %u],\n\"groups\": [", uid[0], uid[1], uid[2], gid[0], gid[1],
	       gid[2]);
	for (int i = 0; i < count; i++)
		printf("%s%u", i ? ", " : "", groups[i]);
	printf("],\n");
}

int cmd_show(int argc, char **argv)
{
	char text[PATH_MAX] = "";
	int pdeathsig = 0;
	mode_t mask = umask(0);

	umask(mask);
	printf("{\n");
	print_ids();
	print_caps();
	print_number("no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	print_number("seccomp", prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
	print_number("securebits", prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
	print_number("dumpable", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	prctl(PR_GET_PDEATHSIG, &pdeathsig, 0, 0, 0);
	print_number("pdeathsig", pdeathsig);
	print_number("timerslack", prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
	print_number("personality", personality(0xffffffff));
	print_number("umask", mask);
	print_number("nice", getpriority(PRIO_PROCESS, 0));
	print_placement();
	print_number("ioprio", syscall(SYS_ioprio_get, 1, 0));
	print_number("scheduler", syscall(SYS_sched_getscheduler, 0));
	print_number("pid", getpid());
	print_number("ppid", getppid());
	print_number("sid", getsid(0));
	print_number("pgid", getpgid(0));
	print_number("foreground", tcgetpgrp(0));
	print_number("tty0", isatty(0));
	print_number("tty1", isatty(1));
	print_number("tty2", isatty(2));
	print_field("cwd", getcwd(text, sizeof(text)) ? text : errno_name(errno));
	gethostname(text, sizeof(text));
	print_field("hostname", text);
	print_limits();
	print_signals();
	print_list("env", environ);
	print_list("argv", argv + (argc > 0));
	print_namespaces();
	print_file("cgroup", "/proc/self/cgroup");
	print_file("oom_score_adj", "/proc/self/oom_score_adj");
	print_file("mountinfo", "/proc/self/mountinfo");
	print_fds();
	printf("\"end\": 1\n}\n");
	return 0;
}

/* Whose child an orphan of ours becomes: 1 is init's pid here, so that a subreaper can be told from it. */
static void print_adopter(void)
{
	int ends[2];
	char text[32] = "";
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0 || (child = fork()) < 0) {
		print_field("adopter", errno_name(errno));
		return;
	}
	if (child == 0) {
		pid_t parent = getpid();

		if (fork() != 0)
			_exit(0);
		while (getppid() == parent)
			usleep(200);
		dprintf(ends[1], "%d", getppid());
		_exit(0);
	}
	waitpid(child, NULL, 0);
	close(ends[1]);
	if (read(ends[0], text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(ends[0]);
	print_field("adopter", atoi(text) == getppid() ? "our parent" : text);
}

/* show, who adopts our orphans, and then what comes in. */
int cmd_sweep(int argc, char **argv)
{
	printf("{\n");
	print_adopter();
	printf("\"end\": 1\n}\n");
	cmd_show(argc, argv);
	return fflush(stdout) == 0 ? cmd_cat(1, argv) : 98;
}
