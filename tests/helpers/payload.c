// SPDX-License-Identifier: Apache-2.0
/*
 * The one program of the test containers: their PID 1 and the command of their sessions. Static and without any
 * dependency, so that a container can hold nothing else. Prints what it sees; decides nothing.
 */
#include "payload.h"
#include "names.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void sleep_for_ever(void)
{
	for (;;)
		pause();
}

int write_all(int fd, const void *data, unsigned long size)
{
	const char *at = data;

	while (size > 0) {
		ssize_t n = write(fd, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		at += n;
		size -= (unsigned long)n;
	}
	return 0;
}

/* A PID 1 that never waits for anyone: what falls to it stays a zombie for as long as it lives. */
static int cmd_pause(int argc, char **argv)
{
	(void)argc, (void)argv;
	sleep_for_ever();
}

/* A PID 1 as it should be. */
static int cmd_reap(int argc, char **argv)
{
	sigset_t set;
	int sig;

	(void)argc, (void)argv;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (;;) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		sigwait(&set, &sig);
	}
	return 0;
}

/* A PID 1 that forks until its pids limit stops it, and stays there. */
static int cmd_fill(int argc, char **argv)
{
	(void)argc, (void)argv;
	for (;;) {
		pid_t pid = fork();

		if (pid <= 0)
			sleep_for_ever();
	}
	return 0;
}

/* A hostile PID 1: stops every other process of its PID namespace, again and again. */
static int cmd_stopper(int argc, char **argv)
{
	struct timespec pause_ns = { .tv_nsec = 200000 };

	(void)argc, (void)argv;
	for (;;) {
		for (pid_t pid = 2; pid < 64; pid++)
			kill(pid, SIGSTOP);
		nanosleep(&pause_ns, NULL);
	}
	return 0;
}

static int cmd_true(int argc, char **argv)
{
	(void)argc, (void)argv;
	return 0;
}

static int cmd_exit(int argc, char **argv)
{
	return argc > 1 ? atoi(argv[1]) : 0;
}

static int cmd_kill(int argc, char **argv)
{
	int sig = argc > 1 ? atoi(argv[1]) : SIGKILL;

	signal(sig, SIG_DFL);
	raise(sig);
	return 99;
}

static int cmd_sleep(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 1;
	struct timespec left = { .tv_sec = (time_t)seconds,
				 .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9) };

	while (nanosleep(&left, &left) < 0)
		;
	return 0;
}

/* Prints "ready", then sleeps through every polite signal. */
static int cmd_stubborn(int argc, char **argv)
{
	static const int polite[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2 };

	(void)argc, (void)argv;
	for (size_t i = 0; i < sizeof(polite) / sizeof(polite[0]); i++)
		signal(polite[i], SIG_IGN);
	write_all(1, "ready\n", 6);
	sleep_for_ever();
}

static void close_stdio(void)
{
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd < 3; fd++)
		null >= 0 ? (void)dup2(null, fd) : (void)close(fd);
	if (null > 2)
		close(null);
}

/* orphans N [wait]: N processes of their own session, twice forked, that hold nothing of ours and would sleep for ever. */
static int cmd_orphans(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 1;

	for (int i = 0; i < count; i++) {
		pid_t child = fork();

		if (child == 0) {
			setsid();
			if (fork() != 0)
				_exit(0);
			signal(SIGHUP, SIG_IGN);
			signal(SIGTERM, SIG_IGN);
			close_stdio();
			sleep_for_ever();
		}
		waitpid(child, NULL, 0);
	}
	write_all(1, "ready\n", 6);
	if (argc > 2)
		sleep_for_ever();
	return 0;
}

/* Forks as fast as it can until it is killed; children do the same. */
static int cmd_forkbomb(int argc, char **argv)
{
	(void)argc, (void)argv;
	write_all(1, "ready\n", 6);
	setsid();
	for (;;)
		if (fork() < 0)
			usleep(1000);
	return 0;
}

/* What it was called with, each argument in brackets. */
static int cmd_args(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		printf("[%s]\n", argv[i]);
	return 0;
}

/* The processes of this PID namespace, found without a procfs: those that kill(0) finds. */
static int cmd_pids(int argc, char **argv)
{
	(void)argc, (void)argv;
	for (pid_t pid = 1; pid < 512; pid++)
		if (kill(pid, 0) == 0 || errno == EPERM)
			printf("%d\n", (int)pid);
	return 0;
}

/* Touches MiB of memory, says "ready" and stays. */
static int cmd_eat(int argc, char **argv)
{
	size_t size = (size_t)(argc > 1 ? atoi(argv[1]) : 1) << 20;
	char *memory = malloc(size);

	if (!memory)
		return 1;
	for (size_t i = 0; i < size; i += 4096)
		memory[i] = 1;
	write_all(1, "ready\n", 6);
	sleep_for_ever();
}

static const struct {
	const char *name;
	command_fn *run;
} commands[] = {
	{ "pause", cmd_pause },
	{ "reap", cmd_reap },
	{ "fill", cmd_fill },
	{ "stopper", cmd_stopper },
	{ "true", cmd_true },
	{ "exit", cmd_exit },
	{ "kill", cmd_kill },
	{ "sleep", cmd_sleep },
	{ "stubborn", cmd_stubborn },
	{ "orphans", cmd_orphans },
	{ "forkbomb", cmd_forkbomb },
	{ "args", cmd_args },
	{ "pids", cmd_pids },
	{ "eat", cmd_eat },
	{ "show", cmd_show },
	{ "cat", cmd_cat },
	{ "flood", cmd_flood },
	{ "sha256", cmd_sha256 },
	{ "late", cmd_late },
	{ "winsize", cmd_winsize },
	{ "winch", cmd_winch },
	{ "signals", cmd_signals },
	{ "serve", cmd_serve },
	{ "hold", cmd_hold },
	{ "leader", cmd_leader },
	{ "tryopen", cmd_tryopen },
	{ "trycreate", cmd_trycreate },
	{ "walkopen", cmd_walkopen },
	{ "walkcreate", cmd_walkcreate },
	{ "unseal", cmd_unseal },
	{ "keyfind", cmd_keyfind },
	{ "withkey", cmd_withkey },
	{ "sweep", cmd_sweep },
};

int main(int argc, char **argv)
{
	if (argc < 2)
		sleep_for_ever();
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, argv[1]) == 0) {
			int status = commands[i].run(argc - 1, argv + 1);

			return fflush(stdout) == 0 ? status : 98;
		}
	}
	fprintf(stderr, "payload: no command %s\n", argv[1]);
	return 97;
}
