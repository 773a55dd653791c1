/* SPDX-License-Identifier: Apache-2.0 */
/* Following all processes of an attach by ptrace, from the first one's exec to the last one's end. */
#include "inject.h"

#include "arch.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define TRACEES_MAX 256
#define LINGER_MS 3000 /* after PROGRAM's end, for those that end by themselves */
#define QUIET_MS 500   /* for init to have gone to sleep when the command starts */

static struct tracee tracees[TRACEES_MAX];
static size_t tracees_count;
static struct tracee *held; /* the command at its exec, until its init has gone to sleep */
static bool was_injected;
static int64_t held_since, ended_at;
static int main_status = -1;

int64_t now_ms(void)
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
	bool interesting = wanted.list || (wanted.watched && strcmp(wanted.watched, tracee->path) == 0);

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
	/* Linux closes the file whatever close() returns; brk() says no by the break as it is, which brk(0) asks for. */
	if (number == SYS_brk)
		arch_set_argument(tracee->pid, 0);
	else if (number != SYS_close)
		arch_skip(tracee->pid);
}

static void after_call(struct tracee *tracee, const struct ptrace_syscall_info *info)
{
	long number = tracee->call;

	tracee->call = -1;
	if (tracee->failing) {
		tracee->failing = false;
		if (number != SYS_brk)
			arch_set_result(tracee->pid, wanted.result);
	} else if (info->exit.rval >= 0 && (number == SYS_prctl || number == SYS_keyctl)) {
		fprintf(record, "did %s %s %lld %lld\n", tracee->path, call_name(number),
			(long long)tracee->argument[0], (long long)tracee->argument[1]);
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
	snprintf(child->path, sizeof(child->path), "%.*s%d", PATH_LENGTH - 12, parent->path, ++parent->children);
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
	session_dump(held->pid, init && init->alive ? init->pid : 0);
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

int follow_adopt(pid_t pid)
{
	struct tracee *first = find(pid);
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
		       PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;

	snprintf(first->path, sizeof(first->path), "m");
	fprintf(record, "born m %d\n", pid);
	return trace(PTRACE_SEIZE, pid, 0, (const void *)options) < 0 ? -1 : 0;
}

int follow(int64_t deadline)
{
	while (!all_gone()) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);
		int64_t now = now_ms();

		if (pid < 0 && errno != EINTR)
			return main_status;
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
			return main_status;
		}
		if (main_status >= 0 && now >= ended_at + LINGER_MS) {
			kill_all("left");
			return main_status;
		}
	}
	return main_status;
}
