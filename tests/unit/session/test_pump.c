/* SPDX-License-Identifier: Apache-2.0 */
/* One direction of the relay, between every kind of fd that it may find on either side. */
#include "src/session/pump.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define BUFFER 65536 /* what a pump holds at most */
#define PIPE_SIZE (1 << 20)
#define TOTAL 3000000 /* several pipes full, and no round number */

static char pattern_at(size_t i)
{
	return (char)(i * 7 + i / 256 + i / 65536);
}

static void make_pipe(int ends[2], int size)
{
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	assert_true(fcntl(ends[0], F_SETPIPE_SZ, size) >= 4096);
}

/* A regular file that holds the pattern. */
static int make_file(size_t length)
{
	int fd = memfd_create("pump", MFD_CLOEXEC);
	cleanup_free char *data = malloc(length + 1);

	assert_true(fd >= 0 && data != NULL);
	for (size_t i = 0; i < length; i++)
		data[i] = pattern_at(i);
	assert_int_equal(write(fd, data, length), (ssize_t)length);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static int duplicate(int fd)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	assert_true(own >= 0);
	return own;
}

/* Writes the pattern until the pipe is full or all is written; how far it has come. */
static size_t feed(int fd, size_t from, size_t length)
{
	char chunk[4096];

	while (from < length) {
		size_t size = length - from < sizeof(chunk) ? length - from : sizeof(chunk);
		for (size_t i = 0; i < size; i++)
			chunk[i] = pattern_at(from + i);
		ssize_t written = write(fd, chunk, size);
		if (written < 0) {
			assert_int_equal(errno, EAGAIN);
			break;
		}
		from += (size_t)written;
	}
	return from;
}

/* Reads at most limit bytes that must be the pattern; how far it has come. */
static size_t drink(int fd, size_t from, size_t limit)
{
	char chunk[4096];
	size_t end = from + limit;

	while (from < end) {
		size_t size = end - from < sizeof(chunk) ? end - from : sizeof(chunk);
		ssize_t length = read(fd, chunk, size);
		if (length <= 0)
			break;
		for (ssize_t i = 0; i < length; i++)
			if (chunk[i] != pattern_at(from + (size_t)i))
				fail_msg("byte %zu is wrong", from + (size_t)i);
		from += (size_t)length;
	}
	return from;
}

enum kind { PIPE, FILE_, APPEND, SOCKET };

struct end {
	int ours, pump; /* ours: what we read and write at; pump: the pump's end */
};

static struct end make_end(enum kind kind, bool input)
{
	int fds[2];

	if (kind == PIPE) {
		make_pipe(fds, 65536);
		return input ? (struct end) { fds[1], fds[0] } : (struct end) { fds[0], fds[1] };
	}
	if (kind == SOCKET) {
		/* The caller's socket may be a blocking one, and stays what it is; ours as input is not. */
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
		assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
		assert_int_equal(fcntl(fds[1], F_SETFL, input ? O_NONBLOCK : 0), 0);
		return (struct end) { fds[0], fds[1] };
	}
	if (input)
		return (struct end) { -EBADF, make_file(TOTAL) };
	int fd = memfd_create("pump", MFD_CLOEXEC);
	assert_true(fd >= 0);
	struct end end = { fd, duplicate(fd) };
	if (kind == APPEND) {
		assert_int_equal(fcntl(fd, F_SETFL, O_APPEND), 0); /* shared with the duplicate */
		assert_int_equal(write(fd, "before", 6), 6);
	}
	return end;
}

static void everything_passes(enum kind from, enum kind to, bool to_caller)
{
	struct end input = make_end(from, true), output = make_end(to, false);
	size_t fed = from == FILE_ ? TOTAL : 0, drunk = 0;
	bool files = to == FILE_ || to == APPEND;
	struct pump pump;

	assert_int_equal(pump_init(&pump, input.pump, output.pump, to_caller), 0);
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
	assert_true(pump.from == -EBADF && pump.to == -EBADF && pump.data == NULL);
	close_quietly(output.ours);
}

static void every_kind_into_every_kind(void **state)
{
	(void)state;
	static const enum kind sources[] = { PIPE, FILE_, SOCKET }, sinks[] = { PIPE, FILE_, APPEND, SOCKET };

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		for (size_t k = 0; k < ARRAY_SIZE(sinks); k++)
			for (int to_caller = 0; to_caller < 2; to_caller++)
				everything_passes(sources[i], sinks[k], to_caller);
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

		assert_int_equal(pump_init(&pump, input.pump, output.pump, true), 0);
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
	assert_int_equal(pump_init(&pump, input[0], output[1], true), 0);
	assert_false(fcntl(caller, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(pump.to, F_GETFL) & O_NONBLOCK);
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

	assert_int_equal(pump_init(&pump, input.pump, output.pump, true), 0);
	for (int i = 0; i < 200; i++) {
		fed = feed(input.ours, fed, 100 * TOTAL);
		pump_run(&pump);
	}
	assert_true(fed < 2 * PIPE_SIZE); /* both pipes (or sockets) and the buffer */
	assert_true(pump.end <= BUFFER);
	assert_int_equal(pump.state, PUMP_WRITING);
	pump_poll(&pump, &poll_fd);
	assert_true(poll_fd.fd == pump.to && poll_fd.events == POLLOUT);
	assert_int_equal(poll(&poll_fd, 1, 0), 0); /* and so it is not woken for nothing */
	while (drunk < fed) {
		size_t before = drunk;
		drunk = drink(output.ours, drunk, 4096);
		pump_run(&pump);
		assert_true(drunk > before);
	}
	assert_int_equal(pump.state, PUMP_READING);
	pump_poll(&pump, &poll_fd);
	assert_true(poll_fd.fd == pump.from && poll_fd.events == POLLIN);
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

		assert_int_equal(pump_init(&pump, input.pump, output.pump, true), 0);
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

/* What is still in the pipe when the last writer is dead comes out whole, whatever stands at the other end. */
static void drain(enum kind to, size_t content, uint64_t limit, size_t expected)
{
	int input[2];
	struct end output = make_end(to, false);
	struct pump pump;
	size_t drunk = 0;
	bool files = to == FILE_ || to == APPEND;

	make_pipe(input, PIPE_SIZE);
	assert_int_equal(feed(input[1], 0, content), content);
	assert_int_equal(pump_init(&pump, input[0], output.pump, true), 0);
	/* The write end stays open: a process of the target's may hold it, and is not waited for. */
	pump_drain(&pump, limit);
	for (int turns = 0; pump.state != PUMP_CLOSED; turns++) {
		assert_true(turns < 10000);
		drunk = drink(output.ours, drunk, 50000);
		pump_run(&pump);
		pump_drain(&pump, pump.read_limit);
	}
	if (files)
		assert_true(lseek(output.ours, to == APPEND ? 6 : 0, SEEK_SET) >= 0);
	drunk = drink(output.ours, drunk, PIPE_SIZE + 1);
	if (drunk != expected)
		fail_msg("%zu of %zu bytes into a %s", drunk, expected,
			 to == PIPE   ? "pipe" :
			 to == SOCKET ? "socket" :
			 to == APPEND ? "file with O_APPEND" :
					"file");
	close_quietly(input[1]);
	close_quietly(output.ours);
}

static void drains_what_is_left(void **state)
{
	(void)state;
	static const enum kind kinds[] = { PIPE, FILE_, SOCKET, APPEND };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		drain(kinds[i], 0, PIPE_SIZE, 0);
		drain(kinds[i], 1, PIPE_SIZE, 1);
		drain(kinds[i], BUFFER, PIPE_SIZE, BUFFER);
	}
	for (size_t i = 0; i < 3; i++)
		drain(kinds[i], PIPE_SIZE, PIPE_SIZE, PIPE_SIZE);
}

static void drains_no_more_than_the_limit(void **state)
{
	(void)state;
	static const enum kind kinds[] = { PIPE, FILE_, SOCKET, APPEND };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		drain(kinds[i], 10000, 0, 0);
		drain(kinds[i], 10000, 1000, 1000);
		drain(kinds[i], 10000, 9999, 9999);
	}
	drain(PIPE, 500000, 300000, 300000);
}

/* `dbgattach ... >>file` and a terminal take what no splice moves. */
static void drains_by_copying_too(void **state)
{
	(void)state;
	drain(APPEND, BUFFER + 1, PIPE_SIZE, BUFFER + 1);
	drain(APPEND, PIPE_SIZE, PIPE_SIZE, PIPE_SIZE);
}

static void bad_fds_close_both(void **state)
{
	(void)state;
	int ends[2], before;
	struct pump pump;

	make_pipe(ends, 65536);
	before = duplicate(ends[0]);
	assert_int_equal(pump_init(&pump, ends[0], -EBADF, true), -EBADF);
	assert_true(pump.state == PUMP_CLOSED && fcntl(ends[0], F_GETFD) < 0);
	assert_int_equal(pump_init(&pump, -EBADF, ends[1], true), -EBADF);
	assert_true(pump.state == PUMP_CLOSED && fcntl(ends[1], F_GETFD) < 0);
	pump_run(&pump); /* a closed pump rests */
	pump_drain(&pump, 1);
	pump_close(&pump);
	close_quietly(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_into_every_kind),
		cmocka_unit_test(splices_where_it_can),
		cmocka_unit_test(the_callers_flags_are_his),
		cmocka_unit_test(slow_readers),
		cmocka_unit_test(ends_when_nobody_reads),
		cmocka_unit_test(drains_what_is_left),
		cmocka_unit_test(drains_no_more_than_the_limit),
		cmocka_unit_test(drains_by_copying_too),
		cmocka_unit_test(bad_fds_close_both),
	};
	(void)signal(SIGPIPE, SIG_IGN); /* as the monitor has it */
	(void)alarm(60);                /* a pump that blocks must not keep the other tests */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
