/* SPDX-License-Identifier: Apache-2.0 */
/* What the entering process tells, and what it must not be able to make the monitor believe. */
#include "src/attach/wire.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <sys/wait.h>

struct ends {
	int read, write;
};

static struct ends ends_open(void)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	return (struct ends) { fds[0], fds[1] };
}

static void ends_close(struct ends *ends)
{
	close_quietly(take_fd(ends->read));
	close_quietly(take_fd(ends->write));
}
#define cleanup_ends __attribute__((cleanup(ends_close)))

static void records_arrive_whole_and_in_order(void **state)
{
	(void)state;
	cleanup_ends struct ends ends = ends_open();
	struct wire_record record;
	struct err err = { .kind = ERR_DENIED, .errnum = EPERM };

	memset(err.text, 'x', sizeof(err.text) - 1);
	assert_int_equal(wire_receive(ends.read, &record), -EAGAIN);
	wire_send(ends.write, WIRE_STEP, 7, NULL);
	wire_send(ends.write, WIRE_NOTES, 5, NULL);
	wire_send(ends.write, WIRE_ERROR, 0, &err);
	assert_int_equal(wire_receive(ends.read, &record), 1);
	assert_true(record.kind == WIRE_STEP && record.value == 7 && record.err.kind == ERR_NONE);
	assert_int_equal(wire_receive(ends.read, &record), 1);
	assert_true(record.kind == WIRE_NOTES && record.value == 5);
	assert_int_equal(wire_receive(ends.read, &record), 1);
	assert_true(record.kind == WIRE_ERROR);
	assert_memory_equal(&record.err, &err, sizeof(err));
	assert_int_equal(wire_receive(ends.read, &record), -EAGAIN);
	close_quietly(take_fd(ends.write));
	assert_int_equal(wire_receive(ends.read, &record), 0);
	assert_int_equal(wire_receive(ends.read, &record), 0);
}

/* More than a pipe holds, with a reader that is slower than the writer: no record is torn. */
static void many_records_stay_whole(void **state)
{
	(void)state;
	enum { COUNT = 500 };
	cleanup_ends struct ends ends = ends_open();
	uint32_t next = 0;
	int result, status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		for (uint32_t i = 0; i < COUNT; i++)
			wire_send(ends.write, WIRE_STEP, i, NULL);
		_exit(0);
	}
	close_quietly(take_fd(ends.write));
	for (struct wire_record record; (result = wire_receive(ends.read, &record)) != 0;) {
		if (result == -EAGAIN)
			(void)usleep(50);
		else
			assert_true(result == 1 && record.value == next++);
	}
	assert_int_equal(next, COUNT);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void refuses_foreign_bytes(void **state)
{
	(void)state;
	static const struct {
		uint32_t kind, err_kind;
		size_t length;
		int result;
	} rows[] = {
		{ WIRE_STEP, ERR_NONE, sizeof(struct wire_record), 1 },
		{ WIRE_ERROR, ERR_SYSTEM, sizeof(struct wire_record), 1 },
		{ 0, ERR_NONE, sizeof(struct wire_record), -EBADMSG },
		{ WIRE_ERROR + 1, ERR_NONE, sizeof(struct wire_record), -EBADMSG },
		{ UINT32_MAX, ERR_NONE, sizeof(struct wire_record), -EBADMSG },
		{ WIRE_ERROR, ERR_KIND_MAX, sizeof(struct wire_record), -EBADMSG },
		{ WIRE_ERROR, UINT32_MAX, sizeof(struct wire_record), -EBADMSG },
		{ WIRE_STEP, ERR_NONE, sizeof(struct wire_record) - 1, -EBADMSG },
		{ WIRE_STEP, ERR_NONE, sizeof(uint32_t), -EBADMSG },
		{ WIRE_STEP, ERR_NONE, 1, -EBADMSG },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_ends struct ends ends = ends_open();
		unsigned char bytes[sizeof(struct wire_record)] = { 0 };
		struct wire_record record, before;

		memcpy(bytes + offsetof(struct wire_record, kind), &rows[i].kind, sizeof(rows[i].kind));
		memcpy(bytes + offsetof(struct wire_record, err.kind), &rows[i].err_kind, sizeof(rows[i].err_kind));
		memset(&record, 0x5a, sizeof(record));
		memcpy(&before, &record, sizeof(record));
		assert_int_equal(write(ends.write, bytes, rows[i].length), (ssize_t)rows[i].length);
		assert_int_equal(wire_receive(ends.read, &record), rows[i].result);
		if (rows[i].result < 0)
			assert_memory_equal(&record, &before, sizeof(record));
	}
}

/* An error stands for a negative result: an errno that would turn it into success is none of ours. */
static void refuses_negative_errnum(void **state)
{
	(void)state;
	cleanup_ends struct ends ends = ends_open();
	const struct err err = { .kind = ERR_SYSTEM, .errnum = -EIO, .text = "x" };
	struct wire_record record;

	wire_send(ends.write, WIRE_ERROR, 0, &err);
	assert_int_equal(wire_receive(ends.read, &record), -EBADMSG);
}

static void text_always_ends(void **state)
{
	(void)state;
	cleanup_ends struct ends ends = ends_open();
	struct err err = { .kind = ERR_SYSTEM };
	struct wire_record record;

	memset(err.text, 'x', sizeof(err.text));
	wire_send(ends.write, WIRE_ERROR, 0, &err);
	assert_int_equal(wire_receive(ends.read, &record), 1);
	assert_int_equal(strnlen(record.err.text, ERR_TEXT_MAX), ERR_TEXT_MAX - 1);
}

static void bad_fd_is_no_end(void **state)
{
	(void)state;
	struct wire_record record;

	assert_int_equal(wire_receive(-EBADF, &record), -EBADF);
	wire_send(-EBADF, WIRE_STEP, 1, NULL); /* comes back */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_arrive_whole_and_in_order),
		cmocka_unit_test(many_records_stay_whole),
		cmocka_unit_test(refuses_foreign_bytes),
		cmocka_unit_test(refuses_negative_errnum),
		cmocka_unit_test(text_always_ends),
		cmocka_unit_test(bad_fd_is_no_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
