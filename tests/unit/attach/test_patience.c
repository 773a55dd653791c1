/* SPDX-License-Identifier: Apache-2.0 */
/* A deadline that counts sleep: with real children. What is only up to the scheduler is given all the time it wants. */
#include "src/attach/patience.h"

#include "dbgattach/base/clock.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLEEP_MS 60
#define HANG_MS 20000 /* longer than any of this takes */

/* Runs so long, then sleeps; the child's pid. */
static pid_t start(int64_t run_ms)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	for (int64_t end = clock_now_ms() + run_ms; clock_now_ms() < end;)
		;
	clock_pause_ms(HANG_MS);
	_exit(0);
}

static struct patience with(pid_t pid)
{
	int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_true(proc_fd >= 0);
	return (struct patience) { proc_fd, pid, clock_now_ms(), SLEEP_MS };
}

static void end(const struct patience *patience)
{
	assert_int_equal(kill(patience->pid, SIGKILL), 0);
	assert_int_equal(waitpid(patience->pid, NULL, 0), patience->pid);
	close_quietly(patience->proc_fd);
}

static int64_t exhaust(const struct patience *patience)
{
	for (int64_t left; (left = patience_left(patience)) > 0;)
		clock_pause_ms((long)left);
	return clock_now_ms() - patience->since;
}

static void who_sleeps_is_given_up(void **state)
{
	(void)state;
	struct patience patience = with(start(0));

	int64_t passed = exhaust(&patience);
	assert_in_range(passed, SLEEP_MS, HANG_MS / 2);
	end(&patience);
}

static void who_is_stopped_is_given_up(void **state)
{
	(void)state;
	struct patience patience = with(start(HANG_MS));

	assert_int_equal(kill(patience.pid, SIGSTOP), 0);
	assert_in_range(exhaust(&patience), SLEEP_MS, HANG_MS / 2);
	end(&patience);
}

static void who_runs_is_waited_for(void **state)
{
	(void)state;
	struct patience patience = with(start(HANG_MS));

	while (clock_now_ms() < patience.since + 4 * SLEEP_MS) {
		assert_true(patience_left(&patience) > 0);
		clock_pause_ms(5);
	}
	end(&patience);
}

static void only_the_sleep_after_it_counts(void **state)
{
	(void)state;
	struct patience patience = with(start(4 * SLEEP_MS));

	assert_in_range(exhaust(&patience), 5 * SLEEP_MS - 5, HANG_MS / 2);
	end(&patience);
}

static void nobody_is_waited_for_without_an_end(void **state)
{
	(void)state;
	struct patience patience = with(start(HANG_MS));

	patience.since -= PATIENCE_BUSY_MAX_MS;
	assert_int_equal(patience_left(&patience), 0);
	end(&patience);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_sleeps_is_given_up),
		cmocka_unit_test(who_is_stopped_is_given_up),
		cmocka_unit_test(who_runs_is_waited_for),
		cmocka_unit_test(only_the_sleep_after_it_counts),
		cmocka_unit_test(nobody_is_waited_for_without_an_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
