/* SPDX-License-Identifier: Apache-2.0 */
/* One attach from beginning to end: request, facts, plan, steps. The choreography, nothing else. */
#pragma once

#include "dbgattach/base/err.h"
#include "dbgattach/base/text.h"
#include "dbgattach/format/passwd.h"
#include "dbgattach/format/reference.h"
#include "dbgattach/privilege.h"
#include "dbgattach/toolbox.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum attach_terminal { TERMINAL_AUTO, TERMINAL_YES, TERMINAL_NO };
enum attach_user { USER_OF_PROFILE, USER_ROOT, USER_TARGET, USER_GIVEN };

/* What was asked for. Filled by cli/, read-only afterwards. */
struct attach_request {
	struct reference target;
	const char *host_root;      /* as host_open() takes it */
	struct strv command;        /* empty: a login shell */
	const char *command_string; /* -c: run by the toolbox's shell; NULL: none */
	enum attach_terminal terminal;
	enum attach_user user;
	struct user_spec user_spec; /* USER_GIVEN */
	const char *workdir;        /* NULL: the target's */
	struct strv env;            /* NAME=VALUE, in order */
	bool no_target_env, env_from_process;
	const struct profile *profile;
	struct profile *custom; /* the memory of a profile of the caller's own, or NULL */
	uint64_t cap_add, cap_drop;
	bool seccomp_given; /* seccomp instead of the profile's */
	enum seccomp_mode seccomp;
	struct seccomp_profile *seccomp_profile; /* SECCOMP_FILE, also where the profile says it; else NULL */
	bool write, host_pid, host_net;
	bool lsm_given;
	enum lsm_choice lsm; /* where given, else the profile's */
	bool namespaces_given;
	unsigned namespaces; /* NS_BITs, where given */
	uint32_t timeout_s;  /* 0: none */
	const char *toolbox; /* as toolbox_choose() takes it */
	enum toolbox_check toolbox_check;
	const char *shell; /* NULL: the toolbox's */
};

void attach_request_done(struct attach_request *request);
/* Of it the caller's own profile alone. */
void attach_custom_done(struct attach_request *request);

/*
 * Attaches, runs, leaves. *ret_status: the exit status for the shell, also of a session that was killed or ran out of time.
 * A negative result: nothing was run, *err says why.
 */
int attach_run(const struct attach_request *request, int *ret_status, struct err *err);

/* Resolves and plans, prints the plan to out, does nothing. */
int attach_explain(const struct attach_request *request, FILE *out, struct err *err);
