/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/format/frame.h"
#include "tests/unit/unit.h"

#include <errno.h>

static const struct {
	struct frame frame;
	const char *wire;
	size_t length;
} rows[] = {
	{ { .type = FRAME_BEAT }, "b\0\0\0\0", 5 },
	{ { .type = FRAME_READY, .number = 0x01020304 }, "r\0\0\0\4\1\2\3\4", 9 },
	{ { .type = FRAME_FILE, .bytes = "x", .length = 1 }, "f\0\0\0\1x", 6 },
	{ { .type = FRAME_WORD, .bytes = "", .length = 0 }, "w\0\0\0\0", 5 },
	{ { .type = FRAME_TERMINAL, .rows = 24, .columns = 0x150, .bytes = "vt", .length = 2 },
	  "t\0\0\0\6\0\x18\1\x50vt",
	  11 },
	{ { .type = FRAME_GO }, "g\0\0\0\0", 5 },
	{ { .type = FRAME_DATA, .stream = FRAME_STDERR, .bytes = "a\0b", .length = 3 }, "d\0\0\0\4\2a\0b", 9 },
	{ { .type = FRAME_END, .stream = FRAME_STDIN }, "e\0\0\0\1\0", 6 },
	{ { .type = FRAME_CREDIT, .stream = FRAME_STDOUT, .number = FRAME_WINDOW }, "c\0\0\0\5\1\0\4\0\0", 10 },
	{ { .type = FRAME_SIZE, .rows = 1, .columns = 2 }, "z\0\0\0\4\0\1\0\2", 9 },
	{ { .type = FRAME_SIGNAL, .number = 15 }, "k\0\0\0\4\0\0\0\xf", 9 },
	{ { .type = FRAME_EXIT, .stream = FRAME_END_NO_BEAT, .number = 137 }, "x\0\0\0\5\1\0\0\0\x89", 10 },
};

static void both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct frame *frame = &rows[i].frame;
		cleanup_buffer struct buffer buffer = { 0 };
		struct frame read = { 0 };

		assert_int_equal(frame_append(&buffer, frame), 0);
		assert_int_equal(buffer.length, rows[i].length);
		assert_memory_equal(buffer.data, rows[i].wire, rows[i].length);
		cleanup_free char *exact = unit_exact(buffer.data, buffer.length);
		assert_int_equal(frame_parse(exact, rows[i].length, &read), rows[i].length);
		assert_int_equal(read.type, frame->type);
		assert_int_equal(read.stream, frame->stream);
		assert_int_equal(read.number, frame->number);
		assert_int_equal(read.rows, frame->rows);
		assert_int_equal(read.columns, frame->columns);
		assert_int_equal(read.length, frame->length);
		if (read.length > 0)
			assert_memory_equal(read.bytes, frame->bytes, read.length);
	}
}

static void wants_more(const char *bytes, size_t length)
{
	struct frame frame;

	assert_int_equal(frame_parse(bytes, length, &frame), 0);
}

static void waits_for_the_rest(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		unit_each_cut(rows[i].wire, rows[i].length, wants_more);
}

static void refuses(void **state)
{
	(void)state;
	static const struct {
		const char *wire;
		size_t length;
	} wrong[] = {
		{ "?", 1 },                    /* no such type */
		{ "\0", 1 },                   /* nor this */
		{ "b\0\0\0\1", 5 },            /* a beat has no payload */
		{ "r\0\0\0\3", 5 },            /* too short for its number */
		{ "w\0\1\0\1", 5 },            /* more than FRAME_PAYLOAD_MAX */
		{ "w\xff\xff\xff\xff", 5 },    /* far more */
		{ "d\0\0\0\1\3", 6 },          /* no such stream */
		{ "x\0\0\0\5\2\0\0\0\0", 10 }, /* no such end */
		{ "x\0\0\0\5\0\0\0\1\0", 10 }, /* no exit status */
		{ "k\0\0\0\4\0\0\1\0", 9 },    /* no signal */
		{ "c\0\0\0\5\1\0\4\0\1", 10 }, /* more than the window */
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		cleanup_free char *exact = unit_exact(wrong[i].wire, wrong[i].length);
		struct frame frame;

		assert_int_equal(frame_parse(exact, wrong[i].length, &frame), -EPROTO);
	}
}

static void the_longest(void **state)
{
	(void)state;
	static char bytes[FRAME_PAYLOAD_MAX];
	cleanup_buffer struct buffer buffer = { 0 };
	struct frame frame = { .type = FRAME_DATA, .bytes = bytes, .length = sizeof(bytes) };

	assert_int_equal(frame_append(&buffer, &frame), -EMSGSIZE); /* its stream's byte counts too */
	assert_int_equal(buffer.length, 0);
	frame.length--;
	assert_int_equal(frame_append(&buffer, &frame), 0);
	assert_int_equal(frame_parse(buffer.data, buffer.length, &frame), FRAME_HEADER + FRAME_PAYLOAD_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
		cmocka_unit_test(waits_for_the_rest),
		cmocka_unit_test(refuses),
		cmocka_unit_test(the_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
