/* SPDX-License-Identifier: Apache-2.0 */
/* session_run() with a pseudo-terminal of the host's devpts. */
#include "tests/unit/session/scene.h"
#include "tests/unit/target/tree.h"

#include <fcntl.h>

static void ended(const struct scene *scene, enum session_reason reason, int exit_status)
{
	assert_int_equal(scene->page->session.reason, reason);
	assert_int_equal(scene->page->session.exit_status, exit_status);
}

/* Copies line by line, and says at the end how much it was. */
static _Noreturn void copy(struct scene_page *page)
{
	char buffer[100];
	ssize_t length;
	size_t total = 0;

	(void)page;
	while ((length = read(0, buffer, sizeof(buffer))) > 0) {
		if (write(1, buffer, (size_t)length) != length)
			_exit(1);
		total += (size_t)length;
	}
	(void)dprintf(2, "%zu", total);
	_exit(3);
}

static _Noreturn void say_and_exit(struct scene_page *page)
{
	struct winsize size = { 0 };

	(void)page;
	(void)ioctl(1, TIOCGWINSZ, &size);
	(void)dprintf(1, "%ux%u", size.ws_col, size.ws_row);
	_exit(9);
}

static _Noreturn void say_and_copy(struct scene_page *page)
{
	(void)!write(1, "hello\n", 6);
	copy(page);
}

static int open_pts(void)
{
	int pts = open("/dev/pts", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int ptmx = pts < 0 ? -EBADF : openat(pts, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (ptmx >= 0)
		return pts;
	close_quietly(pts);
	skip_because("/dev/pts/ptmx cannot be opened by this user");
	return -EBADF;
}

/* The echo, the command's line, its stderr; the end of our input has become ^D. */
static void through_a_terminal(void **state)
{
	(void)state;
	static const struct {
		const char *input, *output;
	} rows[] = { { "one\n", "one\r\none\r\n4" }, { "", "0" }, { "x\ny", "x\r\nyx\r\ny3" } };
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_scene struct scene scene;
		size_t length = strlen(rows[i].input);
		int pts = open_pts();

		scene_init(&scene, copy);
		assert_int_equal(write(scene.in, rows[i].input, length), (ssize_t)length);
		assert_int_equal(lseek(scene.in, 0, SEEK_SET), 0);
		scene.terminal = true;
		scene.pts = pts;
		scene_start(&scene);
		close_quietly(pts);
		scene_wait(&scene);
		ended(&scene, SESSION_ENDED, 3);
		assert_content(scene.out, rows[i].output, strlen(rows[i].output));
		assert_content(scene.error, "", 0);
	}
}

static void a_terminal_delivers_what_is_left(void **state)
{
	(void)state;
	cleanup_scene struct scene scene;
	int pts = open_pts();

	scene_init(&scene, say_and_exit);
	scene.terminal = true;
	scene.pts = pts;
	scene_start(&scene);
	scene_wait(&scene);
	close_quietly(pts);
	ended(&scene, SESSION_ENDED, 9);
	assert_content(scene.out, "100x30", 6); /* the size was right before the first byte */
	assert_true(scene.page->elapsed_ms < 1000);
}

/* The caller's end of a terminal session is gone: the line hangs up, and who reads from it sees the end. */
static void hangs_up_when_nobody_reads(void **state)
{
	(void)state;
	cleanup_scene struct scene scene;
	int pts = open_pts(), out[2], in[2];

	scene_init(&scene, say_and_copy);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0); /* stays open: the end of the input is not what ends it */
	close_quietly(scene.out);
	close_quietly(scene.in);
	scene.out = out[1];
	scene.in = in[0];
	close_quietly(out[0]);
	scene.terminal = true;
	scene.pts = pts;
	scene_start(&scene);
	scene_wait(&scene);
	close_quietly(pts);
	close_quietly(in[1]);
	ended(&scene, SESSION_ENDED, 3);
	assert_true(scene.page->elapsed_ms < 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(through_a_terminal),
		cmocka_unit_test(a_terminal_delivers_what_is_left),
		cmocka_unit_test(hangs_up_when_nobody_reads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
