/* SPDX-License-Identifier: Apache-2.0 */
/* kubectl as a child process: what it was told, what it said, and never longer than it may take. */
#pragma once

#include "dbgattach/base/buffer.h"
#include "dbgattach/base/err.h"
#include "dbgattach/base/json.h"
#include "dbgattach/base/text.h"
#include "dbgattach/format/kube_pod.h"
#include "dbgattach/kubectl.h"

#include <stdint.h>
#include <sys/types.h>

#define CALL_TIMEOUT_MS 15000 /* a little more than kubectl is told */

/* What every call has in common. */
struct kubectl {
	const struct kubectl_request *request;
	int signal_fd;   /* of session_take_signals(), or -EBADF */
	int stop_signal; /* that has come, and ended the waiting; 0: none */
};

struct call {
	const char *what; /* for messages: "the pod api" */
	pid_t pid;
	int pidfd, output, error; /* output and error: memory; output -EBADF: a pipe that the caller has taken */
	int64_t deadline;
	int status; /* 0, or 1 where kubectl failed; 127: it is not there */
	struct buffer text, error_text;
};

/* "get pods ..." in words of its own: the last one is NULL. */
#define CALL_WORDS(...) ((const char *const[]) { __VA_ARGS__, NULL })

/* input: NULL for none. name_space: NULL: the request's. */
int call_start(const struct kubectl *kubectl, const char *name_space, const char *what, const char *const *words,
	       const char *input, struct call *ret, struct err *err);
/*
 * Waits for all of them. -EINTR, and nothing in *err: a signal has come. ERR_TIMEOUT: the deadline has. Those that still run
 * then end with call_done().
 */
int calls_finish(struct kubectl *kubectl, struct call *calls, size_t count, struct err *err);
void call_done(struct call *call);
#define CALL_NONE                                                                                                      \
	{                                                                                                              \
		.pidfd = -EBADF, .output = -EBADF, .error = -EBADF                                                     \
	}
#define cleanup_call __attribute__((cleanup(call_done)))

/* 0, or what kubectl's stderr means. */
int call_check(const struct call *call, struct err *err);

/* One call from beginning to end; ret->text is what it answered. */
int call_run(struct kubectl *kubectl, const char *name_space, const char *what, const char *const *words,
	     const char *input, struct call *ret, struct err *err);

/* What it answered. */
int call_read_json(const struct call *call, json_t **ret, struct err *err);
int call_read_pods(const struct call *call, struct kube_pods *ret, struct err *err);

/* kubectl exec -i: *ret_from and *ret_to are its stdout and stdin. It has no deadline. */
int call_exec(const struct kubectl *kubectl, const char *name_space, const char *pod, const char *container,
	      struct call *ret, int *ret_from, int *ret_to, struct err *err);
/* Ends by itself once its stdin has; else it is killed. Its stderr is read. */
void call_end(struct call *call, int64_t patience_ms);
