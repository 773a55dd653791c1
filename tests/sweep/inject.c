/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inject [OPTIONS] -- PROGRAM [ARG...]: runs one attach and makes one system call of it fail, in whichever of its processes.
 * Follows all of them by ptrace; judges nothing: what happened goes to the record, for tests/sweep/run.
 *
 *   --record FD             where to; lines "WORD ...", and the session's state as blocks, see session.c
 *   --list                  a line for each call of each process
 *   --process PATH --call NAME:TURN --result N
 *                           the TURN-th NAME of process PATH is not made and gives N: -ERRNO, or a lie
 *   --watch PATH            its prctl and keyctl calls that succeed are told (implied by --process)
 *   --deadline SECONDS      later than this it hangs: everything is killed
 *   --nofile N              the soft limit of open files that PROGRAM starts with
 *   --tty                   stdin becomes PROGRAM's controlling terminal
 *
 * A PATH names a process by descent: m is PROGRAM, m2 its second child, m2x the same after an exec, m2x1 that one's first
 * child. The second exec on a way down is the session's command: from there on nothing is made to fail any more.
 */
#include "inject.h"

#include "arch.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#define TRACEES_MAX 256
#define LINGER_MS 3000 /* after PROGRAM's end, for those that end by themselves */
#define QUIET_MS 500   /* for init to have gone to sleep when the command starts */
#define TICK_MS 2

FILE *record;
struct wanted wanted;

static struct tracee tracees[TRACEES_MAX];
static size_t tracees_count;
static struct tracee *held; /* the command at its exec, until its init has gone to sleep */
static const char *watched;
static bool was_injected;
static int64_t held_since, ended_at;
static int main_status = -1;

static const struct {
	const char *name;
	long number;
} calls[] = {
#include "sweep/calls.inc"
};

const char *call_name(long number)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].number == number)
			return calls[i].name;
	return "unknown";
}

long call_number(const char *name)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(calls[i].name, name) == 0)
			return calls[i].number;
	return -1;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static long trace(long request, pid_t pid, long address, const void *data)
{
	return syscall(SYS_ptrace, request, pid, address, data);
}

static struct tracee *find(pid_t pid)
{
	for (size_t i = 0; i < tracees_count; i++)
		if (tracees[i].alive && tracees[i].pid == pid)
			return &tracees[i];
	if (tracees_count == TRACEES_MAX) {
		fprintf(stderr, "inject: more than %d processes\n", TRACEES_MAX);
		exit(96);
	}
	tracees[tracees_count] = (struct tracee) { .pid = pid, .alive = true, .call = -1 };
	return &tracees[tracees_count++];
}

static bool is_command(const struct tracee *tracee)
{
	const char *first = strchr(tracee->path, 'x');

	return first && strchr(first + 1, 'x');
}

/* Stops at each call only where that is needed: most of the time of a run would go into it. */
static void resume(struct tracee *tracee, int signal)
{
	bool interesting = wanted.list || (watched && strcmp(watched, tracee->path) == 0);

	trace(interesting && !is_command(tracee) ? PTRACE_SYSCALL : PTRACE_CONT, tracee->pid, 0,
	      (const void *)(long)signal);
}

/* ---- calls ---- */

static void before_call(struct tracee *tracee, const struct ptrace_syscall_info *info)
{
	long number = (long)info->entry.nr;

	tracee->call = number;
	tracee->argument[0] = info->entry.args[0];
	tracee->argument[1] = info->entry.args[1];
	if (number < 0 || number >= CALLS_MAX)
		return;
	tracee->count[number]++;
	if (wanted.list)
		fprintf(record, "call %s %s %u %lld\n", tracee->path, call_name(number), tracee->count[number],
			(long long)tracee->argument[0]);
	if (was_injected || !wanted.path || number != wanted.call || tracee->count[number] != wanted.turn ||
	    strcmp(tracee->path, wanted.path) != 0)
		return;
	was_injected = tracee->failing = true;
	fprintf(record, "injected %s %s %u %lld %lld\n", tracee->path, call_name(number), wanted.turn,
		(long long)tracee->argument[0], (long long)tracee->argument[1]);
	/* Linux closes the file whatever close() returns. */
	if (number != SYS_close)
		arch_skip(tracee->pid);
}

static void after_call(struct tracee *tracee, const struct ptrace_syscall_info *info)
{
	long number = tracee->call;

	tracee->call = -1;
	if (tracee->failing) {
		tracee->failing = false;
		arch_set_result(tracee->pid, wanted.result);
	} else if (info->exit.rval >= 0 && (number == SYS_prctl || number == SYS_keyctl)) {
		fprintf(record, "did %s %s %lld %lld\n", tracee->path, call_name(number), (long long)tracee->argument[0],
			(long long)tracee->argument[1]);
	}
}

static void at_call(struct tracee *tracee)
{
	struct ptrace_syscall_info info;

	if (trace(PTRACE_GET_SYSCALL_INFO, tracee->pid, sizeof(info), &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		before_call(tracee, &info);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		after_call(tracee, &info);
}

/* ---- births and deaths ---- */

static void at_fork(struct tracee *parent)
{
	unsigned long pid = 0;

	trace(PTRACE_GETEVENTMSG, parent->pid, 0, &pid);
	struct tracee *child = find((pid_t)pid);

	child->parent = parent;
	snprintf(child->path, sizeof(child->path), "%.*s%d", PATH_LENGTH - 12, parent->path,
		 ++parent->children);
	fprintf(record, "born %s %d\n", child->path, child->pid);
	if (child->waits) {
		child->waits = false;
		resume(child, 0);
	}
}

/* False: it is held. */
static bool at_exec(struct tracee *tracee)
{
	size_t length = strlen(tracee->path);
	bool was_command = is_command(tracee);

	if (length + 1 < sizeof(tracee->path) && tracee->parent)
		memcpy(tracee->path + length, "x", 2);
	memset(tracee->count, 0, sizeof(tracee->count));
	fprintf(record, "exec %s\n", tracee->path);
	if (was_command || !is_command(tracee))
		return true;
	held = tracee;
	held_since = now_ms();
	return false;
}

static void look_at_held(void)
{
	const struct tracee *init = held ? held->parent : NULL;

	if (!held || (init && init->alive && now_ms() < held_since + QUIET_MS && !session_init_sleeps(init->pid)))
		return;
	session_dump("command", held->pid);
	if (init && init->alive)
		session_dump("init", init->pid);
	resume(held, 0);
	held = NULL;
}

static void at_end(struct tracee *tracee, int status)
{
	tracee->alive = false;
	if (held == tracee)
		held = NULL;
	if (WIFSIGNALED(status))
		fprintf(record, "killed %s %d\n", tracee->path, WTERMSIG(status));
	else
		fprintf(record, "exit %s %d\n", tracee->path, WEXITSTATUS(status));
	if (tracee == &tracees[0]) {
		main_status = status;
		ended_at = now_ms();
	}
}

static void at_stop(struct tracee *tracee, int status)
{
	int event = status >> 16, signal = WSTOPSIG(status);

	if (tracee->path[0] == '\0') {
		tracee->waits = true; /* its parent's own stop will come and say whose child it is */
		return;
	}
	if (signal == (SIGTRAP | 0x80)) {
		at_call(tracee);
		signal = 0;
	} else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) {
		at_fork(tracee);
		signal = 0;
	} else if (event == PTRACE_EVENT_EXEC) {
		if (!at_exec(tracee))
			return;
		signal = 0;
	} else if (event == PTRACE_EVENT_STOP && signal != SIGTRAP) {
		trace(PTRACE_LISTEN, tracee->pid, 0, NULL); /* a real stop, until a SIGCONT comes */
		return;
	} else if (event != 0) {
		signal = 0;
	}
	resume(tracee, signal);
}

/* ---- the run ---- */

static bool all_gone(void)
{
	for (size_t i = 0; i < tracees_count; i++)
		if (tracees[i].alive)
			return false;
	return true;
}

/* Children before their parents, so that these can reap them. */
static void kill_all(const char *why)
{
	for (size_t i = tracees_count; i-- > 0;) {
		struct tracee *tracee = &tracees[i];

		if (!tracee->alive)
			continue;
		fprintf(record, "%s %s %d %s\n", why, tracee->path, tracee->pid,
			tracee->call >= 0 ? call_name(tracee->call) : "-");
		kill(tracee->pid, SIGKILL);
	}
	for (pid_t pid; (pid = waitpid(-1, NULL, __WALL)) > 0 || (pid < 0 && errno == EINTR);)
		;
}

static void follow(int64_t deadline)
{
	while (!all_gone()) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);
		int64_t now = now_ms();

		if (pid < 0 && errno != EINTR)
			return;
		if (pid > 0) {
			struct tracee *tracee = find(pid);

			if (WIFSTOPPED(status))
				at_stop(tracee, status);
			else
				at_end(tracee, status);
		}
		look_at_held();
		if (main_status < 0 && now >= deadline) {
			kill_all("hangs");
			return;
		}
		if (main_status >= 0 && now >= ended_at + LINGER_MS) {
			kill_all("left");
			return;
		}
	}
}

static void on_tick(int signal)
{
	(void)signal;
}

static void start(char **argv, bool tty, unsigned long nofile)
{
	int go[2];
	char byte;

	if (pipe2(go, O_CLOEXEC) < 0)
		exit(96);
	pid_t pid = fork();

	if (pid == 0) {
		struct rlimit limit;

		if (tty && (setsid() < 0 || ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0))
			_exit(96);
		if (read(go[0], &byte, 1) != 1)
			_exit(96);
		if (nofile && getrlimit(RLIMIT_NOFILE, &limit) == 0) {
			limit.rlim_cur = nofile;
			setrlimit(RLIMIT_NOFILE, &limit);
		}
		execv(argv[0], argv);
		_exit(96);
	}
	struct tracee *first = find(pid);
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
		       PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;

	snprintf(first->path, sizeof(first->path), "m");
	if (pid < 0 || trace(PTRACE_SEIZE, pid, 0, (const void *)options) < 0 || write(go[1], "x", 1) != 1) {
		perror("inject: ptrace");
		exit(96);
	}
	fprintf(record, "born m %d\n", pid);
	close(go[0]);
	close(go[1]);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "record", 1, 0, 'r' }, { "list", 0, 0, 'l' },   { "process", 1, 0, 'p' },  { "call", 1, 0, 'c' },
		{ "result", 1, 0, 'e' }, { "watch", 1, 0, 'w' },  { "deadline", 1, 0, 'd' }, { "nofile", 1, 0, 'n' },
		{ "tty", 0, 0, 't' },    { NULL, 0, NULL, 0 },
	};
	const struct itimerval tick = { { 0, TICK_MS * 1000 }, { 0, TICK_MS * 1000 } };
	struct sigaction action = { .sa_handler = on_tick };
	unsigned long nofile = 0;
	long seconds = 10;
	bool tty = false;
	char *turn;

	for (int option; (option = getopt_long(argc, argv, "+", options, NULL)) != -1;) {
		switch (option) {
		case 'r':
			record = fdopen(atoi(optarg), "w");
			break;
		case 'l':
			wanted.list = true;
			break;
		case 'p':
			wanted.path = watched = optarg;
			break;
		case 'c':
			turn = strchr(optarg, ':');
			if (!turn)
				return 97;
			*turn++ = '\0';
			wanted.call = call_number(optarg);
			wanted.turn = (unsigned)atoi(turn);
			break;
		case 'e':
			wanted.result = atol(optarg);
			break;
		case 'w':
			watched = optarg;
			break;
		case 'd':
			seconds = atol(optarg);
			break;
		case 'n':
			nofile = strtoul(optarg, NULL, 10);
			break;
		case 't':
			tty = true;
			break;
		default:
			return 97;
		}
	}
	if (!record || optind >= argc || (wanted.path && wanted.call < 0)) {
		fprintf(stderr, "inject: see the head of tests/sweep/inject.c\n");
		return 97;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	sigaction(SIGALRM, &action, NULL);
	int64_t began = now_ms();

	start(argv + optind, tty, nofile);
	setitimer(ITIMER_REAL, &tick, NULL);
	follow(began + seconds * 1000);
	fprintf(record, "end %d %lld\n", main_status, (long long)(now_ms() - began));
	return 0;
}
