/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: relaying, signals, and every way in which a session ends. */
#include "tests/unit/session/scene.h"

#include <fcntl.h>

#define CPU_MAX_MS 200 /* much for a loop that waits, little for one that spins */

/* ---- the fake inits ---- */

static _Noreturn void exit_7(struct scene_page *page)
{
	(void)page;
	_exit(7);
}

static _Noreturn void die(struct scene_page *page)
{
	(void)page;
	(void)raise(SIGKILL);
	_exit(1);
}

/* Copies, and says on stderr how much it was. */
static _Noreturn void copy(struct scene_page *page)
{
	char buffer[5000], text[32];
	ssize_t length;
	size_t total = 0;

	(void)page;
	while ((length = read(0, buffer, sizeof(buffer))) > 0) {
		for (ssize_t done = 0, part; done < length; done += part) {
			part = write(1, buffer + done, (size_t)(length - done));
			if (part < 0)
				_exit(1);
		}
		total += (size_t)length;
	}
	int size = snprintf(text, sizeof(text), "%zu", total);
	_exit(write(2, text, (size_t)size) == size ? 3 : 1);
}

static _Noreturn void exit_on_signal(struct scene_page *page)
{
	sigset_t all;
	int signal = 0;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	page->ready = 1;
	(void)sigwait(&all, &signal);
	_exit(100 + signal);
}

static _Noreturn void sleep_on(struct scene_page *page)
{
	page->ready = 1;
	for (;;)
		pause();
}

static _Noreturn void stubborn(struct scene_page *page)
{
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	sleep_on(page);
}

/* The command has ended, others live on: that is told by closing the start pipe's end. */
static _Noreturn void leaves_others(struct scene_page *page)
{
	sigset_t set;
	int signal = 0;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGUSR2);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)close(3);
	page->ready = 1;
	(void)sigwait(&set, &signal);
	_exit(5);
}

/* Leaves more than a reader takes at once, and is gone: the loop, stopped so long, hears of all at the same time. */
static _Noreturn void fill_and_exit(struct scene_page *page)
{
	static char data[200000];

	memset(data, 'x', sizeof(data));
	(void)kill(getppid(), SIGSTOP);
	(void)usleep(10000);
	int result = write(1, data, sizeof(data)) == (ssize_t)sizeof(data) ? 0 : 1;
	page->ready = 1;
	_exit(result);
}

/* ---- the tests ---- */

static void ended(const struct scene *scene, enum session_reason reason, int exit_status)
{
	assert_int_equal(scene->page->session.reason, reason);
	assert_int_equal(scene->page->session.exit_status, exit_status);
}

static void tells_the_exit_status(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		cleanup_scene struct scene scene;

		scene_init(&scene, i == 0 ? exit_7 : die);
		scene_start(&scene);
		scene_wait(&scene);
		ended(&scene, SESSION_ENDED, i == 0 ? 7 : 137);
		/* An exiting init closes its start pipe before its pidfd tells: one look may fall in between. */
		assert_true(scene.page->kills <= 1);
		assert_true(scene.page->elapsed_ms < 1000);
		assert_content(scene.out, "", 0);
	}
}

static void relays_bytes_as_they_are(void **state)
{
	(void)state;
	enum { LENGTH = 3000001 };
	cleanup_free unsigned char *data = malloc(LENGTH);
	cleanup_scene struct scene scene;

	assert_non_null(data);
	for (size_t i = 0; i < LENGTH; i++)
		data[i] = (unsigned char)(i * 31 + i / 256);
	scene_init(&scene, copy);
	assert_int_equal(write(scene.in, data, LENGTH), LENGTH);
	assert_int_equal(lseek(scene.in, 0, SEEK_SET), 0);
	scene_start(&scene);
	scene_wait(&scene);
	ended(&scene, SESSION_ENDED, 3);
	assert_content(scene.out, data, LENGTH);
	assert_content(scene.error, "3000001", 7); /* and the end of the input was passed on */
}

static void passes_signals_on(void **state)
{
	(void)state;
	static const int signals[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		cleanup_scene struct scene scene;

		scene_init(&scene, exit_on_signal);
		scene_start(&scene);
		scene_ready(&scene);
		assert_int_equal(kill(scene.runner, SIGWINCH), 0); /* is for the terminal, not for the command */
		(void)usleep(20000);                               /* else the lower number comes first */
		assert_int_equal(kill(scene.runner, signals[i]), 0);
		scene_wait(&scene);
		ended(&scene, SESSION_ENDED, 100 + signals[i]);
		assert_true(scene.page->kills <= 1);
		assert_true(scene.page->elapsed_ms < 1000);
	}
}

static void times_out(void **state)
{
	(void)state;
	cleanup_scene struct scene scene;

	scene_init(&scene, sleep_on);
	scene.timeout_s = 1;
	scene_start(&scene);
	scene_wait(&scene);
	ended(&scene, SESSION_TIMED_OUT, 143);
	assert_true(scene.page->elapsed_ms >= 1000 && scene.page->elapsed_ms < 3000);
	assert_true(scene.page->cpu_ms < CPU_MAX_MS);
}

static void does_not_time_out_early(void **state)
{
	(void)state;
	cleanup_scene struct scene scene;

	scene_init(&scene, exit_7);
	scene.timeout_s = UINT32_MAX;
	scene_start(&scene);
	scene_wait(&scene);
	ended(&scene, SESSION_ENDED, 7);
}

/* TERM, five seconds, the others, one more second, init itself. */
static void kills_after_the_grace(void **state)
{
	(void)state;
	cleanup_scene struct scene scene;

	scene_init(&scene, stubborn);
	scene.others = 1;
	scene_start(&scene);
	scene_ready(&scene);
	assert_int_equal(kill(scene.runner, SIGTERM), 0);
	scene_wait(&scene);
	ended(&scene, SESSION_ENDED, 137);
	assert_true(scene.page->kills >= 2);
	assert_true(scene.page->elapsed_ms >= 6000 && scene.page->elapsed_ms < 9000);
	assert_true(scene.page->cpu_ms < CPU_MAX_MS);
}

static void ends_what_the_command_leaves(void **state)
{
	(void)state;
	cleanup_scene struct scene scene;

	scene_init(&scene, leaves_others);
	scene.others = 3;
	scene.signal_init = SIGUSR2;
	scene_start(&scene);
	scene_wait(&scene);
	ended(&scene, SESSION_ENDED, 5);
	assert_int_equal(scene.page->kills, 4); /* until nobody is left, and not once more */
	assert_true(scene.page->elapsed_ms < 900);
	assert_true(scene.page->cpu_ms < CPU_MAX_MS);
}

/* Init finds by itself what no cgroup lists. */
static void tells_init_to_end_the_rest(void **state)
{
	(void)state;
	cleanup_scene struct scene scene;

	scene_init(&scene, leaves_others);
	scene.others = 2;
	scene.end_signal = SIGUSR2;
	scene_start(&scene);
	scene_wait(&scene);
	ended(&scene, SESSION_ENDED, 5);
	assert_int_equal(scene.page->kills, 3);
	assert_true(scene.page->elapsed_ms < 900);
}

static void kills_an_init_that_stays(void **state)
{
	(void)state;
	cleanup_scene struct scene scene;

	scene_init(&scene, leaves_others);
	scene_start(&scene);
	scene_wait(&scene);
	ended(&scene, SESSION_ENDED, 137);
	assert_int_equal(scene.page->kills, 1);
	assert_true(scene.page->elapsed_ms >= 1000 && scene.page->elapsed_ms < 3000);
	assert_true(scene.page->cpu_ms < CPU_MAX_MS);
}

static void ends_with_the_guardian(void **state)
{
	(void)state;
	cleanup_scene struct scene scene;

	scene_init(&scene, stubborn);
	scene.guardian = scene.guardian_dies = true;
	scene.others = 2;
	scene_start(&scene);
	scene_wait(&scene);
	ended(&scene, SESSION_GUARDIAN_DIED, 137);
	assert_int_equal(scene.page->kills, 3);
	assert_true(scene.page->elapsed_ms >= 1000 && scene.page->elapsed_ms < 3000);
	assert_true(scene.page->cpu_ms < CPU_MAX_MS);
}

static void a_living_guardian_does_not_matter(void **state)
{
	(void)state;
	cleanup_scene struct scene scene;

	scene_init(&scene, exit_7);
	scene.guardian = true;
	scene_start(&scene);
	scene_wait(&scene);
	ended(&scene, SESSION_ENDED, 7);
}

/* Init is gone, the reader does not read yet: nothing is lost, and the wait is a wait. */
static void delivers_to_a_slow_reader(void **state)
{
	(void)state;
	cleanup_scene struct scene scene;
	static char data[200001];
	size_t total = 0;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(fcntl(ends[0], F_SETPIPE_SZ, 4096) >= 4096);
	scene_init(&scene, fill_and_exit);
	close_quietly(scene.out);
	scene.out = ends[1];
	scene_start(&scene);
	close_quietly(take_fd(scene.out));
	scene_ready(&scene);
	assert_int_equal(kill(scene.runner, SIGCONT), 0);
	(void)usleep(500000);
	for (ssize_t length; (length = read(ends[0], data + total, sizeof(data) - total)) > 0; total += (size_t)length)
		;
	close_quietly(ends[0]);
	scene_wait(&scene);
	ended(&scene, SESSION_ENDED, 0);
	assert_int_equal(total, 200000);
	for (size_t i = 0; i < total; i++)
		assert_int_equal(data[i], 'x');
	assert_true(scene.page->elapsed_ms >= 400);
	if (scene.page->cpu_ms >= CPU_MAX_MS)
		fail_msg("%jd of %jd ms were spent with spinning", (intmax_t)scene.page->cpu_ms,
			 (intmax_t)scene.page->elapsed_ms);
}

/* A disk that fills up is told, whenever it does: while the command runs, or while what it has left is delivered. */
static void tells_of_lost_output(void **state)
{
	(void)state;
	static const struct {
		bool append; /* nothing can be spliced then */
		size_t limit;
		int error;
	} rows[] = { { false, 50000, EFBIG }, { true, 50000, EFBIG }, { true, 0, 0 }, { false, 200000, 0 } };
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_scene struct scene scene;

		scene_init(&scene, fill_and_exit);
		scene.file_limit = rows[i].limit;
		if (rows[i].append)
			assert_int_equal(fcntl(scene.out, F_SETFL, O_APPEND), 0);
		scene_start(&scene);
		scene_ready(&scene);
		assert_int_equal(kill(scene.runner, SIGCONT), 0);
		scene_wait(&scene);
		ended(&scene, SESSION_ENDED, 0);
		assert_int_equal(scene.page->session.write_error, rows[i].error);
		assert_int_equal(lseek(scene.out, 0, SEEK_END), rows[i].error != 0 ? 50000 : 200000);
	}
}

/* A reader that does not read, and a caller that has had enough. */
static void a_signal_ends_the_delivery(void **state)
{
	(void)state;
	cleanup_scene struct scene scene;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(fcntl(ends[0], F_SETPIPE_SZ, 4096) >= 4096);
	scene_init(&scene, fill_and_exit);
	close_quietly(scene.out);
	scene.out = ends[1];
	scene_start(&scene);
	close_quietly(take_fd(scene.out));
	scene_ready(&scene);
	assert_int_equal(kill(scene.runner, SIGCONT), 0);
	(void)usleep(100000);
	assert_int_equal(kill(scene.runner, SIGTERM), 0);
	scene_wait(&scene);
	ended(&scene, SESSION_ENDED, 0);
	close_quietly(ends[0]);
}

int main(void)
{
	static const int ignorable[] = { SIGINT, SIGQUIT, SIGHUP };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_the_exit_status),
		cmocka_unit_test(relays_bytes_as_they_are),
		cmocka_unit_test(passes_signals_on),
		cmocka_unit_test(times_out),
		cmocka_unit_test(does_not_time_out_early),
		cmocka_unit_test(kills_after_the_grace),
		cmocka_unit_test(ends_what_the_command_leaves),
		cmocka_unit_test(tells_init_to_end_the_rest),
		cmocka_unit_test(kills_an_init_that_stays),
		cmocka_unit_test(ends_with_the_guardian),
		cmocka_unit_test(a_living_guardian_does_not_matter),
		cmocka_unit_test(delivers_to_a_slow_reader),
		cmocka_unit_test(tells_of_lost_output),
		cmocka_unit_test(a_signal_ends_the_delivery),
	};
	/* A shell ignores some in what it runs in the background, and what is ignored is not passed on. */
	for (size_t i = 0; i < ARRAY_SIZE(ignorable); i++)
		(void)signal(ignorable[i], SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
