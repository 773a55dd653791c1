/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The helper in the pod. It is trusted with a root process on the node, so nothing that it runs outlives its client: not one
 * that is gone, and not one that has been silent for seconds.
 */
#include "command.h"
#include "stream.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/clock.h"
#include "dbgattach/remote.h"
#include "dbgattach/sys/pidfd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#define SILENCE_MS 5000
#define GRACE_MS 5000        /* of a session whose client has gone */
#define SILENT_GRACE_MS 1000 /* of one that was waited for already */
#define LINGER_MS 5000       /* after the exit status: kubectl hangs where a process ends with input unread */
#define DRAIN_MS 1000 /* after the child's end its output ends by itself; should somebody else hold it, no longer */

struct helper {
	struct link link;
	struct stream streams[FRAME_STREAM_MAX];
	struct command command;
	int joined; /* the socket to the pod's main process */
	bool child_ended, told;
	int status;
	enum frame_end end;
	int64_t kill_at, drain_until, linger_until; /* 0: not set */
	struct err *err;
};

/* ---- frames ------------------------------------------------------------------------------------------------------------ */

static int start(struct helper *helper)
{
	struct command *command = &helper->command;
	int result = command_start(command, helper->err);

	for (int i = 0; result == 0 && i < FRAME_STREAM_MAX; i++)
		result = stream_open((enum frame_stream)i, i != FRAME_STDIN, take_fd(command->fds[i]), false,
				     &helper->link, &helper->streams[i]);
	/* Two, as the session has it: the first may only end a line. */
	if (command->terminal)
		helper->streams[FRAME_STDIN].trailer = "\004\004";
	for (int i = 0; result == 0 && i < FRAME_STREAM_MAX; i++) {
		int fd = helper->streams[i].end.fd;
		if (fd >= 0 && fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
			result = -errno;
	}
	return result;
}

static void resize(const struct helper *helper, const struct frame *frame)
{
	struct winsize size = { .ws_row = frame->rows, .ws_col = frame->columns };

	if (helper->command.terminal && helper->streams[FRAME_STDIN].end.fd >= 0)
		(void)ioctl(helper->streams[FRAME_STDIN].end.fd, TIOCSWINSZ, &size);
}

static int take_running(struct helper *helper, const struct frame *frame)
{
	int result;

	switch (frame->type) {
	case FRAME_BEAT:
		return 0;
	case FRAME_SIZE:
		resize(helper, frame);
		return 0;
	case FRAME_SIGNAL:
		if (!helper->child_ended)
			(void)sys_pidfd_send_signal(helper->command.pidfd, (int)frame->number);
		return 0;
	case FRAME_DATA:
	case FRAME_END:
	case FRAME_CREDIT:
		result = stream_take(&helper->streams[frame->stream], frame);
		/* Nobody reads the terminal any more: it hangs up. */
		if (frame->type == FRAME_END && frame->stream == FRAME_STDOUT && helper->command.terminal)
			stream_done(&helper->streams[FRAME_STDIN]);
		return result;
	default:
		return -EPROTO;
	}
}

static int take(void *context, const struct frame *frame)
{
	struct helper *helper = context;

	if (helper->command.pid != 0)
		return take_running(helper, frame);
	switch (frame->type) {
	case FRAME_BEAT:
		/* The main process must not end, nor the client be told that all is well, before it knows of us. */
		if (helper->joined >= 0)
			return 0;
		int result = remote_wait_join(&helper->joined, helper->err);
		return result < 0 ? result :
				    link_send(&helper->link,
					      &(struct frame) { .type = FRAME_READY, .number = FRAME_VERSION });
	case FRAME_FILE:
	case FRAME_WORD:
	case FRAME_TERMINAL:
		return command_take(&helper->command, frame);
	case FRAME_GO:
		return start(helper);
	default:
		return -EPROTO;
	}
}

/* ---- ending ------------------------------------------------------------------------------------------------------------ */

/* Its pipes first: a session whose output nobody takes could not end in order. */
static void hang_up(struct helper *helper, int64_t grace_ms)
{
	if (helper->kill_at != 0 || helper->command.pid == 0 || helper->child_ended)
		return;
	for (int i = 0; i < FRAME_STREAM_MAX; i++)
		stream_done(&helper->streams[i]);
	(void)sys_pidfd_send_signal(helper->command.pidfd, SIGHUP);
	helper->kill_at = clock_now_ms() + grace_ms;
}

static int reap(struct helper *helper)
{
	siginfo_t info = { 0 };

	if (waitid(P_PIDFD, (id_t)helper->command.pidfd, &info, WEXITED) < 0)
		return -errno;
	helper->child_ended = true;
	helper->kill_at = 0;
	helper->status = session_exit_status(&info);
	helper->drain_until = clock_now_ms() + DRAIN_MS;
	return 0;
}

static bool is_readable(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) == 1;
}

/* The status goes out behind the output. */
static int tell_exit(struct helper *helper, int64_t now)
{
	for (int i = FRAME_STDOUT; i <= FRAME_STDERR; i++) {
		struct stream *stream = &helper->streams[i];

		if (stream_is_done(stream))
			continue;
		if (now < helper->drain_until || stream->credit == 0 || is_readable(stream->end.fd))
			return 0;
		stream_done(stream);
	}
	helper->told = true;
	helper->linger_until = now + LINGER_MS;
	return link_send(&helper->link, &(struct frame) { .type = FRAME_EXIT,
							  .stream = (uint8_t)helper->end,
							  .number = (uint32_t)helper->status });
}

static int look_at_clock(struct helper *helper)
{
	int64_t now = clock_now_ms();

	if (helper->link.ended)
		hang_up(helper, GRACE_MS);
	else if (now >= helper->link.heard_at + SILENCE_MS) {
		helper->end = FRAME_END_NO_BEAT;
		hang_up(helper, SILENT_GRACE_MS);
	}
	if (helper->kill_at != 0 && now >= helper->kill_at) {
		helper->kill_at = 0;
		(void)sys_pidfd_send_signal(helper->command.pidfd, SIGKILL); /* its guardian ends the rest */
	}
	return helper->child_ended && !helper->told ? tell_exit(helper, now) : 0;
}

/* True: there is nothing left to do. */
static bool has_ended(const struct helper *helper)
{
	bool running = helper->command.pid != 0 && !helper->child_ended;
	int64_t now = clock_now_ms();

	if (running)
		return false;
	if (helper->link.ended)
		return true;
	return helper->told ? now >= helper->linger_until :
			      helper->command.pid == 0 && now >= helper->link.heard_at + SILENCE_MS;
}

/* ---- the loop ---------------------------------------------------------------------------------------------------------- */

static int turn(struct helper *helper)
{
	enum { POLL_CHILD = LINK_POLL_MAX, POLL_STREAMS, POLL_MAX = POLL_STREAMS + FRAME_STREAM_MAX };
	struct pollfd polls[POLL_MAX];
	int beat_ms = BEAT_INTERVAL_MS, result = 0;

	/* Silent until the client has said something. */
	if (helper->command.pid != 0 && !helper->told && !helper->link.ended)
		result = link_beat(&helper->link, clock_now_ms(), &beat_ms);
	link_poll(&helper->link, polls);
	polls[POLL_CHILD] =
		(struct pollfd) { .fd = helper->child_ended ? -1 : helper->command.pidfd, .events = POLLIN };
	for (size_t i = 0; i < FRAME_STREAM_MAX; i++)
		stream_poll(&helper->streams[i], &polls[POLL_STREAMS + i]);
	if (result == 0 && poll(polls, POLL_MAX, beat_ms) < 0)
		return errno == EINTR ? 0 : -errno;
	for (size_t i = 0; result == 0 && i < FRAME_STREAM_MAX; i++)
		result = stream_run(&helper->streams[i], &helper->link, &polls[POLL_STREAMS + i]);
	if (result == 0 && polls[POLL_CHILD].revents != 0)
		result = reap(helper);
	if (result == 0)
		result = link_run(&helper->link, take, helper);
	return result < 0 ? result : look_at_clock(helper);
}

/* stdin and stdout become the link's, under other numbers: nothing else shall ever be written there. */
static int open_link(struct link *link, struct err *err)
{
	int from = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3), to = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int result = from < 0 || to < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ?
			     -errno :
			     0;

	if (result < 0) {
		close_quietly(from);
		close_quietly(to);
	} else
		result = link_open(from, to, link);
	return result < 0 ? err_sys(err, result, "stdin and stdout") : 0;
}

int remote_helper(int *ret_status, struct err *err)
{
	struct helper helper = { .joined = -EBADF, .err = err };
	int result = open_link(&helper.link, err);

	if (result < 0)
		return result;
	(void)signal(SIGPIPE, SIG_IGN);
	command_init(&helper.command);
	for (size_t i = 0; i < FRAME_STREAM_MAX; i++)
		helper.streams[i].end.fd = -EBADF;
	result = strv_add(&helper.command.words, "dbgattach");
	while (result == 0 && !has_ended(&helper))
		result = turn(&helper);
	/* What the client did not say, it cannot be held to: the session ends as if he had gone. */
	if (result < 0 && helper.command.pid != 0 && !helper.child_ended)
		(void)sys_pidfd_send_signal(helper.command.pidfd, SIGTERM);
	if (result < 0 && err->kind == ERR_NONE)
		(void)err_sys(err, result, "what comes on stdin is not from dbgattach's client");
	link_done(&helper.link);
	for (size_t i = 0; i < FRAME_STREAM_MAX; i++)
		stream_done(&helper.streams[i]);
	command_done(&helper.command);
	close_quietly(helper.joined);
	*ret_status = 0;
	return result;
}
