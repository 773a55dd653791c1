// SPDX-License-Identifier: Apache-2.0
/*
 * Who comes into this PID namespace. Pids are given in order, so asking for the next few is much faster than listing /proc:
 * a process that is visible for a tenth of a millisecond is seen.
 */
#include "attacker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define AHEAD 24
#define WATCHED_MAX 64

static pid_t watched[WATCHED_MAX];
static int count;

/* The last pid that was given out. */
static pid_t last_pid(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid < 0 || waitpid(pid, NULL, 0) < 0)
		broken("the last pid");
	return pid;
}

static bool exists(pid_t pid)
{
	return kill(pid, 0) == 0 || errno == EPERM;
}

static bool is_watched(pid_t pid)
{
	for (int i = 0; i < count; i++)
		if (watched[i] == pid)
			return true;
	return false;
}

void watch(visit_fn visit)
{
	/* What a session leaves to us is reaped: that a container's first process does not do that is another test's. */
	signal(SIGCHLD, SIG_DFL);
	bool seen = false;
	const pid_t floor = last_pid();
	pid_t last = floor;

	note("watching");
	ready();
	for (unsigned turn = 0;; turn++) {
		pid_t highest = last;

		for (pid_t pid = floor > last - AHEAD ? floor + 1 : last - AHEAD; pid <= last + AHEAD; pid++) {
			if (is_watched(pid) || !exists(pid))
				continue;
			highest = pid > highest ? pid : highest;
			if (!seen)
				note("saw process %d", pid);
			seen = true;
			if (count < WATCHED_MAX)
				watched[count++] = pid;
		}
		last = highest;
		for (int i = 0; i < count; i++) {
			visit(watched[i]);
			if (!exists(watched[i]))
				watched[i--] = watched[--count];
		}
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		/* It saw nobody: it lets others run. Half a millisecond is what a process lives at the very least. */
		if (count == 0)
			usleep(turn % 8 == 0 ? 50 : 0);
	}
}
