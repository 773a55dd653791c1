/* SPDX-License-Identifier: Apache-2.0 */
/* buffer.c, io.c and log.c: all that moves bytes. */
#include "dbgattach/base/io.h"
#include "dbgattach/base/log.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int file_of(size_t length)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	assert_true(fd >= 0);
	for (size_t i = 0; i < length; i++)
		assert_int_equal(write(fd, &"abcdefghij"[i % 10], 1), 1);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void buffer_keeps_its_limit(void **state)
{
	(void)state;
	cleanup_buffer struct buffer buffer = { 0 };

	assert_int_equal(buffer_reserve(&buffer, 0, 0), 0);
	assert_int_equal(buffer.data[0], '\0');
	assert_int_equal(buffer_reserve(&buffer, 11, 10), -EFBIG);
	assert_int_equal(buffer_reserve(&buffer, 10, 10), 0);
	assert_true(buffer.capacity >= 11);
	buffer.length = 10;
	assert_int_equal(buffer_reserve(&buffer, 1, 10), -EFBIG);
	assert_int_equal(buffer_reserve(&buffer, SIZE_MAX, SIZE_MAX), -EFBIG);
	assert_int_equal(buffer_reserve(&buffer, 1000, 2000), 0);
	buffer_done(&buffer);
	assert_null(buffer.data);
}

static void read_all_tells_exactly_from_too_much(void **state)
{
	(void)state;
	static const struct {
		size_t length, limit;
		int result;
	} rows[] = {
		{ 0, 0, 0 },      { 0, 10, 0 },      { 10, 10, 0 },          { 11, 10, -EFBIG },
		{ 1, 0, -EFBIG }, { 9000, 9000, 0 }, { 9000, 8999, -EFBIG }, { 20000, 1 << 20, 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_buffer struct buffer buffer = { 0 };
		cleanup_close int fd = file_of(rows[i].length);
		assert_int_equal(io_read_all(fd, rows[i].limit, &buffer), rows[i].result);
		if (rows[i].result == 0) {
			assert_int_equal(buffer.length, rows[i].length);
			assert_int_equal(buffer.data[buffer.length], '\0');
		}
	}
}

static void read_all_replaces(void **state)
{
	(void)state;
	cleanup_buffer struct buffer buffer = { 0 };

	cleanup_close int longer = file_of(500);
	assert_int_equal(io_read_all(longer, 1000, &buffer), 0);
	cleanup_close int shorter = file_of(3);
	assert_int_equal(io_read_all(shorter, 1000, &buffer), 0);
	assert_string_equal(buffer.data, "abc");
	assert_int_equal(io_read_all(-EBADF, 1000, &buffer), -EBADF);
}

static void read_file_follows_no_link_and_hangs_on_no_fifo(void **state)
{
	(void)state;
	char folder[] = "/tmp/dbgattach-io-XXXXXX";
	cleanup_buffer struct buffer buffer = { 0 };

	assert_non_null(mkdtemp(folder));
	cleanup_close int dirfd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(dirfd >= 0);
	assert_int_equal(symlinkat("/etc/passwd", dirfd, "link"), 0);
	assert_int_equal(mkfifoat(dirfd, "fifo", 0600), 0);
	assert_int_equal(io_read_file_at(dirfd, "link", 100, &buffer), -ELOOP);
	assert_int_equal(io_read_file_at(dirfd, "none", 100, &buffer), -ENOENT);
	assert_int_equal(io_read_file_at(dirfd, "fifo", 100, &buffer), 0); /* empty, at once */
	assert_int_equal(io_read_file_at(dirfd, ".", 100, &buffer), -EISDIR);
	assert_int_equal(io_write_file_at(dirfd, "none", "x"), -ENOENT);
	assert_int_equal(unlinkat(dirfd, "link", 0), 0);
	assert_int_equal(unlinkat(dirfd, "fifo", 0), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void write_all_survives_a_small_pipe(void **state)
{
	(void)state;
	enum { TOTAL = 300000 };
	cleanup_free char *data = calloc(TOTAL, 1);
	cleanup_buffer struct buffer buffer = { 0 };
	int ends[2];

	assert_non_null(data);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		_exit(io_write_all(ends[1], data, TOTAL) == 0 ? 0 : 1);
	}
	close(ends[1]);
	assert_int_equal(io_read_all(ends[0], TOTAL, &buffer), 0);
	assert_int_equal(buffer.length, TOTAL);
	close(ends[0]);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(io_write_all(-EBADF, "x", 1), -EBADF);
}

/* What log_note() writes to fd 2, read back through a pipe. */
static void logged(const char *text, char *out, size_t size)
{
	int ends[2], saved = dup(STDERR_FILENO);

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_DIRECT), 0); /* a packet is one write */
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	errno = 42;
	log_note("note %s", text);
	assert_int_equal(errno, 42);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	close(ends[1]);
	ssize_t length = read(ends[0], out, size - 1);
	assert_true(length >= 0);
	out[length] = '\0';
	char more;
	assert_int_equal(read(ends[0], &more, 1), 0);
	close(ends[0]);
}

static void log_is_one_line_in_one_write(void **state)
{
	(void)state;
	char out[8192], hostile[6000];

	logged("a\nb\x1b[2J", out, sizeof(out));
	assert_string_equal(out, "dbgattach: note a\\x0ab\\x1b[2J\n");
	memset(hostile, '\n', sizeof(hostile) - 1);
	hostile[sizeof(hostile) - 1] = '\0';
	logged(hostile, out, sizeof(out));
	assert_true(strlen(out) <= 4096);
	assert_ptr_equal(strchr(out, '\n'), out + strlen(out) - 1);
	log_set_level(LOG_QUIET);
	assert_int_equal(log_level(), LOG_QUIET);
	logged("x", out, sizeof(out));
	assert_string_equal(out, "");
	log_set_level(LOG_NORMAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffer_keeps_its_limit),
		cmocka_unit_test(read_all_tells_exactly_from_too_much),
		cmocka_unit_test(read_all_replaces),
		cmocka_unit_test(read_file_follows_no_link_and_hangs_on_no_fifo),
		cmocka_unit_test(write_all_survives_a_small_pipe),
		cmocka_unit_test(log_is_one_line_in_one_write),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
