/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a session travels over one byte stream each way, with a client here and a helper there. Whoever dies, hangs, is stopped
 * or cut off: the other side notices by itself, and nothing is left running. Knows nothing of Kubernetes.
 */
#pragma once

#include "dbgattach/base/buffer.h"
#include "dbgattach/base/err.h"
#include "dbgattach/base/text.h"
#include "dbgattach/session.h"

#include <stdbool.h>
#include <stddef.h>

/* ---- the client ------------------------------------------------------------------------------------------------------ */

#define REMOTE_FILES_MAX 2

/* What the helper is to run: the program that it is itself. */
struct remote_request {
	struct strv words; /* its arguments */
	/* A file of the client's: the word ends in "=", and the path of a copy is put behind it. */
	struct remote_file {
		size_t word;
		struct buffer content;
	} files[REMOTE_FILES_MAX];
	size_t file_count;
	bool terminal; /* the session has one */
};

void remote_request_done(struct remote_request *request);

enum remote_end {
	REMOTE_ENDED,   /* exit_status is that of what was run */
	REMOTE_NO_BEAT, /* the helper has ended it: it had not heard of us for seconds */
	REMOTE_LOST,    /* the streams broke, or the helper was not heard of for seconds */
	REMOTE_STOPPED, /* a signal, whose grace is over or that came before the start: 128 + N */
};

struct remote_result {
	enum remote_end end;
	int exit_status;
	int write_error; /* errno of a failed write to stdout or stderr; 0: none, or nobody reads any more */
};

struct remote_client;

/* from, to: the helper's stdout and stdin, taken over, also on failure. signal_fd: of session_signals(), stays the caller's. */
int remote_client_new(int from, int to, int signal_fd, struct remote_client **ret, struct err *err);
void remote_client_free(struct remote_client *client);

/*
 * Says the first word and waits for the answer. 1: the helper is there. 0: the streams have ended without a word: what should
 * have carried them knows why. Negative: ERR_TIMEOUT, ERR_UNSUPPORTED (another version); -EINTR where a signal came, with
 * *ret and without *err.
 */
int remote_client_wait(struct remote_client *client, int timeout_ms, struct remote_result *ret, struct err *err);

/* Runs the session to its end. tty: the caller's terminal, in raw mode already, or its fd is -EBADF. */
int remote_client_run(struct remote_client *client, const struct remote_request *request, struct session_tty *tty,
		      struct remote_result *ret, struct err *err);

/* ---- in the pod ------------------------------------------------------------------------------------------------------ */

/*
 * The helper: stdin and stdout are the streams. Nothing is said before the first byte has come. *ret_status: 0, whatever the
 * session's own was.
 */
int remote_helper(int *ret_status, struct err *err);

/*
 * The main process of the helper's container. once: it ends when the last helper has gone, or when none has come for a minute.
 */
int remote_wait(bool once, struct err *err);
/* By the helper, while it lives: *ret_fd is to be kept open. */
int remote_wait_join(int *ret_fd, struct err *err);
