/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which namespaces are joined, and where the session is counted. Joining is one setns(2) on the target's pidfd: all
 * or nothing, so there is no half-entered state and no path of /proc to be swapped in between.
 */
#pragma once

#include "dbgattach/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum ns_kind { NS_USER, NS_PID, NS_MNT, NS_NET, NS_UTS, NS_IPC, NS_CGROUP, NS_TIME, NS_KIND_MAX };

#define NS_BIT(kind) (1U << (kind))

/* "user", "pid", ...: the names below /proc/PID/ns and of --ns. */
const char *ns_kind_name(enum ns_kind kind);

/* inode 0: this kernel has no such namespace. */
struct ns_set {
	uint64_t inode[NS_KIND_MAX];
};

/* proc_fd: a directory fd of /proc/PID. */
int ns_set_read(int proc_fd, struct ns_set *ret, struct err *err);

/*
 * The host's: those of process 1 of proc_fd, its procfs, which need not be the caller's (a container that shares nothing but the
 * host's PID namespace, `ip netns exec`); of a kernel thread where process 1 is closed to the caller; else the caller's own, but
 * of the network, the one that is dangerous to mistake, 0: not known. The mount namespace is 0 where process 1 is a container's
 * own, which we are beside (an ephemeral container): its tree is to be entered.
 */
int ns_set_read_host(int proc_fd, const struct ns_set *ours, struct ns_set *ret, struct err *err);

/*
 * From a cgroup namespace of its own a caller sees other cgroups by paths ("/../ID") that lead to nothing below a mount of the
 * host's, and with cgroup2's nsdelegate may not put anybody into them: makes the host's namespace the caller's. Where it may
 * not (CAP_SYS_ADMIN) nothing changes.
 */
void ns_join_host_cgroup(int proc_fd);

/* The kinds (NS_BIT) in which the two differ. */
unsigned ns_set_differing(const struct ns_set *ours, const struct ns_set *theirs);

/* "pid,mnt,net": the kinds named. ERR_USAGE names the word that is none. */
int ns_parse_list(const char *text, unsigned *ret_kinds, struct err *err);

/* "pid mnt net", "none" for 0. Returns out. */
char *ns_format_list(unsigned kinds, char *out, size_t size);

/* One setns for all kinds. Single-threaded callers only; a PID namespace takes effect for children. */
int ns_enter(int pidfd, unsigned kinds, struct err *err);

/* ---- user namespaces ------------------------------------------------------------------------------------------- */

#define NS_USER_INITIAL UINT64_C(0xEFFFFFFD) /* its inode [USER_NS_INIT_INO, <linux/nsfs.h> since 6.18] */

/*
 * proc_fd: of a process. Whether its user namespace, or one that it lies in, was made in ours, that with own_inode, by us: then
 * the kernel gives us every capability in there, whatever we have here.
 */
int ns_user_is_callers(int proc_fd, uint64_t own_inode, bool *ret, struct err *err);

/* Made by somebody without SETGID, it lets nobody in there change his groups. */
int ns_user_denies_setgroups(int proc_fd, bool *ret, struct err *err);

/*
 * Kills every process in that mount namespace but spare (0: none), which it continues; for a session without a cgroup. An fd
 * and not a number: once a namespace has ended another may get its number. proc_fd: the host's. The number that was there to kill, or a negative errno. *ret_spare: it is there.
 */
int ns_kill_members(int proc_fd, int mounts, pid_t spare, bool *ret_spare);

/* ---- the session's cgroup ------------------------------------------------------------------------------------ */

struct cgroup_limits {
	uint64_t pids;
	uint64_t memory; /* bytes */
};

enum cgroup_hierarchy {
	CGROUP_UNIFIED,
	CGROUP_PIDS,
	CGROUP_MEMORY,
	CGROUP_DEVICES,
	CGROUP_FREEZER,
	CGROUP_HIERARCHY_MAX
};

/*
 * A directory in the unified tree's root, and in those v1 hierarchies that hold a controller the session needs. The v1
 * freezer only where there is no unified tree, which freezes by itself.
 */
struct cgroup {
	char session[64];               /* the directories' name */
	int root[CGROUP_HIERARCHY_MAX]; /* the hierarchy's mount, O_PATH; -EBADF: not there or not used */
	int dir[CGROUP_HIERARCHY_MAX];  /* the session's directory */
	unsigned missing;               /* bits of CGROUP_PIDS and CGROUP_MEMORY that no hierarchy here offers */
};

void cgroup_init(struct cgroup *cgroup);

/* 0: a session's could be made below root_fd, as far as its first hierarchy's permissions tell; else a negative errno. */
int cgroup_is_writable(int root_fd);

/*
 * O_PATH of the folder below which sys/fs/cgroup is to be used: host_root_fd, or the caller's own root where that has none that
 * can be written. In a container the host's are mostly read-only, if they are there at all, and sometimes its own are not.
 */
int cgroup_open_root(int host_root_fd);

/*
 * Makes it, and removes empty ones whose makers are dead. session: "dbgattach-PID-TIME-PIDNS",
 * PID the monitor's in the PID namespace with that inode. root_fd: the host's root.
 * On failure nothing is left. ERR_UNSUPPORTED where no usable hierarchy is mounted.
 */
int cgroup_make(struct cgroup *cgroup, int root_fd, const char *session, struct err *err);

/*
 * Opens what cgroup_make() of another process has made. -ENOENT where there is none; on another failure as much of it is
 * open as could be opened. No text.
 */
int cgroup_open(struct cgroup *cgroup, int root_fd, const char *session);

/* Controllers that no hierarchy here offers end up in cgroup->missing. */
int cgroup_set_limits(struct cgroup *cgroup, const struct cgroup_limits *limits, struct err *err);

/*
 * No device but null, zero, full, random, urandom and terminals. The caller's cgroup usually allows all, and a target that
 * may make device nodes could otherwise have the session open what its own cgroup keeps from it. By the v1 devices
 * controller, else by a BPF program on the unified directory. Fails where neither can be had.
 */
int cgroup_restrict_devices(const struct cgroup *cgroup, struct err *err);

/*
 * Moves the calling, single-threaded process into the v1 directories. "0" to tasks, not cgroup.procs: for the writer
 * itself the kernel skips the global lock (and its RCU grace period) that any other move takes.
 */
int cgroup_join_v1(const struct cgroup *cgroup, struct err *err);

/*
 * Whether a process is in every directory of the cgroup, out of the host's /proc/PID. ERR_REFUSED names the one that it is
 * not in.
 */
int cgroup_verify(const struct cgroup *cgroup, int proc_pid_fd, struct err *err);

/*
 * Kills every member but spare (0: none), which it continues: frozen first, so that a fork bomb cannot outrun it. Returns the
 * number that was there to kill, or a negative errno; 0 means that nobody but spare is left.
 */
int cgroup_kill_others(const struct cgroup *cgroup, pid_t spare);

/*
 * The monitors of the sessions that this host has cgroups of, as far as their pids mean something in the caller's PID
 * namespace. born_ns: when the session began, of CLOCK_BOOTTIME. A negative result of visit ends the walk and is returned.
 */
int cgroup_each_session(int root_fd, int (*visit)(pid_t monitor, uint64_t born_ns, void *context), void *context);

/* The members now, at most size of them; returns the count that there are. */
int cgroup_members(const struct cgroup *cgroup, pid_t *pids, size_t size);

/* Waits up to a second for the last member's end, then removes. Closes the fds. -EBUSY: somebody is still in it. */
int cgroup_remove(struct cgroup *cgroup);
void cgroup_done(struct cgroup *cgroup);
