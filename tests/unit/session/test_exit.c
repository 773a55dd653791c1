/* SPDX-License-Identifier: Apache-2.0 */
/* Exit statuses, the clock, the signals, the channels: what the loop is made of. */
#include "dbgattach/base/clock.h"
#include "dbgattach/session.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

static void statuses_by_waitid(void **state)
{
	(void)state;
	static const struct {
		int code, status, expected;
	} rows[] = {
		{ CLD_EXITED, 0, 0 },         { CLD_EXITED, 7, 7 },         { CLD_EXITED, 255, 255 },
		{ CLD_KILLED, SIGHUP, 129 },  { CLD_KILLED, SIGKILL, 137 }, { CLD_KILLED, SIGTERM, 143 },
		{ CLD_DUMPED, SIGSEGV, 139 }, { CLD_DUMPED, SIGABRT, 134 }, { CLD_KILLED, 64, 192 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		siginfo_t info = { 0 };
		info.si_code = rows[i].code;
		info.si_status = rows[i].status;
		assert_int_equal(session_exit_status(&info), rows[i].expected);
	}
}

static void statuses_of_children(void **state)
{
	(void)state;
	static const int signals[] = { 0, SIGKILL, SIGTERM };
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		siginfo_t info = { 0 };
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0) {
			(void)raise(signals[i]);
			_exit(42);
		}
		assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED), 0);
		assert_int_equal(session_exit_status(&info), signals[i] == 0 ? 42 : 128 + signals[i]);
	}
}

static void the_clock_is_monotonic_milliseconds(void **state)
{
	(void)state;
	struct timespec time;
	int64_t before = clock_now_ms();

	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &time), 0);
	int64_t now = (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
	assert_true(now >= before && now <= clock_now_ms());
	assert_int_equal(usleep(20000), 0);
	int64_t elapsed = clock_now_ms() - before;
	assert_true(elapsed >= 19 && elapsed < 10000);
}

static void handles_these_signals_and_no_others(void **state)
{
	(void)state;
	static const int handled[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGTSTP, SIGCHLD };
	sigset_t set;
	int count = 0;

	/* The tests themselves may run under nohup. */
	for (size_t i = 0; i < ARRAY_SIZE(handled); i++)
		(void)signal(handled[i], SIG_DFL);
	(void)sigfillset(&set);
	session_signals(&set);
	for (size_t i = 0; i < ARRAY_SIZE(handled); i++)
		assert_int_equal(sigismember(&set, handled[i]), 1);
	for (int signal = 1; signal < NSIG; signal++)
		count += sigismember(&set, signal) == 1;
	assert_int_equal(count, ARRAY_SIZE(handled));
	(void)signal(SIGHUP, SIG_IGN);
	session_signals(&set);
	assert_int_equal(sigismember(&set, SIGHUP), 0);
	assert_int_equal(sigismember(&set, SIGTERM), 1);
	(void)signal(SIGHUP, SIG_DFL);
}

static void without_a_terminal_it_is_80_by_24(void **state)
{
	(void)state;
	cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct session_tty none = { .fd = -EBADF }, no_terminal = { .fd = null };
	struct err err;

	assert_int_equal(session_tty_size(&none).ws_col, 80);
	assert_int_equal(session_tty_size(&none).ws_row, 24);
	assert_int_equal(session_tty_size(&no_terminal).ws_col, 80);
	assert_failure(session_tty_open(null, &no_terminal, &err), err, ERR_SYSTEM);
	session_tty_restore(&none, true); /* nothing to give back */
	session_tty_done(&none);
}

/* Fds of /proc/self/fd, each of which must be there again after the channels are done. */
static int open_fds(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void channels_are_pipes_of_the_sessions_user(void **state)
{
	(void)state;
	const struct winsize size = { .ws_col = 80, .ws_row = 24 };
	struct session_channels channels = SESSION_CHANNELS_INIT;
	uid_t uid = geteuid() == 0 ? 65532 : geteuid();
	gid_t gid = geteuid() == 0 ? 65533 : getegid();
	int before = open_fds();
	struct stat stat;
	struct err err;

	assert_success(session_channels_open(false, -EBADF, &size, uid, gid, &channels, &err), err);
	const int ours[] = { channels.input, channels.output, channels.error };
	for (size_t i = 0; i < 3; i++) {
		assert_true(fcntl(ours[i], F_GETFL) & O_NONBLOCK);
		assert_false(fcntl(channels.child[i], F_GETFL) & O_NONBLOCK); /* programs expect that */
		assert_int_equal(fcntl(ours[i], F_GETFL) & O_ACCMODE, i == 0 ? O_WRONLY : O_RDONLY);
		assert_int_equal(fcntl(channels.child[i], F_GETFL) & O_ACCMODE, i == 0 ? O_RDONLY : O_WRONLY);
		assert_int_equal(fstat(channels.child[i], &stat), 0);
		assert_true(S_ISFIFO(stat.st_mode) && stat.st_uid == uid && stat.st_gid == gid);
		assert_true((fcntl(ours[i], F_GETFD) & FD_CLOEXEC) && (fcntl(channels.child[i], F_GETFD) & FD_CLOEXEC));
	}
	assert_true((fcntl(channels.start_read, F_GETFD) & FD_CLOEXEC) &&
		    (fcntl(channels.start_write, F_GETFD) & FD_CLOEXEC));
	session_channels_close_child(&channels);
	assert_true(channels.child[0] < 0 && channels.child[1] < 0 && channels.child[2] < 0 && channels.start_read < 0);
	assert_true(channels.input >= 0 && channels.output >= 0 && channels.error >= 0 && channels.start_write >= 0);
	session_channels_done(&channels);
	session_channels_done(&channels);
	assert_int_equal(open_fds(), before);
}

static void failing_leaves_nothing_open(void **state)
{
	(void)state;
	const struct winsize size = { .ws_col = 80, .ws_row = 24 };
	struct session_channels channels = SESSION_CHANNELS_INIT, unchanged = SESSION_CHANNELS_INIT;
	cleanup_close int folder = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int before = open_fds();
	struct err err;

	/* No ptmx in there. */
	assert_failure(session_channels_open(true, folder, &size, 0, 0, &channels, &err), err, ERR_SYSTEM);
	assert_memory_equal(&channels, &unchanged, sizeof(channels));
	assert_int_equal(open_fds(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(statuses_by_waitid),
					    cmocka_unit_test(statuses_of_children),
					    cmocka_unit_test(the_clock_is_monotonic_milliseconds),
					    cmocka_unit_test(handles_these_signals_and_no_others),
					    cmocka_unit_test(without_a_terminal_it_is_80_by_24),
					    cmocka_unit_test(channels_are_pipes_of_the_sessions_user),
					    cmocka_unit_test(failing_leaves_nothing_open) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
