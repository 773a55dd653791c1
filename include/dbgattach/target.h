/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a container is found: from the runtimes' own state files, never by asking a daemon that may hang. One table of
 * runtimes; each is one file.
 */
#pragma once

#include "dbgattach/base/err.h"
#include "dbgattach/base/text.h"
#include "dbgattach/format/reference.h"
#include "dbgattach/format/seccomp_profile.h"
#include "dbgattach/pin.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct target {
	const char *runtime;     /* "docker", ...: static */
	char *id, *name, *image; /* id is never NULL ("pid:123" for pid:N); name and image may be */
	char *scope;             /* what RUNTIME:SCOPE/REF needs to name it again; NULL: nothing */
	char *pod;               /* "NAMESPACE/POD/CONTAINER", the last where it is known; NULL: of no pod */
	char *unit;              /* what must stand in its cgroup's path where nothing states its start; NULL: its id */
	uid_t user;              /* whose container it is: 0, or a user's own */
	pid_t pid;               /* 0: not running */
	uint64_t start_time;     /* as the runtime states it; 0: it does not */
	bool paused;
	bool has_config; /* env is what the runtime's config states */
	struct strv env;
	char *bundle; /* the folder of the runtime's config.json; NULL: not known */
};

void target_done(struct target *target);

/*
 * Resolves, in this order of preference: a whole 64-digit id (as Docker does: else a container named like another's
 * id would catch it), exact name, unique prefix of a 64-digit id; then pins. What runc, crun and containerd call an id may
 * be a name that somebody chose, and is matched whole. Where no state file tells of it, the processes' cgroups are
 * searched for the id, and the processes for the supervisors of LXC and systemd-nspawn. A container that several runtimes
 * know (Podman's is also runc's) is one when the init pid is the same; the runtime that stands first in the table speaks
 * for it.
 *
 * Errors: ERR_NOT_FOUND (a bare number gets the hint pid:N), ERR_AMBIGUOUS (the text lists the matches in a form that
 * can be pasted), ERR_GONE (known, not running; or a zombie), ERR_CHANGED (another process has the pid, or nothing
 * shows that it is the container's), ERR_USAGE (unknown runtime), ERR_MALFORMED, ERR_DENIED (state files that root
 * alone may read), ERR_REFUSED (state files that not only root may write, or that a symbolic link leads to).
 */
int target_resolve(const struct host *host, const struct reference *reference, struct target *ret, struct pin *ret_pin,
		   struct err *err);

/* ---- all of them --------------------------------------------------------------------------------------------- */

enum target_state { TARGET_STOPPED, TARGET_RUNNING, TARGET_PAUSED };

/* What there is to tell of a container beside what its runtime states. Lives for the call only. */
struct target_entry {
	const struct target *target;
	enum target_state state; /* of its first process and its cgroup, whatever the runtime has written down */
	const struct pin *pin;   /* NULL: stopped */
	uid_t uid;               /* of its first process, as the host sees it */
	int64_t since;           /* seconds of the epoch at which that was started; 0: stopped */
};

struct target_visitor {
	/* A negative result of it ends the walk and is returned. */
	int (*entry)(const struct target_entry *entry, void *context, struct err *err);
	/* One container, or all of a runtime, cannot be told of. */
	void (*damaged)(const char *runtime, const struct err *why, void *context);
	void *context;
};

/*
 * Every container, one at a time, as their state files stand in their folders: nothing is kept of those that were visited.
 * Of users' own containers a plain user gets his, and root none.
 * runtime: NULL for all, else the one of that name (ERR_USAGE: there is none). stopped: those that do not run too.
 */
int target_list(const struct host *host, const char *runtime, bool stopped, const struct target_visitor *visitor,
		struct err *err);

/* Running or paused: by its cgroup's freezer, by the runtime's word only where that cannot be read. */
enum target_state target_state_of(const struct host *host, const struct target *target, const struct pin *pin);
/* Seconds of the epoch at which the process was started. */
int64_t target_since(const struct pin *pin);

/* The i-th runtime's name, and whether it has a folder of containers here; NULL behind the last. */
const char *target_runtime_at(const struct host *host, size_t index, bool *ret_found);

/* "docker:ID", "containerd:NAMESPACE/ID": names the container exactly, and can be pasted. */
#define TARGET_REFERENCE_MAX (2 * REFERENCE_MAX)
int target_reference(const struct target *target, char *out, size_t size);

/*
 * The seccomp profile that the runtime's config states for the container. *ret_stated: false where no config that can be
 * trusted states one. What cannot be understood is an error: the session must not be under less than the target.
 */
int target_read_seccomp(const struct host *host, const struct target *target, struct seccomp_profile *ret,
			bool *ret_stated, struct err *err);
