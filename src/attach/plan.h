/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts in, plan out. Making the plan is a pure function: it opens nothing and asks no kernel, so it can be printed,
 * tested without root, and is the one place where what the session will be is decided.
 */
#pragma once

#include "dbgattach/attach.h"
#include "dbgattach/ns.h"
#include "dbgattach/pin.h"
#include "dbgattach/session.h"
#include "dbgattach/target.h"
#include "dbgattach/toolbox.h"
#include "dbgattach/view.h"

struct attach_facts {
	struct target target;
	struct process_facts process;
	struct ns_set ours, theirs, host; /* the caller's, the target's, those of the host's first process */
	struct lsm_facts lsm;
	struct toolbox toolbox;
	uint64_t caller_capabilities;
	bool plain;       /* the caller lacks SYS_ADMIN, so what he mounts he mounts in a user namespace of his own */
	bool owns_userns; /* asked where plain: the target's is one */
	bool inside;      /* what the session is made of has to be made in the target's user namespace */
	bool setgroups_denied;
	gid_t *caller_groups; /* asked where denied: they stay with him */
	size_t caller_groups_count;
	int caller_seccomp_filters;
	struct proc_limits caller_limits; /* where the profile takes over the target's */
	int caller_oom_score_adj;         /* likewise */
	bool config_has_seccomp;          /* the runtime's config states a filter; asked where the target's is wanted */
	struct seccomp_profile config_seccomp;
	uint64_t target_memory_limit; /* bytes, UINT64_MAX: none */
	char *process_env;            /* /proc/PID/environ where asked for, else NULL */
	size_t process_env_length;
	uid_t named_uid; /* of -u NAME, looked up in the target's passwd */
	gid_t named_gid;
	bool stdin_tty, stdout_tty;
	const char *term; /* the caller's TERM, NULL: none */
};

void attach_facts_done(struct attach_facts *facts);

#define PLAN_NOTES_MAX 16
#define PLAN_SHELL_MAX 256

/* Where a filter that is not ours comes from. */
enum plan_foreign { FOREIGN_NONE, FOREIGN_CONFIG, FOREIGN_COPY, FOREIGN_FILE };

struct plan_seccomp {
	bool ours; /* the default filter */
	enum plan_foreign foreign;
	/*
	 * The foreign ones are loaded before the session can be seen, and are seen from outside before the command runs. Else
	 * by the command's process as its last act: they forbid what the session's own programs need.
	 */
	bool early;
	struct seccomp_programs programs; /* the foreign ones, once they are there */
};

struct attach_plan {
	char label[64];            /* for the prompt and for people: the target's name, or its short id */
	unsigned join;             /* NS_BITs */
	unsigned shared_with_host; /* the target's that are the host's too, wherever the caller is */
	unsigned foreign;          /* those of the session that are the host's, or the caller's and not the target's */
	bool terminal;
	uid_t uid, host_uid; /* the session's, inside and as the host sees it */
	gid_t gid, host_gid;
	gid_t *groups; /* supplementary ones, inside */
	size_t groups_count;
	bool target_groups; /* they are the target's; else gid alone */
	bool kept_groups;   /* instead of both: the caller's, which cannot be changed in there */
	bool own_userns, root_mapped;
	bool inside;         /* as in the facts */
	uid_t root_host_uid; /* the session's user namespace's root, as the host sees it */
	gid_t root_host_gid;
	struct capability_sets capabilities;
	const struct profile *profile;
	struct plan_seccomp seccomp;
	bool fall_short; /* of the target's limits and oom_score_adj: the caller may not raise them */
	struct lsm_plan lsm;
	struct view_options view;
	struct cgroup_limits limits;
	char shell[PLAN_SHELL_MAX];
	struct strv env, argv; /* argv: what the command is, not the launcher's part */
	const char *workdir;
	bool workdir_fallback; /* the target's own may lie outside the view: "/" then */
	/* Deviations that a person should know of, one line each. */
	char notes[PLAN_NOTES_MAX][256];
	size_t notes_count;
};

int plan_make(const struct attach_request *request, const struct attach_facts *facts, struct attach_plan *ret,
	      struct err *err);
void plan_done(struct attach_plan *plan);

/* What depends on the toolbox: shell, command, environment. Once more where another toolbox is taken than was planned with. */
int plan_toolbox(const struct attach_request *request, const struct attach_facts *facts, struct attach_plan *plan,
		 struct err *err);

/* A deviation, cut where it is too long. */
void plan_note(struct attach_plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* plan_ids.c: who the session is. */
int plan_ids(const struct attach_request *request, const struct attach_facts *facts, struct attach_plan *plan,
	     struct err *err);

/* plan_privilege.c: capabilities, seccomp, limits. After the namespaces. */
int plan_privilege(const struct attach_request *request, const struct attach_facts *facts, struct attach_plan *plan,
		   struct err *err);

/* The session's environment. notes: names that were left out are not told one by one; --explain prints the result. */
int environment_make(const struct attach_request *request, const struct attach_facts *facts,
		     const struct attach_plan *plan, struct strv *ret, struct err *err);

void plan_print(const struct attach_request *request, const struct attach_facts *facts, const struct attach_plan *plan,
		FILE *out);
