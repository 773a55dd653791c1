/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps share: one attach, from the command line to the last clean-up. */
#pragma once

#include "plan.h"
#include "steps.h"

#include "dbgattach/attach.h"
#include "dbgattach/ns.h"
#include "dbgattach/pin.h"
#include "dbgattach/session.h"
#include "dbgattach/view.h"

#include <signal.h>
#include <sys/types.h>

/* Memory shared with the guardian: what one must know of the other and cannot have been told at its birth. */
struct guardian_page {
	volatile pid_t init; /* by the monitor; 0: there is none yet */
	volatile bool raw;   /* by the monitor, before it changes the terminal's settings */
	volatile int failed; /* by the guardian, before it ends for that: a negative errno */
};

struct attach {
	const struct attach_request *request;

	/* host side */
	struct host host;
	int cgroup_root_fd; /* as cgroup_open_root() chose it */
	int proc_self_fd;   /* /proc/self of the host's procfs, ours: the entering process opens its own anew */
	struct pin pin;
	struct attach_facts facts;
	struct attach_plan plan;
	struct session_tty tty;
	int signal_fd;
	char session[64]; /* names the cgroup */

	/* made for the session */
	struct view_parts parts;
	struct session_channels channels;
	int toolbox_watch;              /* readable when there may be more layers; -EBADF: there are none to come */
	int kept_toolbox, kept_scratch; /* what the session has mounted, for these */
	struct cgroup cgroup;
	bool has_cgroup;
	int mounts; /* without one: the session's mount namespace, once it was found to be its own */
	struct guardian_page *guardian_page;
	pid_t monitor, guardian, entry, init;
	int guardian_pidfd, entry_pidfd, init_pidfd;
	int guardian_socket; /* one byte to it: an orderly end */
	int wire_read, wire_write;
	int64_t entry_since; /* when the entering process was born; clock_now_ms() */

	/* the entering process's own */
	int entry_proc; /* its /proc/PID of the host's procfs */
	int target_root;
	int view_root;
	int launcher;
	int filter_fd;  /* the seccomp filters that the command's process loads, -EBADF: none */
	unsigned notes; /* VIEW_NOTE bits */

	struct session_result result;
};

/* entry.c: never returns; the child's side of the "entry" step. */
_Noreturn void entry_main(struct attach *attach);

/* guardian.c. Its birth, and its end when the session's was orderly. */
int guardian_start(struct attach *attach, struct err *err);
void guardian_end(struct attach *attach);
/* What there is to say of one that has ended before that. */
int guardian_lost(const struct attach *attach, struct err *err);

/* ending.c: what every way out passes through, in any state of the attach. Idempotent. */
void attach_end(struct attach *attach);
/* Kills everything of the session but init; the session loop's hook. */
int attach_kill_others(void *context);

/* layers.c: the toolbox as mounts, and what of it comes later. */
int step_toolbox(struct attach *attach, struct err *err);
void attach_keep_mounts(struct attach *attach);
/* The session loop's hook. */
void attach_add_layers(void *context);

/*
 * inside.c: act, where the plan says so in a process that has joined the target's user namespace and, with mounts, a mount
 * namespace of its own there. It has the caller's ids until it takes others by attach_become(), which does nothing elsewhere.
 */
int attach_inside(struct attach *attach, bool mounts, int (*act)(struct attach *attach, void *context, struct err *err),
		  void *context, struct err *err);
int attach_become(const struct attach *attach, uid_t uid, gid_t gid, struct err *err);
/* Root of the session's user namespace, as whoever makes its parts sees it. */
uid_t attach_root_uid(const struct attach *attach);
gid_t attach_root_gid(const struct attach *attach);

/* facts.c */
int attach_gather(struct attach *attach, struct err *err);

/* monitor.c: the steps that --explain takes too. */
int step_resolve(struct attach *attach, struct err *err);
int step_facts(struct attach *attach, struct err *err);
int step_plan(struct attach *attach, struct err *err);

/* monitor.c: a failure that the target's end explains becomes that. Returns what the error stands for. */
int explain_failure(struct attach *attach, struct err *err);
/* monitor.c: a signal that would end the session ends the attach: the exit status then is the signal's, without a message. */
int attach_take_signal(struct attach *attach, struct err *err);

/* entering.c: the steps between the last part's making and the first process's birth. */
int step_entry(struct attach *attach, struct err *err);
int step_launcher(struct attach *attach, struct err *err);

/* verify.c: the steps between the first process's birth and its start. */
int step_init(struct attach *attach, struct err *err);
int step_verify(struct attach *attach, struct err *err);
