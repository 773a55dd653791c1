// SPDX-License-Identifier: Apache-2.0
/*
 * Times other programs, from posix_spawn (which is a vfork) to wait4, with as little of its own as possible.
 *
 *   timer attach ROUNDS SEED {EVERY ARGC ARGV...}...   each program in each round (EVERY: in each EVERYth), shuffled
 *   timer out BYTES ARGC ARGV...                       reads its stdout, a pipe, to the end; BYTES must come
 *   timer in BYTES ARGC ARGV...                        writes BYTES to its stdin, a pipe
 *   timer pty BYTES ARGC ARGV...                       runs it on a pseudo-terminal and reads that; BYTES or more must come
 *   timer prompt 0 ARGC ARGV...                        the same with a shell, up to its first prompt ("$ " or "# " at the end)
 *   timer crowd COUNT ARGC {ARGV...}...                COUNT of them at once, each the next of those programs in turn
 *
 * One line a run: INDEX ROUND WALL_NS USER_US SYS_US BYTES. The CPU time is that of the program and of every descendant
 * that was waited for. WALL_NS is -1 for a run that failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PROGRAMS_MAX 32
#define BLOCK (128 * 1024) /* what cat(1) reads and writes at a time */

extern char **environ;

struct program {
	unsigned long every;
	char **argv;
};

static char block[BLOCK];

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "timer: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static long microseconds(struct timeval time)
{
	return time.tv_sec * 1000000L + time.tv_usec;
}

static pid_t spawn(char **argv, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes)
{
	pid_t pid;
	int error = posix_spawnp(&pid, argv[0], actions, attributes, argv, environ);

	if (error != 0) {
		errno = error;
		fail(argv[0]);
	}
	return pid;
}

/* end: when what was timed was over; 0: with the program. */
static void finish_at(unsigned long index, unsigned long round, pid_t pid, int64_t start, int64_t end,
		      unsigned long long bytes)
{
	struct rusage usage;
	int status;

	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			fail("wait4");
	int64_t wall = (end != 0 ? end : now_ns()) - start;

	printf("%lu %lu %lld %ld %ld %llu\n", index, round,
	       WIFEXITED(status) && WEXITSTATUS(status) == 0 ? (long long)wall : -1LL, microseconds(usage.ru_utime),
	       microseconds(usage.ru_stime), bytes);
}

static void finish(unsigned long index, unsigned long round, pid_t pid, int64_t start, unsigned long long bytes)
{
	finish_at(index, round, pid, start, 0, bytes);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* A fixed order would always make the same program run after the same other one, in whose leftovers it stands. */
static void shuffle(unsigned *order, unsigned count, uint64_t *state)
{
	for (unsigned i = count; i > 1; i--) {
		unsigned j = (unsigned)(next_random(state) % i), kept = order[i - 1];

		order[i - 1] = order[j];
		order[j] = kept;
	}
}

static int time_attach(char **argv)
{
	struct program programs[PROGRAMS_MAX];
	unsigned order[PROGRAMS_MAX], count = 0;
	unsigned long rounds = strtoul(*argv++, NULL, 10);
	uint64_t state = strtoull(*argv++, NULL, 10) | 1;
	posix_spawn_file_actions_t actions;

	while (*argv != NULL && count < PROGRAMS_MAX) {
		programs[count].every = strtoul(*argv++, NULL, 10);
		unsigned long argc = strtoul(*argv++, NULL, 10);

		programs[count].argv = calloc(argc + 1, sizeof(char *));
		for (unsigned long i = 0; i < argc; i++)
			programs[count].argv[i] = *argv++;
		order[count] = count;
		count++;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	for (unsigned long round = 0; round < rounds; round++) {
		shuffle(order, count, &state);
		for (unsigned i = 0; i < count; i++) {
			struct program *program = &programs[order[i]];

			if (round % program->every != 0)
				continue;
			int64_t start = now_ns();
			pid_t pid = spawn(program->argv, &actions, NULL);

			finish(order[i], round, pid, start, 0);
		}
	}
	return 0;
}

/* After BYTES and ARGC; the program's arguments are the last ones there are. */
static char **take_argv(char **argv)
{
	return argv + 2;
}

static int check_bytes(bool right, unsigned long long bytes)
{
	if (!right)
		fprintf(stderr, "timer: %llu bytes came\n", bytes);
	return !right;
}

static int time_out(char **argv)
{
	unsigned long long expected = strtoull(argv[0], NULL, 10), bytes = 0;
	posix_spawn_file_actions_t actions;
	int ends[2];
	ssize_t length;

	if (pipe2(ends, O_CLOEXEC) < 0)
		fail("pipe2");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	int64_t start = now_ns();
	pid_t pid = spawn(take_argv(argv), &actions, NULL);

	close(ends[1]);
	while ((length = read(ends[0], block, sizeof(block))) > 0)
		bytes += (unsigned long long)length;
	finish(0, 0, pid, start, bytes);
	return check_bytes(bytes == expected, bytes);
}

static int time_in(char **argv)
{
	unsigned long long left = strtoull(argv[0], NULL, 10), bytes = left;
	posix_spawn_file_actions_t actions;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		fail("pipe2");
	signal(SIGPIPE, SIG_IGN);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[0], 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	int64_t start = now_ns();
	pid_t pid = spawn(take_argv(argv), &actions, NULL);

	close(ends[0]);
	while (left > 0) {
		ssize_t length = write(ends[1], block, left < BLOCK ? (size_t)left : BLOCK);

		if (length < 0)
			break; /* nobody reads any more; its status tells why */
		left -= (unsigned long long)length;
	}
	close(ends[1]);
	finish(0, 0, pid, start, bytes - left);
	return check_bytes(left == 0, bytes - left);
}

/* The program on a pseudo-terminal of its own. */
static pid_t spawn_on_pty(char **argv, int *ret_master, int64_t *ret_start)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 || ioctl(master, TIOCSWINSZ, &size) < 0)
		fail("a pseudo-terminal");
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
	posix_spawn_file_actions_init(&actions);
	/* Opened by a session leader that has none, it becomes the controlling terminal. */
	posix_spawn_file_actions_addopen(&actions, 0, ptsname(master), O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&actions, 0, 1);
	posix_spawn_file_actions_adddup2(&actions, 0, 2);
	*ret_master = master;
	*ret_start = now_ns();
	return spawn(take_argv(argv), &actions, &attributes);
}

static int time_pty(char **argv)
{
	unsigned long long expected = strtoull(argv[0], NULL, 10), bytes = 0;
	ssize_t length;
	int64_t start;
	int master;
	pid_t pid = spawn_on_pty(argv, &master, &start);

	/* EIO: nobody has the other end any more. */
	while ((length = read(master, block, sizeof(block))) > 0 || (length < 0 && errno == EINTR))
		bytes += length > 0 ? (unsigned long long)length : 0;
	finish(0, 0, pid, start, bytes);
	return check_bytes(bytes >= expected, bytes);
}

static int time_prompt(char **argv)
{
	static const char goodbye[] = "exit 0\n";
	char seen[4096];
	size_t used = 0;
	ssize_t length = 0;
	int64_t start, end = 0;
	int master;
	pid_t pid = spawn_on_pty(argv, &master, &start);

	while (end == 0 && used < sizeof(seen) && (length = read(master, seen + used, sizeof(seen) - used)) > 0) {
		used += (size_t)length;
		if (used >= 2 && (memcmp(seen + used - 2, "$ ", 2) == 0 || memcmp(seen + used - 2, "# ", 2) == 0))
			end = now_ns();
	}
	if (write(master, goodbye, strlen(goodbye)) < 0)
		fail("a pseudo-terminal");
	while (read(master, block, sizeof(block)) > 0)
		;
	finish_at(0, 0, pid, start, end, used);
	return check_bytes(end != 0, used);
}

/* Not spawned: each waits until all of them are there. */
static pid_t fork_waiting(char **argv, const int gate[2])
{
	char byte;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	close(gate[1]);
	if (null < 0 || read(gate[0], &byte, 1) != 0)
		fail("waiting for the others");
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (dup2(null, fd) < 0)
			fail("/dev/null");
	execvp(argv[0], argv);
	_exit(127);
}

static int time_crowd(char **argv)
{
	unsigned long count = strtoul(argv[0], NULL, 10), argc = strtoul(argv[1], NULL, 10), programs = 0;
	struct rusage usage;
	int gate[2], status;

	for (char **rest = argv + 2; *rest != NULL; rest++)
		programs++;
	programs /= argc;
	if (pipe2(gate, O_CLOEXEC) < 0)
		fail("pipe2");
	for (unsigned long i = 0; i < count; i++) {
		char **words = calloc(argc + 1, sizeof(char *));

		memcpy(words, argv + 2 + i % programs * argc, argc * sizeof(char *));
		if (fork_waiting(words, gate) < 0)
			fail("fork");
		free(words);
	}
	close(gate[0]);
	int64_t start = now_ns();

	close(gate[1]);
	for (unsigned long i = 0; i < count; i++) {
		if (wait4(-1, &status, 0, &usage) < 0)
			fail("wait4");
		printf("0 %lu %lld %ld %ld 0\n", i,
		       WIFEXITED(status) && WEXITSTATUS(status) == 0 ? (long long)(now_ns() - start) : -1LL,
		       microseconds(usage.ru_utime), microseconds(usage.ru_stime));
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(char **argv);
	} modes[] = { { "attach", time_attach }, { "out", time_out },       { "in", time_in },
		      { "pty", time_pty },       { "prompt", time_prompt }, { "crowd", time_crowd } };

	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	for (size_t i = 0; argc > 4 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(argv[1], modes[i].name) == 0)
			return modes[i].run(argv + 2);
	fprintf(stderr, "timer: attach|out|in|pty|prompt|crowd ...\n");
	return 2;
}
