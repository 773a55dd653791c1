/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main process of a pod and its helpers, each of which holds a connection to it: an abstract socket, of the pod's own
 * network namespace, since a root filesystem that is read-only has no place for one, and a dead helper needs no tidying up.
 */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/clock.h"
#include "dbgattach/remote.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#define NAME "dbgattach-node"
#define HELPERS_MAX 1024
#define UNCLAIMED_MS 60000
#define JOIN_MS 5000 /* the container may have started a moment ago */
#define JOIN_PAUSE_MS 5

static socklen_t address_of(struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un) { .sun_family = AF_UNIX };
	memcpy(ret->sun_path + 1, NAME, strlen(NAME)); /* the zero before it makes it abstract */
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(NAME));
}

static int listen_for_helpers(struct err *err)
{
	struct sockaddr_un address;
	socklen_t length = address_of(&address);
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, length) < 0 || listen(fd, HELPERS_MAX) < 0)
		return err_sys(err, errno, "the socket @" NAME);
	return take_fd(fd);
}

/* As PID 1 of its namespace it would be deaf to them by default. */
static int open_signals(struct err *err)
{
	sigset_t signals;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	int fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_sys(err, errno, "signalfd") : fd;
}

enum { POLL_SIGNAL, POLL_LISTEN, POLL_HELPERS, POLL_MAX = POLL_HELPERS + HELPERS_MAX };

static void accept_helpers(struct pollfd *polls, size_t *count)
{
	while (*count < POLL_MAX) {
		int fd = accept4(polls[POLL_LISTEN].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		polls[(*count)++] = (struct pollfd) { .fd = fd, .events = POLLIN };
	}
}

/* They never say anything: whatever happens there is their end. */
static void drop_helpers(struct pollfd *polls, size_t *count)
{
	for (size_t i = POLL_HELPERS; i < *count;) {
		if (polls[i].revents == 0) {
			i++;
			continue;
		}
		close_quietly(polls[i].fd);
		polls[i] = polls[--*count];
	}
}

static int serve(struct pollfd *polls, bool once, struct err *err)
{
	int64_t unclaimed_at = clock_now_ms() + UNCLAIMED_MS;
	size_t count = POLL_HELPERS;
	bool claimed = false;

	for (;;) {
		int64_t left = unclaimed_at - clock_now_ms();

		if (once && !claimed && left <= 0)
			return err_set(err, ERR_TIMEOUT, "nobody has come for %d s", UNCLAIMED_MS / 1000);
		if (poll(polls, count, once && !claimed ? (int)left : -1) < 0 && errno != EINTR)
			return err_sys(err, errno, "waiting for sessions");
		if (polls[POLL_SIGNAL].revents != 0)
			return 0;
		drop_helpers(polls, &count);
		accept_helpers(polls, &count);
		claimed = claimed || count > POLL_HELPERS;
		if (once && claimed && count == POLL_HELPERS)
			return 0;
	}
}

int remote_wait(bool once, struct err *err)
{
	static struct pollfd polls[POLL_MAX];
	cleanup_close int signals = open_signals(err);
	cleanup_close int listener = signals < 0 ? -EBADF : listen_for_helpers(err);

	if (signals < 0 || listener < 0)
		return signals < 0 ? signals : listener;
	polls[POLL_SIGNAL] = (struct pollfd) { .fd = signals, .events = POLLIN };
	polls[POLL_LISTEN] = (struct pollfd) { .fd = listener, .events = POLLIN };
	return serve(polls, once, err);
}

int remote_wait_join(int *ret_fd, struct err *err)
{
	struct sockaddr_un address;
	socklen_t length = address_of(&address);
	int64_t deadline = clock_now_ms() + JOIN_MS;
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(err, errno, "a socket");
	while (connect(fd, (const struct sockaddr *)&address, length) < 0) {
		if (clock_now_ms() >= deadline)
			return err_sys(err, errno, "no answer of `dbgattach node wait`, the container's main process");
		clock_pause_ms(JOIN_PAUSE_MS);
	}
	*ret_fd = take_fd(fd);
	return 0;
}
