/* SPDX-License-Identifier: Apache-2.0 */
/* The caller's terminal: raw while the session runs, and given back as it was. */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/*
 * What a full-screen program of the session may have left on when it was killed: colours, hidden cursor, alternate screen
 * (1047: 1049 would also move the cursor where there is none to leave), bracketed paste, mouse reporting, application keys.
 * Harmless where they are off.
 */
static const char screen_reset[] = "\033[0m\033[?25h\033[?1047l\033[?2004l\033[?1000l\033[?1002l\033[?1003l\033[?1006l"
				   "\033[?1l\033>";

int session_tty_open(int fd, struct session_tty *ret, struct err *err)
{
	struct session_tty tty = { .raw = false };

	if (tcgetattr(fd, &tty.saved) < 0)
		return err_sys(err, errno, "reading the terminal's settings");
	/* The settings are to be given back also when stdin has been closed. */
	tty.fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (tty.fd < 0)
		return err_sys(err, errno, "duplicating the terminal");
	*ret = tty;
	return 0;
}

int session_tty_raw(struct session_tty *tty, struct err *err)
{
	struct termios raw = tty->saved;

	cfmakeraw(&raw);
	/* Marked first: whoever must restore may come between the two. A restore too many does no harm. */
	tty->raw = true;
	while (tcsetattr(tty->fd, TCSANOW, &raw) < 0) /* not DRAIN: a terminal that is stopped (^S) would never drain */
		if (errno != EINTR)
			return err_sys(err, errno, "putting the terminal into raw mode");
	return 0;
}

void session_tty_restore(struct session_tty *tty, bool reset_screen)
{
	struct pollfd poll_fd = { .fd = tty->fd, .events = POLLOUT };
	sigset_t background, mask;

	if (tty->fd < 0 || !tty->raw || !PROTECTED(RAW_RESTORE))
		return;
	/* A stopped terminal (^S) must not keep us: the reset is a courtesy, the settings are the duty. */
	if (reset_screen && poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & POLLOUT) != 0)
		(void)io_write_all(tty->fd, screen_reset, strlen(screen_reset));
	/* In the background this would stop us before we have given anything back. */
	(void)sigemptyset(&background);
	(void)sigaddset(&background, SIGTTOU);
	(void)sigprocmask(SIG_BLOCK, &background, &mask);
	while (tcsetattr(tty->fd, TCSANOW, &tty->saved) < 0 && errno == EINTR)
		;
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	tty->raw = false;
}

void session_tty_done(struct session_tty *tty)
{
	close_quietly(take_fd(tty->fd));
}

struct winsize session_tty_size(const struct session_tty *tty)
{
	struct winsize size = { 0 };

	if (tty->fd < 0 || ioctl(tty->fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0 || size.ws_row == 0)
		size = (struct winsize) { .ws_row = 24, .ws_col = 80 };
	return size;
}
