/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How keys and output travel between the caller and the session, and how a session ends. Knows nothing of containers or
 * namespaces: it has fds, an init process, and somebody who can kill the rest.
 */
#pragma once

#include "dbgattach/base/err.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <termios.h>

/* ---- the caller's terminal ----------------------------------------------------------------------------------- */

struct session_tty {
	int fd; /* -EBADF: the caller has none that the session uses */
	bool raw;
	struct termios saved;
};

/* fd: a terminal of the caller's. Duplicated, and its settings remembered; nothing is changed yet. */
int session_tty_open(int fd, struct session_tty *ret, struct err *err);
int session_tty_raw(struct session_tty *tty, struct err *err);
/*
 * On every way out, by whoever lives. reset_screen: the session did not end by itself, so a full-screen program had no chance
 * to leave the screen as it was.
 */
void session_tty_restore(struct session_tty *tty, bool reset_screen);
void session_tty_done(struct session_tty *tty);
/* The size of the caller's terminal, 80x24 where there is none. */
struct winsize session_tty_size(const struct session_tty *tty);

/* ---- the session's stdio -------------------------------------------------------------------------------------- */

/*
 * Never an fd of the caller's: what is reachable as /proc/PID/fd inside can be reopened there with other rights. Pipes, or
 * a pseudo-terminal of the session's own devpts.
 */
struct session_channels {
	bool terminal;
	int input, output,
		error; /* the monitor's ends; with a terminal input and output are the master, error -EBADF */
	int child[3];  /* the session's fds 0, 1, 2 */
	int start_read, start_write; /* see dbgattach/launcher.h */
};

#define SESSION_CHANNELS_INIT                                                                                          \
	{                                                                                                              \
		.input = -EBADF, .output = -EBADF, .error = -EBADF, .child = { -EBADF, -EBADF, -EBADF },               \
		.start_read = -EBADF, .start_write = -EBADF                                                            \
	}

/* pts: the devpts mount. uid, gid: who may reopen them inside (/dev/stdout), as the initial user namespace sees it. */
int session_channels_open(bool terminal, int pts, const struct winsize *size, uid_t uid, gid_t gid,
			  struct session_channels *ret, struct err *err);
/* After the fork: the ends that are the session's. */
void session_channels_close_child(struct session_channels *channels);
void session_channels_done(struct session_channels *channels);

/* ---- the loop -------------------------------------------------------------------------------------------------- */

struct session {
	struct session_channels *channels;
	struct session_tty *tty;
	int signal_fd;      /* the signals of session_signals() */
	int init_pidfd;     /* a child of the caller's */
	int guardian_pidfd; /* its death ends the session; -EBADF: none */
	int watch_fd;       /* readable: watched() is to be called; -EBADF: none */
	uint32_t timeout_s; /* 0: none */
	int end_signal;     /* makes init end whatever of the session it still has */
	/* Kills everything of the session but init; > 0 while somebody was left, < 0 where nobody can tell. */
	int (*kill_others)(void *context);
	void (*watched)(void *context);
	void *context;
};

enum session_reason { SESSION_ENDED, SESSION_TIMED_OUT, SESSION_GUARDIAN_DIED, SESSION_STOPPED };

struct session_result {
	enum session_reason reason;
	int write_error; /* errno of a failed write to the caller's stdout or stderr; 0: none, or nobody reads any more */
	int exit_status; /* the command's, 128+N for a signal, 137 when it was killed from outside */
};

/*
 * What the loop handles, less what the caller has us ignore; to be blocked before the first fork. SIGTTIN and SIGPIPE are to
 * be ignored, SIGCHLD not.
 */
void session_signals(sigset_t *ret);
/*
 * Blocks them, has the others as a session needs them (SIGPIPE and SIGTTIN are ignored, SIGTTOU and SIGCHLD not), and opens a
 * signalfd, which does not block.
 */
int session_take_signals(int *ret_fd, struct err *err);
/* Reads what has come. The first signal that would end a session, or 0: resizes, children and stops are none. */
int session_stop_signal(int signal_fd);

/* Relays until init has ended and its output is delivered. Init is reaped, unless somebody traces it. Only -errno for what must
 * not happen. */
int session_run(struct session *session, struct session_result *ret, struct err *err);

/* 128+N, or the status; what waitid said of init. */
int session_exit_status(const siginfo_t *info);
