/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns: the command's session and terminal, the reaping of everything the session leaves behind, the way down when the
 * host side dies. Must not: hold any fd but the start pipe while the command runs, open a path, call kill(-1) (in the
 * target's PID namespace that kills the target), trust anything that can be read in there.
 */
#include "init.h"

#include "dbgattach/launcher.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PID_MAX_LIMIT (4 * 1024 * 1024) /* include/linux/threads.h, 64-bit */
#define LOOK_INTERVAL 1024
#define WAIT_FAILURES_MAX 8
#define STOPS_MAX 20 /* as often the command is continued on its way to the exec */

static const int forwarded_signals[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 };

/* Shared with the command's process, which sets it on the verge of the exec: from then on who stops it may mean it. */
static volatile bool *executing;

bool option_has(const char *options, const char *word)
{
	size_t length = strlen(word);

	for (const char *option = options;; option++) {
		if (strncmp(option, word, length) == 0 && (option[length] == ',' || option[length] == '\0'))
			return true;
		option = strchr(option, ',');
		if (option == NULL)
			return false;
	}
}

#ifdef DBG_TEST_BUILD
void test_barrier(const char *options, const char *step)
{
	static bool stopped;
	char word[64];

	(void)snprintf(word, sizeof(word), "barrier=%s", step);
	/* Not raise(): libc still holds the launcher's thread id. */
	if (stopped || !option_has(options, word))
		return;
	stopped = true;
	(void)kill(getpid(), SIGSTOP);
}

bool test_holds(const char *options)
{
	return option_has(options, "barrier=init/wait") || option_has(options, "barrier=init/command");
}
#endif

static int status_to_exit(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/*
 * The byte that says "verified". Anything else ends us before anything ran. It is the command's process that waits, already
 * made: while the monitor verifies init, init makes it.
 */
static void wait_for_start(void)
{
	char byte;
	ssize_t length;

	do
		length = read(LAUNCHER_START_FD, &byte, 1);
	while (length < 0 && errno == EINTR);
	if (length != 1)
		_exit(LAUNCHER_EXIT_ENDED);
}

/* Nothing is run without them, whatever stands against them; nobody listens any more, so the exit status has to say it. */
static void load_filters(void)
{
	int error = filter_load();

	if (error == 0)
		return;
	(void)dprintf(STDERR_FILENO, "dbgattach: system: loading the seccomp filter: %s\n", strerror(error));
	filter_end(LAUNCHER_EXIT_OWN_FAILURE);
}

static pid_t start_command(const char *options, char **command, const sigset_t *mask)
{
	/* Not fork(): what libc does around it to the signal mask may fail without our being told. */
	pid_t init = getpid(), pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid != 0)
		return pid;
	/* Where even init is killed from outside, the command at least does not live on as a child of the target's pid 1. */
	if (PROTECTED(options, "PDEATHSIG") && (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != init))
		_exit(LAUNCHER_EXIT_ENDED);
	/* A session of its own in either mode: no terminal of anybody's can be reached, and signals go to one group. */
	if (sigprocmask(SIG_SETMASK, mask, NULL) < 0 || (PROTECTED(options, "SETSID") && setsid() < 0))
		_exit(LAUNCHER_EXIT_ENDED);
	if (option_has(options, "tty") && ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
		_exit(LAUNCHER_EXIT_ENDED);
	test_barrier(options, "init/wait");
	wait_for_start();
	test_barrier(options, "init/command");
	(void)close(LAUNCHER_START_FD);
	*executing = true;
	if (option_has(options, "filter"))
		load_filters();
	filter_end(command_exec(command));
}

/* The container stops every process that comes: this one would never become the command, and nobody else could see why. */
static void continue_command(const char *options, pid_t command)
{
	static unsigned stops;
	siginfo_t info = { .si_pid = 0 };

	if (*executing || !PROTECTED(options, "STOPPED") || test_holds(options))
		return;
	if (waitid(P_PID, (id_t)command, &info, WSTOPPED | WNOHANG | __WALL) == 0 && info.si_pid == command)
		(void)kill(command, ++stops > STOPS_MAX ? SIGKILL : SIGCONT);
}

/* Reaps what has ended. True when nobody is left. */
static bool reap(pid_t command, int *exit_status)
{
	int status, failures = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) != 0) {
		if (pid < 0 && errno == ECHILD)
			return true;
		/* Nobody would tell us of the same death again. */
		if (pid < 0 && ++failures == WAIT_FAILURES_MAX)
			break;
		if (pid == command)
			*exit_status = status_to_exit(status);
	}
	return false;
}

/*
 * The host side is dead, or asks for it. Every orphan of the session is our child (we are its subreaper), and asking the
 * kernel "is this pid a child of mine?" for every pid there can be finds all of them without a /proc that the target may
 * have faked. It takes a second where nobody helps; the guardian, where it lives, is faster, hence the look in between.
 */
static _Noreturn void end_session(pid_t command, int exit_status)
{
	if (exit_status < 0)
		(void)kill(-command, SIGKILL);
	for (;;) {
		for (pid_t pid = 2; pid < PID_MAX_LIMIT; pid++) {
			siginfo_t info;

			if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0)
				(void)kill(pid, SIGKILL);
			if (pid % LOOK_INTERVAL == 0 && reap(command, &exit_status))
				_exit(exit_status < 0 ? LAUNCHER_EXIT_ENDED : exit_status);
		}
	}
}

static _Noreturn void supervise(const char *options, pid_t command, const sigset_t *signals)
{
	int exit_status = -1;
	bool told = false;

	for (;;) {
		int signal = sigwaitinfo(signals, NULL);

		if (signal == LAUNCHER_PARENT_DEATH_SIGNAL)
			end_session(command, exit_status);
		if (signal != SIGCHLD) {
			/* Until it has made its group it is alone, and takes the signal when it stops blocking all. */
			if (signal > 0 && exit_status < 0 && kill(-command, signal) < 0)
				(void)kill(command, signal);
			/* Else who is stopped would hear of the end when he is killed. */
			if ((signal == SIGTERM || signal == SIGHUP) && exit_status < 0)
				(void)kill(-command, SIGCONT);
			continue;
		}
		continue_command(options, command);
		test_barrier(options, "init/reap");
		if (reap(command, &exit_status))
			_exit(exit_status < 0 ? LAUNCHER_EXIT_ENDED : exit_status);
		if (exit_status >= 0 && !told) {
			told = true;
			(void)close(LAUNCHER_START_FD);
		}
	}
}

_Noreturn void init_run(const char *options, char **command)
{
	sigset_t all, none, signals;

	(void)sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, &none) < 0)
		_exit(LAUNCHER_EXIT_ENDED);
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGCHLD);
	(void)sigaddset(&signals, LAUNCHER_PARENT_DEATH_SIGNAL);
	for (size_t i = 0; i < sizeof(forwarded_signals) / sizeof(forwarded_signals[0]); i++)
		(void)sigaddset(&signals, forwarded_signals[i]);

	(void)prctl(PR_SET_NAME, LAUNCHER_NAME, 0, 0, 0);
	/* If the monitor died before this call, its end of the start pipe is closed and the wait below sees it. */
	if (PROTECTED(options, "PDEATHSIG") && prctl(PR_SET_PDEATHSIG, LAUNCHER_PARENT_DEATH_SIGNAL, 0, 0, 0) < 0)
		_exit(LAUNCHER_EXIT_ENDED);
	if (PROTECTED(options, "SUBREAPER") && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		_exit(LAUNCHER_EXIT_ENDED);
	if (PROTECTED(options, "SETSID") && setsid() < 0)
		_exit(LAUNCHER_EXIT_ENDED);

	void *page = mmap(NULL, sizeof(*executing), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		_exit(LAUNCHER_EXIT_ENDED);
	executing = page;
	pid_t pid = start_command(options, command, &none);
	if (pid < 0) {
		static const char text[] = "dbgattach: no process can be made in the target\n";

		(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
		_exit(LAUNCHER_EXIT_CANNOT_EXECUTE);
	}
	/* Whoever reads the session's output must see its end when the command's last process is gone, not ours. */
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		(void)close(fd);
	supervise(options, pid, &signals);
}
