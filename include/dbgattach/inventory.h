/* SPDX-License-Identifier: Apache-2.0 */
/* What runs on this host, and who is in it: the containers of all runtimes beside the sessions of dbgattach. */
#pragma once

#include "dbgattach/base/err.h"
#include "dbgattach/target.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The containers that sessions are in, by the pid of their first process. */
struct sessions {
	pid_t *pids; /* of all that their monitors hold: a container stands in it once a session */
	size_t count;
};

/*
 * Out of the monitors: each keeps a pidfd of its target for as long as it lives. Sessions without a cgroup of their own,
 * and those whose monitor the caller may not look at, are not known. Never fails: what cannot be read is not counted.
 */
void sessions_read(const struct host *host, struct sessions *ret);
unsigned sessions_in(const struct sessions *sessions, pid_t pid);
void sessions_done(struct sessions *sessions);

#define INVENTORY_FILTERS_MAX 32

/* "name=web": of one key any may fit, of each key one has to. */
struct inventory_filters {
	const char *texts[INVENTORY_FILTERS_MAX];
	size_t count;
};

/*
 * Adds KEY=VALUE: runtime (the whole word), name and image (a part of it), pod (NAMESPACE/NAME, or one of the two), id (its
 * beginning), status (running, paused, stopped). ERR_USAGE names the keys.
 */
int inventory_filter_add(struct inventory_filters *filters, const char *text, struct err *err);
bool inventory_fits(const struct inventory_filters *filters, const struct target_entry *entry);
/* "stopped", "running", "paused". */
const char *inventory_state_name(enum target_state state);
