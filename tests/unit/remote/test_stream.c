/* SPDX-License-Identifier: Apache-2.0 */
/* Two sides and one stream between them, each side's fds in the test's hands. */
#include "src/remote/stream.h"
#include "tests/unit/unit.h"

#include "dbgattach/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

struct side {
	struct link link;
	struct stream streams[FRAME_STREAM_MAX];
};

struct pair {
	struct side source, sink;
	int write, read; /* what the source's side reads, and the sink's side writes */
};

static int take(void *context, const struct frame *frame)
{
	struct side *side = context;

	return frame->type == FRAME_BEAT ? 0 : stream_take(&side->streams[frame->stream], frame);
}

static void open_pipe(int ends[2])
{
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
}

static void open_pair(struct pair *pair)
{
	int there[2], back[2], input[2], output[2];

	memset(pair, 0, sizeof(*pair));
	open_pipe(there);
	open_pipe(back);
	open_pipe(input);
	open_pipe(output);
	assert_int_equal(link_open(back[0], there[1], &pair->source.link), 0);
	assert_int_equal(link_open(there[0], back[1], &pair->sink.link), 0);
	for (int i = 0; i < FRAME_STREAM_MAX; i++)
		pair->source.streams[i].end.fd = pair->sink.streams[i].end.fd = -EBADF;
	assert_int_equal(stream_open(FRAME_STDOUT, true, input[0], false, &pair->source.link,
				     &pair->source.streams[FRAME_STDOUT]),
			 0);
	assert_int_equal(
		stream_open(FRAME_STDOUT, false, output[1], false, &pair->sink.link, &pair->sink.streams[FRAME_STDOUT]),
		0);
	pair->write = input[1];
	pair->read = output[0];
}

static void close_pair(struct pair *pair)
{
	link_done(&pair->source.link);
	link_done(&pair->sink.link);
	for (int i = 0; i < FRAME_STREAM_MAX; i++) {
		stream_done(&pair->source.streams[i]);
		stream_done(&pair->sink.streams[i]);
	}
	close_quietly(pair->write);
	close_quietly(pair->read);
}

static int run_side(struct side *side)
{
	struct stream *stream = &side->streams[FRAME_STDOUT];
	struct pollfd poll_fd;

	stream_poll(stream, &poll_fd);
	(void)poll(&poll_fd, 1, 0);
	int result = stream_run(stream, &side->link, &poll_fd);
	return result < 0 ? result : link_run(&side->link, take, side);
}

/* Until nothing moves any more. */
static void run(struct pair *pair)
{
	for (int turns = 0; turns < 100; turns++) {
		assert_int_equal(run_side(&pair->source), 0);
		assert_int_equal(run_side(&pair->sink), 0);
	}
}

static size_t fill(int fd, size_t length)
{
	static char bytes[4096];
	size_t written = 0;

	while (written < length) {
		size_t left = length - written;
		ssize_t now = write(fd, bytes, left < sizeof(bytes) ? left : sizeof(bytes));
		if (now <= 0)
			break;
		written += (size_t)now;
	}
	return written;
}

static size_t empty(int fd)
{
	static char bytes[65536];
	size_t length = 0;
	ssize_t now;

	while ((now = read(fd, bytes, sizeof(bytes))) > 0)
		length += (size_t)now;
	return length;
}

static void carries_and_ends(void **state)
{
	(void)state;
	char text[8] = "";
	struct pair pair;

	open_pair(&pair);
	assert_int_equal(write(pair.write, "hello", 5), 5);
	run(&pair);
	assert_int_equal(read(pair.read, text, sizeof(text)), 5);
	assert_memory_equal(text, "hello", 5);
	assert_false(stream_is_done(&pair.sink.streams[FRAME_STDOUT]));
	close_quietly(take_fd(pair.write));
	run(&pair);
	assert_true(stream_is_done(&pair.sink.streams[FRAME_STDOUT]));
	assert_int_equal(read(pair.read, text, sizeof(text)), 0);
	close_pair(&pair);
}

/* Whoever stops reading stops the writer, and nothing grows. */
static void holds_back(void **state)
{
	(void)state;
	size_t written = 0, length = 0;
	struct pair pair;

	open_pair(&pair);
	for (int i = 0; i < 64; i++) {
		written += fill(pair.write, 65536);
		run(&pair);
	}
	assert_int_equal(pair.source.streams[FRAME_STDOUT].credit, 0);
	assert_int_equal(queue_length(&pair.source.link.out), 0);
	assert_true(queue_length(&pair.sink.streams[FRAME_STDOUT].pending) <= FRAME_WINDOW);
	assert_true(pair.sink.streams[FRAME_STDOUT].pending.buffer.capacity <= 2 * FRAME_WINDOW);
	close_quietly(take_fd(pair.write));
	for (int i = 0; i < 64; i++) {
		length += empty(pair.read);
		run(&pair);
	}
	assert_int_equal(length, written);
	assert_true(stream_is_done(&pair.sink.streams[FRAME_STDOUT]));
	close_pair(&pair);
}

/* Nobody reads it: the writer is told, as by any pipe. */
static void tells_that_nobody_reads(void **state)
{
	(void)state;
	struct pair pair;

	open_pair(&pair);
	close_quietly(take_fd(pair.read));
	assert_int_equal(write(pair.write, "x", 1), 1);
	run(&pair);
	assert_int_equal(write(pair.write, "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(pair.sink.streams[FRAME_STDOUT].write_error, 0);
	close_pair(&pair);
}

static void a_terminal_gets_its_end_by_a_trailer(void **state)
{
	(void)state;
	char text[8] = "";
	struct pair pair;

	open_pair(&pair);
	pair.sink.streams[FRAME_STDOUT].trailer = "\004\004";
	assert_int_equal(write(pair.write, "a", 1), 1);
	close_quietly(take_fd(pair.write));
	run(&pair);
	assert_int_equal(read(pair.read, text, sizeof(text)), 3);
	assert_string_equal(text, "a\004\004");
	assert_true(stream_is_done(&pair.sink.streams[FRAME_STDOUT]));
	assert_int_equal(read(pair.read, text, sizeof(text)), -1); /* and stays open */
	close_pair(&pair);
}

static void refuses_what_had_no_credit(void **state)
{
	(void)state;
	static char bytes[FRAME_PAYLOAD_MAX - 1];
	struct frame frame = { .type = FRAME_DATA, .stream = FRAME_STDOUT, .bytes = bytes, .length = sizeof(bytes) };
	struct pair pair;

	open_pair(&pair);
	struct stream *source = &pair.source.streams[FRAME_STDOUT], *sink = &pair.sink.streams[FRAME_STDOUT];
	assert_int_equal(stream_take(source, &frame), -EPROTO); /* the wrong way round */
	for (int i = 0; i < 4; i++)
		assert_int_equal(stream_take(sink, &frame), 0);
	assert_int_equal(stream_take(sink, &frame), -EPROTO);
	frame = (struct frame) { .type = FRAME_CREDIT, .stream = FRAME_STDOUT, .number = 1 };
	assert_int_equal(stream_take(source, &frame), -EPROTO); /* more than was sent */
	assert_int_equal(stream_take(sink, &frame), -EPROTO);
	frame = (struct frame) { .type = FRAME_END, .stream = FRAME_STDOUT };
	assert_int_equal(stream_take(sink, &frame), 0);
	frame.type = FRAME_DATA;
	assert_int_equal(stream_take(sink, &frame), -EPROTO); /* behind its end */
	close_pair(&pair);
}

static void beats_and_notices_the_end(void **state)
{
	(void)state;
	int64_t now = clock_now_ms();
	struct pair pair;
	int wait = 0;

	open_pair(&pair);
	assert_int_equal(link_beat(&pair.source.link, now + 1, &wait), 0);
	assert_int_equal(wait, BEAT_INTERVAL_MS);
	assert_int_equal(queue_length(&pair.source.link.out), FRAME_HEADER);
	assert_int_equal(link_beat(&pair.source.link, now + 2, &wait), 0);
	assert_int_equal(queue_length(&pair.source.link.out), FRAME_HEADER);
	pair.sink.link.heard_at = 0;
	run(&pair);
	assert_true(pair.sink.link.heard_at >= now);
	link_done(&pair.source.link);
	assert_int_equal(run_side(&pair.sink), 0);
	assert_true(pair.sink.link.ended);
	close_pair(&pair);
}

static void refuses_what_is_no_frame(void **state)
{
	(void)state;
	struct pair pair;

	open_pair(&pair);
	assert_int_equal(write(pair.source.link.to.fd, "HTTP/1.1", 8), 8);
	assert_int_equal(run_side(&pair.sink), -EPROTO);
	close_pair(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_and_ends),           cmocka_unit_test(holds_back),
		cmocka_unit_test(tells_that_nobody_reads),    cmocka_unit_test(a_terminal_gets_its_end_by_a_trailer),
		cmocka_unit_test(refuses_what_had_no_credit), cmocka_unit_test(beats_and_notices_the_end),
		cmocka_unit_test(refuses_what_is_no_frame),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
