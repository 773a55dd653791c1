/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the session may do: profiles, capability sets, ids, seccomp, inherited attributes; and the check from outside
 * that it came true. Knows nothing of containers. Everything here fails closed: what cannot be applied is an error.
 */
#pragma once

#include "dbgattach/base/err.h"
#include "dbgattach/format/proc_limits.h"
#include "dbgattach/format/seccomp_profile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- profiles ------------------------------------------------------------------------------------------------ */

enum profile_ids { IDS_ROOT, IDS_TARGET };

enum lsm_choice { LSM_TARGET, LSM_UNCONFINED }; /* the target's label, or the caller's own, whatever that is */

struct profile {
	const char *name;
	const char *summary;
	enum profile_ids ids;
	uint64_t capabilities;    /* bit per capability */
	bool all_capabilities;    /* instead: whatever the caller has, or all of the target's own user namespace */
	bool target_capabilities; /* instead: the five sets that the target has */
	bool target_attributes;   /* limits, umask and oom_score_adj are exactly the target's */
	bool unmasked_proc;
	bool all_devices; /* not only null and the like, terminals */
	enum seccomp_mode seccomp;
	enum lsm_choice lsm;
};

/* NULL where there is none of that name. */
const struct profile *profile_find(const char *name);
/* The i-th profile, NULL at the end: for --help and completion. */
const struct profile *profile_at(size_t index);

/* ---- capabilities -------------------------------------------------------------------------------------------- */

#define CAPABILITY_BIT(capability) (UINT64_C(1) << (capability))

struct capability_sets {
	uint64_t inheritable, permitted, effective, bounding, ambient;
};

/* "NET_ADMIN", "cap_net_admin" or "ALL": a mask. ERR_USAGE. */
int capabilities_parse(const char *name, uint64_t *ret_mask, struct err *err);
/* "SYS_PTRACE KILL", "none", "all". Returns out. */
char *capabilities_format(uint64_t mask, char *out, size_t size);
/* All that this kernel knows. */
uint64_t capabilities_all(void);
/* The caller's own permitted set. */
int capabilities_permitted(uint64_t *ret_mask, struct err *err);

/* What one of the caller's capabilities is for. */
struct capability_need {
	const char *name; /* "SYS_ADMIN" */
	uint64_t capability;
	bool required;       /* by every attach of root's */
	bool inside;         /* a plain user has it where he needs it, in user namespaces of his own */
	const char *use;     /* what depends on it */
	const char *without; /* what is lost */
};

/* The i-th, NULL at the end: the required ones first. */
const struct capability_need *capability_need_at(size_t index);
/* Where a container's are written down. */
#define CAPABILITY_HINT "securityContext.capabilities.add (Kubernetes) or --cap-add (Docker, Podman)"
/* ERR_DENIED names the required ones that permitted lacks, and what for. */
int capabilities_check_caller(uint64_t permitted, struct err *err);

/*
 * The five sets of a session. root: uid 0 of its user namespace gets the mask by exec's own rule, so nothing is
 * inheritable or ambient. Otherwise only added is kept, through the ambient set: as docker exec does it.
 */
struct capability_sets capability_sets_of_session(bool root, uint64_t mask, uint64_t added);

/*
 * Makes the sets ones that an exec under no_new_privs keeps as they are, never with more than the process could use: true
 * when something had to be changed for that.
 */
bool capability_sets_settle(bool root, struct capability_sets *sets);

/* ---- becoming the session, in this order (attach/steps.c) ---------------------------------------------------- */

/* These supplementary groups and no other; NULL where count is 0. */
int privilege_set_groups(const gid_t *groups, size_t count, struct err *err);
int privilege_drop_bounding(uint64_t keep, struct err *err);
/* Real, effective and saved; capabilities are kept for privilege_set_capabilities(). Checked by reading back. */
int privilege_set_ids(uid_t uid, gid_t gid, struct err *err);
int privilege_set_capabilities(const struct capability_sets *sets, struct err *err);
/* Every execve and every id change sets it back, so it is said again after each. */
int privilege_set_undumpable(struct err *err);
int privilege_set_no_new_privs(struct err *err);
/* Our default filter. After it: those of others, see below. */
int privilege_set_default_filter(struct err *err);

/*
 * What must not come along from the caller: signal mask and dispositions, umask, niceness and scheduling class, I/O priority,
 * timer slack, processor affinity, memory policy, personality, securebits.
 */
int privilege_reset_attributes(struct err *err);

/* How near the session comes to the target's resource limits and oom_score_adj. */
enum likeness {
	LIKENESS_SAFE, /* limits no higher than the caller may go, no core files (RLIMIT_CORE 0), oom_score_adj at least 0 */
	LIKENESS_NEAR, /* theirs as far as the caller may: he lacks CAP_SYS_RESOURCE, and was told so */
	LIKENESS_EXACT,
};

/* proc_self_fd: the host's /proc/self. */
int privilege_set_oom_score(int proc_self_fd, int target, enum likeness likeness, struct err *err);
/* In two steps, because raising a limit needs CAP_SYS_RESOURCE, which the session has not. */
int privilege_raise_limits(const struct proc_limits *target, enum likeness likeness, struct err *err);
int privilege_set_limits(const struct proc_limits *target, enum likeness likeness, struct err *err);

/* A new session keyring: the caller's would open his keys to everything inside. */
int privilege_new_keyring(struct err *err);

/* ---- seccomp filters of others ----------------------------------------------------------------------------- */

struct sock_filter;

struct seccomp_program {
	struct sock_filter *code;
	unsigned short length; /* instructions */
	unsigned flags;        /* SECCOMP_FILTER_FLAG_ */
};

#define SECCOMP_PROGRAMS_MAX 32

/* In the order in which they are loaded. */
struct seccomp_programs {
	struct seccomp_program items[SECCOMP_PROGRAMS_MAX];
	size_t count;
};

void seccomp_program_done(struct seccomp_program *program);
void seccomp_programs_done(struct seccomp_programs *programs);

/* Loads them all, after privilege_set_default_filter(). */
int privilege_set_filters(const struct seccomp_programs *programs, struct err *err);

struct seccomp_data;

/* What the kernel would answer to one call: SECCOMP_RET_. */
uint32_t seccomp_run(const struct seccomp_program *program, const struct seccomp_data *data);

/* NULL where the toolbox's launcher and init can do their work under all of them, else the call that they lack. */
const char *seccomp_forbids_session(const struct seccomp_programs *programs);

/*
 * The filters of a process, in the order in which it loaded them: by ptrace, which stops it for some milliseconds, at most a
 * second, in a process of its own whose end sets it free. pidfd: the same process's, to be sure of it. The caller must be
 * under no filter. ERR_UNSUPPORTED for one that asks a supervisor.
 */
int seccomp_copy(pid_t pid, int pidfd, struct seccomp_programs *ret, struct err *err);

struct seccomp_terms {
	uint64_t capabilities; /* those that the session may ever have, for includes and excludes */
	bool native_only;      /* calls of other architectures are killed anyway */
	bool as_runtime; /* the config of a container that runs under it: contradictions count as its runtime took them */
};

#define SECCOMP_REMARK_MAX 200

/*
 * ret_remark: what a person should know of it, or "". ERR_UNSUPPORTED, with the name, for what libseccomp cannot express;
 * ERR_MALFORMED for rules that contradict each other.
 */
int seccomp_compile(const struct seccomp_profile *profile, const struct seccomp_terms *terms,
		    struct seccomp_program *ret, char *ret_remark, struct err *err);

/* ---- labels of security modules ------------------------------------------------------------------------------- */

/*
 * Modules with a label per process that /proc/PID/attr shows. Not here because there is nothing to adopt: capability, yama,
 * lockdown, bpf, integrity, ima, evm and the like have none; landlock's domains can be seen and given by nobody;
 * tomoyo's follow from what a process has executed and cannot be set either.
 */
enum lsm_kind {
	LSM_APPARMOR,
	LSM_SELINUX,
	LSM_UNKNOWN, /* one that answers, but that is not in the table: Smack, or what comes after it */
	LSM_KIND_MAX
};

#define LSM_LABEL_MAX 1024 /* with the NUL; a longer one is an error */

struct lsm_label {
	bool active;
	const char *attributes; /* the folder below /proc/PID that shows it; static */
	char own[LSM_LABEL_MAX], target[LSM_LABEL_MAX];
	char files[LSM_LABEL_MAX]; /* of the target's files, where its root is mounted with one (SELinux); else "" */
};

struct lsm_facts {
	struct lsm_label of[LSM_KIND_MAX];
};

/* All of the host: its root folder, its procfs, in that our own and the target's process. */
struct lsm_sources {
	int root_fd, proc_fd, own_fd, target_fd;
};

/* An active module whose labels cannot be read is an error, never "not active". */
int lsm_read(const struct lsm_sources *sources, struct lsm_facts *ret, struct err *err);

struct lsm_plan {
	const struct lsm_facts *facts; /* not owned */
	bool adopt[LSM_KIND_MAX];      /* the target's label is set for the exec; else the caller's own stays */
};

/* No system call. ERR_UNSUPPORTED: the target's label is to be adopted, and no known module's. */
int lsm_plan_make(const struct lsm_facts *facts, enum lsm_choice choice, struct lsm_plan *ret, struct err *err);
const char *lsm_name(enum lsm_kind kind);
/* The label of the session; NULL where that module is not active. */
const char *lsm_planned_label(const struct lsm_plan *plan, enum lsm_kind kind);
/* What the session's own filesystems are mounted with (context=), so that the adopted label may use them; NULL: nothing. */
const char *lsm_mount_context(const struct lsm_plan *plan);
/* The session will have another label than the target. */
bool lsm_plan_deviates(const struct lsm_plan *plan, enum lsm_kind kind);
bool lsm_plan_adopts(const struct lsm_plan *plan, enum lsm_kind kind);

/*
 * For the next exec of the calling process. proc_self_fd: the caller's own /proc/PID of the host's procfs, opened before
 * any namespace was joined.
 */
int lsm_apply(int proc_self_fd, const struct lsm_plan *plan, struct err *err);

/* Names the adopted label in an error that its policy may be the reason of. Returns what the error stands for. */
int lsm_add_hint(const struct lsm_plan *plan, struct err *err);

/* Compares what the host's /proc says of a process with the plan. ERR_REFUSED names both labels. */
int lsm_verify(int proc_pid_fd, const struct lsm_plan *plan, struct err *err);

/* ---- proof ---------------------------------------------------------------------------------------------------- */

struct privilege_expectation {
	uid_t uid; /* as seen from the reader's user namespace */
	gid_t gid;
	const gid_t *groups; /* all supplementary ones, ascending as the kernel keeps them */
	size_t groups_count;
	struct capability_sets sets;
	int seccomp_filters; /* how many, those that the caller himself is under included */
};

/* Compares /proc/PID/status, read by the host, with the plan. ERR_REFUSED names the first difference. */
int privilege_verify(int proc_pid_fd, const struct privilege_expectation *expected, struct err *err);
