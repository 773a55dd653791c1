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
 *   --user UID              who PROGRAM is started as
 *   --tty                   stdin becomes PROGRAM's controlling terminal
 *
 * PROGRAM is started by an absolute path: the caller that it has is an untidy one, see make_untidy().
 *
 * A PATH names a process by descent: m is PROGRAM, m2 its second child, m2x the same after an exec, m2x1 that one's first
 * child. The second exec on a way down is the session's command: from there on nothing is made to fail any more.
 */
#include "inject.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#define TICK_MS 2

FILE *record;
struct wanted wanted = { .call = -1 };

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

static struct {
	unsigned long nofile;
	uid_t user;
	long seconds;
	bool tty;
} options = { .seconds = 10 };

static void on_tick(int signal)
{
	(void)signal;
}

static bool parse_call(char *text)
{
	char *turn = strchr(text, ':');

	if (!turn)
		return false;
	*turn++ = '\0';
	wanted.call = call_number(text);
	wanted.turn = (unsigned)atoi(turn);
	return wanted.call >= 0;
}

static bool parse(int argc, char **argv)
{
	static const struct option names[] = {
		{ "record", 1, 0, 'r' }, { "list", 0, 0, 'l' },  { "process", 1, 0, 'p' },  { "call", 1, 0, 'c' },
		{ "result", 1, 0, 'e' }, { "watch", 1, 0, 'w' }, { "deadline", 1, 0, 'd' }, { "nofile", 1, 0, 'n' },
		{ "tty", 0, 0, 't' },    { "user", 1, 0, 'u' },  { NULL, 0, NULL, 0 },
	};
	bool good = true;

	for (int option; (option = getopt_long(argc, argv, "+", names, NULL)) != -1;) {
		if (option == 'r')
			record = fdopen(atoi(optarg), "w");
		else if (option == 'l')
			wanted.list = true;
		else if (option == 'p')
			wanted.path = wanted.watched = optarg;
		else if (option == 'c')
			good = good && parse_call(optarg);
		else if (option == 'e')
			wanted.result = atol(optarg);
		else if (option == 'w')
			wanted.watched = optarg;
		else if (option == 'd')
			options.seconds = atol(optarg);
		else if (option == 'n')
			options.nofile = strtoul(optarg, NULL, 10);
		else if (option == 'u')
			options.user = (uid_t)strtoul(optarg, NULL, 10);
		else if (option == 't')
			options.tty = true;
		else
			good = false;
	}
	return good && record && optind < argc && !wanted.path == (wanted.call < 0);
}

/* ---- an untidy caller --------------------------------------------------------------------------------------------- */

/*
 * Whatever an attach has to set to a known value stands at another one here: so a reset that silently does not happen can
 * be seen in the session.
 */
static void make_untidy(void)
{
	static const gid_t groups[] = { 11, 12, 13 };
	const struct sched_param parameter = { 0 };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct rlimit limit = { 777, 888 };
	sigset_t blocked;
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "300", 3) != 3)
		_exit(96);
	close(fd);
	(void)umask(077);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGRTMAX);
	sigaddset(&blocked, SIGALRM);
	if (setpriority(PRIO_PROCESS, 0, 5) < 0 ||
	    syscall(SYS_sched_setscheduler, 0, 3 /* SCHED_BATCH */, &parameter) < 0 ||
	    syscall(SYS_ioprio_set, 1, 0, 3 << 13 /* idle */) < 0 || prctl(PR_SET_TIMERSLACK, 123456, 0, 0, 0) < 0 ||
	    personality(0x0020000 /* UNAME26 */) < 0 || syscall(SYS_setgroups, 3, groups) < 0 ||
	    sigaction(SIGUSR1, &ignore, NULL) < 0 || sigaction(SIGRTMAX - 1, &ignore, NULL) < 0 ||
	    sigprocmask(SIG_BLOCK, &blocked, NULL) < 0 || setrlimit(RLIMIT_MEMLOCK, &limit) < 0 ||
	    syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0) < 0 || dup2(STDERR_FILENO, 60) < 0 ||
	    chdir("/proc/sys") < 0)
		_exit(96);
}

static void limit_files(unsigned long count)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		_exit(96);
	limit.rlim_cur = count;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		_exit(96);
}

static void start(char **argv)
{
	int go[2];
	char byte;

	if (pipe2(go, O_CLOEXEC) < 0)
		exit(96);
	pid_t pid = fork();

	if (pid == 0) {
		if (options.tty && (setsid() < 0 || ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0))
			_exit(96);
		if (read(go[0], &byte, 1) != 1)
			_exit(96);
		make_untidy();
		if (options.nofile)
			limit_files(options.nofile);
		if (options.user && (syscall(SYS_setresgid, options.user, options.user, options.user) < 0 ||
				     syscall(SYS_setresuid, options.user, options.user, options.user) < 0))
			_exit(96);
		execv(argv[0], argv);
		_exit(96);
	}
	if (pid < 0 || follow_adopt(pid) < 0 || write(go[1], "x", 1) != 1) {
		perror("inject: ptrace");
		exit(96);
	}
	close(go[0]);
	close(go[1]);
}

int main(int argc, char **argv)
{
	const struct itimerval tick = { { 0, TICK_MS * 1000 }, { 0, TICK_MS * 1000 } };
	struct sigaction action = { .sa_handler = on_tick };

	if (!parse(argc, argv)) {
		fprintf(stderr, "inject: see the head of tests/sweep/inject.c\n");
		return 97;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	sigaction(SIGALRM, &action, NULL);
	int64_t began = now_ms();

	start(argv + optind);
	setitimer(ITIMER_REAL, &tick, NULL);
	int status = follow(began + options.seconds * 1000);

	fprintf(record, "end %d %lld\n", status, (long long)(now_ms() - began));
	return fclose(record) == 0 ? 0 : 96;
}
