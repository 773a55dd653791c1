/* SPDX-License-Identifier: Apache-2.0 */
/* One direction of the relay, between every kind of fd that it may find on either side. */
#include "tests/unit/session/ends.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void everything_passes(enum kind from, enum kind to, enum pump_caller caller)
{
	struct end input = make_end(from, true), output = make_end(to, false);
	size_t fed = from == FILE_ ? TOTAL : 0, drunk = 0;
	bool files = to == FILE_ || to == APPEND;
	struct pump pump;

	assert_int_equal(pump_init(&pump, input.pump, output.pump, caller), 0);
	for (int turns = 0; pump.state != PUMP_CLOSED; turns++) {
		assert_true(turns < 100000);
		if (from != FILE_ && fed < TOTAL)
			fed = feed(input.ours, fed, TOTAL);
		if (fed == TOTAL)
			close_quietly(take_fd(input.ours));
		pump_run(&pump);
		if (!files)
			drunk = drink(output.ours, drunk, 100000);
	}
	if (files)
		assert_int_equal(lseek(output.ours, to == APPEND ? 6 : 0, SEEK_SET), to == APPEND ? 6 : 0);
	drunk = drink(output.ours, drunk, TOTAL + 1);
	assert_int_equal(drunk, TOTAL);
	char more;
	assert_int_equal(read(output.ours, &more, 1), 0); /* and then the end of file, for pipes and sockets too */
	assert_true(pump.from.fd == -EBADF && pump.to.fd == -EBADF && pump.data == NULL);
	close_quietly(output.ours);
}

static void every_kind_into_every_kind(void **state)
{
	(void)state;
	static const enum kind sources[] = { PIPE, FILE_, SOCKET }, sinks[] = { PIPE, FILE_, APPEND, SOCKET };

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		for (size_t k = 0; k < ARRAY_SIZE(sinks); k++)
			for (enum pump_caller caller = PUMP_FROM_CALLER; caller <= PUMP_TO_CALLER; caller++)
				everything_passes(sources[i], sinks[k], caller);
}

static void splices_where_it_can(void **state)
{
	(void)state;
	static const struct {
		enum kind from, to;
		bool splice;
	} rows[] = { { PIPE, PIPE, true },    { FILE_, PIPE, true },   { PIPE, FILE_, true },
		     { PIPE, APPEND, false }, { FILE_, FILE_, false }, { SOCKET, PIPE, false } };
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct end input = make_end(rows[i].from, true), output = make_end(rows[i].to, false);
		struct pump pump;

		assert_int_equal(pump_init(&pump, input.pump, output.pump, PUMP_TO_CALLER), 0);
		if (rows[i].from != FILE_)
			(void)feed(input.ours, 0, 10000);
		pump_run(&pump);
		assert_int_equal(pump.splice, rows[i].splice);
		pump_close(&pump);
		close_quietly(input.ours);
		close_quietly(output.ours);
	}
}

/* The caller's pipe stays blocking for his shell; ours to it does not block. */
static void the_callers_flags_are_his(void **state)
{
	(void)state;
	int input[2], output[2];
	struct pump pump;

	make_pipe(input, 65536);
	assert_int_equal(pipe2(output, O_CLOEXEC), 0);
	int caller = duplicate(output[1]);
	assert_int_equal(pump_init(&pump, input[0], output[1], PUMP_TO_CALLER), 0);
	assert_false(fcntl(caller, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(pump.to.fd, F_GETFL) & O_NONBLOCK);
	pump_close(&pump);
	close_quietly(caller);
	close_quietly(input[1]);
	close_quietly(output[0]);
}

/* A reader that does not read: input stays where it is, and nothing is held but one buffer. */
static void slow_reader(enum kind from, enum kind to)
{
	struct end input = make_end(from, true), output = make_end(to, false);
	size_t fed = 0, drunk = 0;
	struct pump pump;
	struct pollfd poll_fd;

	assert_int_equal(pump_init(&pump, input.pump, output.pump, PUMP_TO_CALLER), 0);
	for (int i = 0; i < 200; i++) {
		fed = feed(input.ours, fed, 100 * TOTAL);
		pump_run(&pump);
	}
	assert_true(fed < 2 * PIPE_SIZE); /* both pipes (or sockets) and the buffer */
	assert_true(pump.end <= BUFFER);
	assert_int_equal(pump.state, PUMP_WRITING);
	pump_poll(&pump, &poll_fd);
	assert_true(poll_fd.fd == pump.to.fd && poll_fd.events == POLLOUT);
	assert_int_equal(poll(&poll_fd, 1, 0), 0); /* and so it is not woken for nothing */
	while (drunk < fed) {
		size_t before = drunk;
		drunk = drink(output.ours, drunk, 4096);
		pump_run(&pump);
		assert_true(drunk > before);
	}
	assert_int_equal(pump.state, PUMP_READING);
	pump_poll(&pump, &poll_fd);
	assert_true(poll_fd.fd == pump.from.fd && poll_fd.events == POLLIN);
	pump_close(&pump);
	pump_poll(&pump, &poll_fd);
	assert_int_equal(poll_fd.fd, -1);
	close_quietly(input.ours);
	close_quietly(output.ours);
}

static void slow_readers(void **state)
{
	(void)state;
	slow_reader(PIPE, PIPE);
	slow_reader(PIPE, SOCKET);
	slow_reader(SOCKET, PIPE);
	slow_reader(SOCKET, SOCKET);
}

static void ends_when_nobody_reads(void **state)
{
	(void)state;
	static const enum kind sources[] = { PIPE, SOCKET }, sinks[] = { PIPE, SOCKET };

	for (size_t i = 0; i < 4; i++) {
		struct end input = make_end(sources[i / 2], true), output = make_end(sinks[i % 2], false);
		struct pump pump;

		assert_int_equal(pump_init(&pump, input.pump, output.pump, PUMP_TO_CALLER), 0);
		close_quietly(output.ours);
		(void)feed(input.ours, 0, 100);
		pump_run(&pump);
		assert_int_equal(pump.state, PUMP_CLOSED);
		/* The writer is told, as it would be without us. */
		assert_int_equal(sources[i / 2] == PIPE ? write(input.ours, "x", 1) :
							  send(input.ours, "x", 1, MSG_NOSIGNAL),
				 -1);
		assert_int_equal(errno, EPIPE);
		close_quietly(input.ours);
	}
}

static void bad_fds_close_both(void **state)
{
	(void)state;
	int ends[2], before;
	struct pump pump;

	make_pipe(ends, 65536);
	before = duplicate(ends[0]);
	assert_int_equal(pump_init(&pump, ends[0], -EBADF, PUMP_TO_CALLER), -EBADF);
	assert_true(pump.state == PUMP_CLOSED && fcntl(ends[0], F_GETFD) < 0);
	assert_int_equal(pump_init(&pump, -EBADF, ends[1], PUMP_TO_CALLER), -EBADF);
	assert_true(pump.state == PUMP_CLOSED && fcntl(ends[1], F_GETFD) < 0);
	pump_run(&pump); /* a closed pump rests */
	pump_drain(&pump, 1);
	pump_close(&pump);
	close_quietly(before);
}

/* Behind the end of the input, by whichever way that was read; not behind an end that is not one. */
static void sends_the_trailer_once(void **state)
{
	(void)state;
	static const enum kind sources[] = { PIPE, SOCKET };

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		struct end input = make_end(sources[i], true), output = make_end(PIPE, false);
		char text[16] = "";
		struct pump pump;

		assert_int_equal(pump_init(&pump, input.pump, output.pump, PUMP_FROM_CALLER), 0);
		pump.trailer = "<>";
		assert_int_equal(write(input.ours, "ab", 2), 2);
		pump_run(&pump);
		assert_int_equal(read(output.ours, text, sizeof(text)), 2);
		pump_run(&pump);
		assert_true(pump.state != PUMP_CLOSED && read(output.ours, text, sizeof(text)) < 0);
		close_quietly(input.ours);
		for (int turns = 0; pump.state != PUMP_CLOSED; turns++) {
			assert_true(turns < 10);
			pump_run(&pump);
		}
		assert_int_equal(read(output.ours, text, sizeof(text)), 2);
		assert_memory_equal(text, "<>", 2);
		assert_int_equal(read(output.ours, text, sizeof(text)), 0);
		close_quietly(output.ours);
	}
}

/* A full disk is told, a reader that has gone is not. */
static void notes_a_write_that_fails(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		int error;
	} rows[] = { { "/dev/full", ENOSPC }, { "/dev/null", 0 }, { NULL, 0 } };
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct end input = make_end(PIPE, true), gone = make_end(PIPE, false);
		struct pump pump;

		close_quietly(gone.ours);
		int to = rows[i].path == NULL ? duplicate(gone.pump) : open(rows[i].path, O_WRONLY | O_CLOEXEC);
		close_quietly(gone.pump);
		assert_int_equal(write(input.ours, "ab", 2), 2);
		assert_int_equal(pump_init(&pump, input.pump, to, PUMP_TO_CALLER), 0);
		pump_run(&pump);
		assert_int_equal(pump.write_error, rows[i].error);
		assert_int_equal(pump.state == PUMP_CLOSED, rows[i].path == NULL || rows[i].error != 0);
		pump_close(&pump);
		close_quietly(input.ours);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_into_every_kind), cmocka_unit_test(splices_where_it_can),
		cmocka_unit_test(the_callers_flags_are_his),  cmocka_unit_test(slow_readers),
		cmocka_unit_test(ends_when_nobody_reads),     cmocka_unit_test(bad_fds_close_both),
		cmocka_unit_test(sends_the_trailer_once),     cmocka_unit_test(notes_a_write_that_fails),
	};
	(void)signal(SIGPIPE, SIG_IGN); /* as the monitor has it */
	(void)alarm(60);                /* a pump that blocks must not keep the other tests */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
