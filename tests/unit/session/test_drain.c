/* SPDX-License-Identifier: Apache-2.0 */
/* The session has ended: what it has left in its pipes is delivered, and no more. */
#include "tests/unit/session/ends.h"

#include <signal.h>

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
	assert_int_equal(pump_init(&pump, input[0], output.pump, PUMP_TO_CALLER), 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drains_what_is_left),
		cmocka_unit_test(drains_no_more_than_the_limit),
		cmocka_unit_test(drains_by_copying_too),
	};
	(void)signal(SIGPIPE, SIG_IGN); /* as the monitor has it */
	(void)alarm(60);                /* a pump that blocks must not keep the other tests */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
