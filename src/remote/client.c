/* SPDX-License-Identifier: Apache-2.0 */
#include "stream.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/clock.h"
#include "dbgattach/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#define LOST_MS 15000
#define ASLEEP_MS 3000 /* no turn for so long: we were stopped, and what came meanwhile is still to be read */
#define GRACE_MS 10000 /* after a TERM or HUP; the session's own is 5 s */

struct remote_client {
	struct link link;
	struct stream streams[FRAME_STREAM_MAX];
	int signal_fd;
	struct session_tty *tty;
	uint32_t version; /* 0: not ready yet */
	bool running, ended;
	int stop_signal; /* 0: none */
	int64_t stop_at, turn_at;
	struct remote_result result;
};

int remote_client_new(int from, int to, int signal_fd, struct remote_client **ret, struct err *err)
{
	struct remote_client *client = calloc(1, sizeof(*client));

	if (client == NULL) {
		close_quietly(from);
		close_quietly(to);
		return err_sys(err, ENOMEM, "a session through kubectl");
	}
	client->signal_fd = signal_fd;
	for (size_t i = 0; i < FRAME_STREAM_MAX; i++)
		client->streams[i].end.fd = -EBADF;
	int result = link_open(from, to, &client->link);
	if (result < 0) {
		free(client);
		return err_sys(err, result, "the streams to the node");
	}
	*ret = client;
	return 0;
}

void remote_client_free(struct remote_client *client)
{
	if (client == NULL)
		return;
	link_done(&client->link);
	for (size_t i = 0; i < FRAME_STREAM_MAX; i++)
		stream_done(&client->streams[i]);
	free(client);
}

void remote_request_done(struct remote_request *request)
{
	strv_done(&request->words);
	for (size_t i = 0; i < request->file_count; i++)
		buffer_done(&request->files[i].content);
	request->file_count = 0;
}

/* ---- frames ---------------------------------------------------------------------------------------------------------- */

/* Nothing comes behind it. */
static int take_exit(struct remote_client *client, const struct frame *frame)
{
	int result = 0;

	client->ended = true;
	client->result.end = frame->stream == FRAME_END_NO_BEAT ? REMOTE_NO_BEAT : REMOTE_ENDED;
	client->result.exit_status = client->result.end == REMOTE_NO_BEAT ? 128 + SIGKILL : (int)frame->number;
	for (int i = FRAME_STDOUT; result == 0 && i <= FRAME_STDERR; i++)
		if (!client->streams[i].ended)
			result = stream_take(&client->streams[i], &(struct frame) { .type = FRAME_END });
	return result;
}

static int take(void *context, const struct frame *frame)
{
	struct remote_client *client = context;

	switch (frame->type) {
	case FRAME_BEAT:
		return 0;
	case FRAME_READY:
		if (client->version != 0 || frame->number == 0)
			return -EPROTO;
		client->version = frame->number;
		return 0;
	case FRAME_DATA:
	case FRAME_END:
	case FRAME_CREDIT:
		return client->running ? stream_take(&client->streams[frame->stream], frame) : -EPROTO;
	case FRAME_EXIT:
		return client->running ? take_exit(client, frame) : -EPROTO;
	default:
		return -EPROTO;
	}
}

static int resize(struct remote_client *client, enum frame_type type)
{
	struct winsize size = session_tty_size(client->tty);
	const char *term = getenv("TERM");

	return link_send(&client->link, &(struct frame) { .type = type,
							  .rows = size.ws_row,
							  .columns = size.ws_col,
							  .bytes = term,
							  .length = term == NULL ? 0 : strnlen(term, 256) });
}

/* The shell that has put us into the background must find its terminal as it was. */
static void stop_and_continue(struct remote_client *client)
{
	struct err ignored;
	bool was_raw = client->running && client->tty->raw;

	if (was_raw)
		session_tty_restore(client->tty, false);
	(void)raise(SIGSTOP);
	if (was_raw)
		(void)session_tty_raw(client->tty, &ignored);
}

static int take_signals(struct remote_client *client)
{
	struct signalfd_siginfo info;
	int result = 0;

	while (result == 0 && read(client->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		int signal = (int)info.ssi_signo;

		if (signal == SIGCHLD)
			continue;
		if (signal == SIGTSTP) {
			stop_and_continue(client);
			continue;
		}
		if (signal == SIGWINCH) {
			if (client->running && client->tty->fd >= 0)
				result = resize(client, FRAME_SIZE);
			continue;
		}
		if (client->stop_at == 0 && (signal == SIGTERM || signal == SIGHUP || !client->running)) {
			client->stop_signal = signal;
			client->stop_at = clock_now_ms() + GRACE_MS;
		}
		if (client->running)
			result = link_send(&client->link,
					   &(struct frame) { .type = FRAME_SIGNAL, .number = (uint32_t)signal });
	}
	return result;
}

/* ---- before the session ---------------------------------------------------------------------------------------------- */

static int stopped(const struct remote_client *client, struct remote_result *ret)
{
	*ret = (struct remote_result) { .end = REMOTE_STOPPED, .exit_status = 128 + client->stop_signal };
	return -EINTR;
}

int remote_client_wait(struct remote_client *client, int timeout_ms, struct remote_result *ret, struct err *err)
{
	int64_t deadline = clock_now_ms() + timeout_ms;
	int beat_ms = 0, result = 0;

	while (result == 0 && client->version == 0) {
		struct pollfd polls[LINK_POLL_MAX + 1];
		int64_t now = clock_now_ms();

		if (client->link.ended)
			return 0;
		if (now >= deadline)
			return err_set(err, ERR_TIMEOUT, "no answer of the helper in the pod for %d s",
				       timeout_ms / 1000);
		result = link_beat(&client->link, now, &beat_ms);
		link_poll(&client->link, polls);
		polls[LINK_POLL_MAX] = (struct pollfd) { .fd = client->signal_fd, .events = POLLIN };
		(void)poll(polls, LINK_POLL_MAX + 1, beat_ms);
		if (polls[LINK_POLL_MAX].revents != 0)
			(void)take_signals(client);
		if (client->stop_signal != 0)
			return stopped(client, ret);
		if (result == 0)
			result = link_run(&client->link, take, client);
	}
	if (result < 0)
		return err_sys(err, result, "what the pod answers is not from dbgattach's helper");
	return client->version == FRAME_VERSION ?
		       1 :
		       err_set(err, ERR_UNSUPPORTED,
			       "the program in the pod speaks version %u of the protocol, this one %d: use images and "
			       "plugin of one release",
			       client->version, FRAME_VERSION);
}

/* ---- the session ------------------------------------------------------------------------------------------------------- */

static int send_content(struct link *link, const struct buffer *content)
{
	int result = 0;

	for (size_t sent = 0; result == 0 && (sent < content->length || sent == 0);) {
		size_t left = content->length - sent, length = left < FRAME_PAYLOAD_MAX ? left : FRAME_PAYLOAD_MAX;

		result = link_send(
			link, &(struct frame) { .type = FRAME_FILE, .bytes = content->data + sent, .length = length });
		sent += length > 0 ? length : 1;
	}
	return result;
}

static int send_request(struct remote_client *client, const struct remote_request *request)
{
	int result = request->terminal ? resize(client, FRAME_TERMINAL) : 0;

	for (size_t i = 0; result == 0 && i < request->words.count; i++) {
		const char *word = request->words.items[i];

		for (size_t k = 0; result == 0 && k < request->file_count; k++)
			if (request->files[k].word == i)
				result = send_content(&client->link, &request->files[k].content);
		if (result == 0)
			result = link_send(
				&client->link,
				&(struct frame) { .type = FRAME_WORD, .bytes = word, .length = strlen(word) });
	}
	return result < 0 ? result : link_send(&client->link, &(struct frame) { .type = FRAME_GO });
}

static int open_streams(struct remote_client *client)
{
	int result = 0;

	for (int fd = STDIN_FILENO; result == 0 && fd <= STDERR_FILENO; fd++)
		result = stream_open((enum frame_stream)fd, fd == STDIN_FILENO, fcntl(fd, F_DUPFD_CLOEXEC, 3), true,
				     &client->link, &client->streams[fd]);
	return result;
}

static bool is_delivered(const struct remote_client *client)
{
	return stream_is_done(&client->streams[FRAME_STDOUT]) && stream_is_done(&client->streams[FRAME_STDERR]);
}

/* True: this is the end. */
static bool has_ended(struct remote_client *client, int64_t now)
{
	if (client->ended && is_delivered(client))
		return true;
	if (client->stop_at != 0 && now >= client->stop_at) {
		client->result.end = REMOTE_STOPPED;
		client->result.exit_status = 128 + client->stop_signal;
		return true;
	}
	if (client->ended || (!client->link.ended && now < client->link.heard_at + LOST_MS))
		return false;
	client->result.end = REMOTE_LOST;
	client->result.exit_status = 128 + SIGKILL;
	return true;
}

static int turn(struct remote_client *client)
{
	enum { POLL_SIGNAL = LINK_POLL_MAX, POLL_STREAMS, POLL_MAX = POLL_STREAMS + FRAME_STREAM_MAX };
	struct pollfd polls[POLL_MAX];
	int beat_ms = 0;
	int result = client->link.ended ? 0 : link_beat(&client->link, clock_now_ms(), &beat_ms);

	link_poll(&client->link, polls);
	polls[POLL_SIGNAL] = (struct pollfd) { .fd = client->signal_fd, .events = POLLIN };
	for (size_t i = 0; i < FRAME_STREAM_MAX; i++)
		stream_poll(&client->streams[i], &polls[POLL_STREAMS + i]);
	if (result == 0 && poll(polls, POLL_MAX, client->link.ended ? BEAT_INTERVAL_MS : beat_ms) < 0)
		return errno == EINTR ? 0 : -errno;
	int64_t now = clock_now_ms();
	if (now - client->turn_at > ASLEEP_MS)
		client->link.heard_at = now;
	client->turn_at = now;
	if (result == 0 && polls[POLL_SIGNAL].revents != 0)
		result = take_signals(client);
	for (size_t i = 0; result == 0 && i < FRAME_STREAM_MAX; i++)
		result = stream_run(&client->streams[i], &client->link, &polls[POLL_STREAMS + i]);
	return result < 0 ? result : link_run(&client->link, take, client);
}

int remote_client_run(struct remote_client *client, const struct remote_request *request, struct session_tty *tty,
		      struct remote_result *ret, struct err *err)
{
	client->tty = tty;
	client->turn_at = clock_now_ms();
	int result = send_request(client, request);

	client->running = true;
	if (result == 0)
		result = open_streams(client);
	while (result == 0 && !has_ended(client, clock_now_ms()))
		result = turn(client);
	if (result < 0)
		return err_sys(err, result, "the session through kubectl");
	for (size_t i = 0; i < FRAME_STREAM_MAX; i++)
		if (client->streams[i].write_error != 0)
			client->result.write_error = client->streams[i].write_error;
	*ret = client->result;
	return 0;
}
