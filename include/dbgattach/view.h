/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What files the session sees. A small tmpfs becomes its root; every top-level entry of the target's root is cloned into it
 * as a detached mount, read-only and private, the toolbox beside them; then the old root is detached. No path of the
 * target is ever a mount point and nothing is created in its filesystems.
 *
 * view_prepare() runs on the host and touches nothing of the target. Everything else runs in the disposable process that
 * enters: it may hang on a filesystem of the target's, and is given up then.
 */
#pragma once

#include "dbgattach/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define VIEW_ROOT_ENTRIES_MAX 4096
#define VIEW_DEV_ENTRIES_MAX 1024

struct view_options {
	bool target_tree;    /* the target's mount namespace is joined: show its files */
	bool write;          /* --write: the target's filesystems as writable as they are for itself */
	bool unmasked_proc;  /* sysadmin */
	const char *context; /* SELinux: the label of every file of our own (mount option context=); NULL: none */
};

struct view_owner {
	uid_t root_uid; /* root of the session's user namespace, as the initial one sees it */
	gid_t root_gid;
	uid_t session_uid; /* the session's own ids, likewise */
	gid_t session_gid;
	const char *context; /* as in struct view_options */
};

#define VIEW_NODES 6

/* Detached mounts, made on the host. -EBADF: none. */
struct view_parts {
	int toolbox;
	int launcher;          /* on top of TOOLBOX_LAUNCHER in it, where the toolbox does not have it */
	int dev;               /* tmpfs with the device nodes every program expects */
	int pts;               /* devpts instance of the session's own */
	int scratch;           /* tmpfs for HOME and TMPDIR, mode 0700 */
	int proc;              /* a fresh procfs, only where the target's own does not serve */
	int nodes[VIEW_NODES]; /* to be mounted in dev, where nodes cannot be made: the caller's own */
};

#define VIEW_PARTS_INIT                                                                                                \
	{                                                                                                              \
		.toolbox = -EBADF, .launcher = -EBADF, .dev = -EBADF, .pts = -EBADF, .scratch = -EBADF,                \
		.proc = -EBADF, .nodes = {                                                                             \
			[0 ... VIEW_NODES - 1] = -EBADF                                                                \
		}                                                                                                      \
	}

void view_parts_done(struct view_parts *parts);

/* dev, nodes, pts and scratch. Needs CAP_SYS_ADMIN. */
int view_prepare(const struct view_owner *owner, struct view_parts *parts, struct err *err);

/* Things that a person should be told; bits. */
#define VIEW_NOTE_HIDDEN_DBG 1U /* the target has a /dbg of its own: hidden */
#define VIEW_NOTE_FRESH_PROC                                                                                           \
	2U                   /* the target's /proc is missing or no procfs of its PID namespace: a fresh one is shown */
#define VIEW_NOTE_NO_PROC 4U /* ... and this kernel cannot make one from outside (Linux 6.17) */
#define VIEW_NOTE_OLD_ROOT 8U /* pivot_root is refused: the old root lies beneath the session's, emptied */
#define VIEW_NOTE_MAX 4

const char *view_note_text(unsigned note);

/*
 * Before the namespaces are joined: does the target's /proc serve, and if not, make a masked one.
 * root_fd: O_PATH of the target's root (-EBADF: not joined). pidns_fd, pidns_inode: the PID namespace the session will be
 * in; nspid: the target's pid in there.
 */
bool view_proc_serves(int root_fd, uint64_t pidns_inode, pid_t nspid);
int view_proc_prepare(int root_fd, int pidns_fd, uint64_t pidns_inode, pid_t nspid, struct view_parts *parts,
		      unsigned *notes, struct err *err);

/* Private mount namespace, private propagation. The working directory (the target's root) is carried over. */
int view_unshare(struct err *err);

/* Builds the tree from the working directory and the parts (which are consumed). *ret_root: fd of the new root mount. */
int view_build(struct view_parts *parts, const struct view_options *options, int *ret_root, unsigned *notes,
	       struct err *err);

/*
 * Makes root the root, detaches the old one, and proves that it is gone. Where pivot_root is refused, by chroot: the old root
 * stays where no path leads to it, read-only and with nothing mounted in it, and is noted: who has CAP_SYS_ADMIN could
 * unmount what lies over it. self_fd: of our own /proc/self.
 */
int view_pivot(int root, int self_fd, unsigned *notes, struct err *err);

/* Enters path in the new root. ERR_NOT_FOUND names it; with fallback, "/" serves where path does not. */
int view_workdir(const char *path, bool fallback, struct err *err);
