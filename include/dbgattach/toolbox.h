/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A toolbox becomes one detached mount with a read-only superblock. It is the one inside this program, or one of the store
 * with its layers. Knows nothing of the view it will stand in.
 */
#pragma once

#include "dbgattach/base/err.h"
#include "dbgattach/base/text.h"
#include "dbgattach/format/toolbox_manifest.h"

#include <stdint.h>
#include <sys/types.h>

/* Where a toolbox is mounted in a session: four bytes, because Debian's own prefixes (/usr, /etc, /lib) have four. */
#define TOOLBOX_PREFIX "/dbg"
#define TOOLBOX_SCRATCH "rw"                 /* beneath it, empty: where the session's scratch space is mounted */
#define TOOLBOX_LAUNCHER "libexec/dbgattach" /* beneath it: this program's launcher, whatever toolbox it is */

#define TOOLBOX_DEFAULT "core"
#define TOOLBOX_BUILTIN "minimal"
#define TOOLBOX_LAYERS_MAX 16

/* ---- the store: a folder of toolboxes and layers, one folder each ------------------------------------------------- */

/*
 * $DBGATTACH_STORE; for root /var/lib/dbgattach/toolbox; else $XDG_DATA_HOME/dbgattach/toolbox or
 * ~/.local/share/dbgattach/toolbox. ERR_USAGE where none of these is an absolute path.
 */
int toolbox_store_path(char *out, size_t size, struct err *err);

/*
 * O_PATH fd of the store, or of any other folder by its path. Nothing that leads there, and nothing in it that is used, may be
 * anybody's but root's and the caller's, or writable by others: ERR_REFUSED. ERR_NOT_FOUND where there is none.
 */
int toolbox_folder_open(const char *path, int *ret_fd, struct err *err);

/* An installed toolbox or layer. */
struct toolbox_part {
	int dir;  /* O_PATH */
	int tree; /* its folder of files, once toolbox_settle() has opened it; else -EBADF */
	struct toolbox_manifest manifest;
};

/* The entry called name of the store; name NULL: the folder itself is the entry. The caller calls toolbox_part_done(). */
int toolbox_part_load(int folder, const char *name, struct toolbox_part *ret, struct err *err);
void toolbox_part_done(struct toolbox_part *part);

#define TOOLBOX_PART_INIT                                                                                              \
	{                                                                                                              \
		.dir = -EBADF, .tree = -EBADF                                                                          \
	}

/*
 * Each entry by name, ascending; part is NULL where it cannot be used, and *why says why. visit may take the part, leaving
 * TOOLBOX_PART_INIT. A negative result of it ends the walk and is returned.
 */
typedef int toolbox_visit(const char *name, struct toolbox_part *part, const struct err *why, void *context,
			  struct err *err);
int toolbox_store_each(int store, toolbox_visit *visit, void *context, struct err *err);

/* ---- changing it ---------------------------------------------------------------------------------------------------- */

/*
 * The store for changes, and nobody else's until *ret_lock is closed. ERR_REFUSED: it is somebody's already; ERR_NOT_FOUND: there
 * is none, and it shall not be made.
 */
int toolbox_store_lock(bool make, int *ret_store, int *ret_lock, struct err *err);

/*
 * The entry that was made under the name `from` (a leading "." hides it) becomes the one its toolbox.json names, in place of one
 * of that name, after all of it was verified: sessions find the old one or the new one. *ret_name: at least TOOLBOX_NAME_MAX + 1.
 */
int toolbox_store_put(int store, const char *from, char *ret_name, struct err *err);

/* Sessions that run keep what they have. ERR_NOT_FOUND. An entry that is damaged can be removed too. */
int toolbox_store_remove(int store, const char *name, struct err *err);
/* What was made under such a name and is not wanted, or was left by somebody who was killed. */
void toolbox_store_discard(int store, const char *from);

/* A copy of the folder at path, which is an entry built elsewhere, under the name `to`. */
int toolbox_store_copy(int store, const char *path, const char *to, struct err *err);

/*
 * Runs the builder: arguments, then OUT. It is of this program: beside it in a checkout, or below ../lib/dbgattach. Its messages
 * go to stderr. *ret_status: its exit status.
 */
int toolbox_builder_run(const struct strv *arguments, int store, const char *out, int *ret_status, struct err *err);

/* ---- is it what was built? ----------------------------------------------------------------------------------------- */

enum toolbox_check {
	TOOLBOX_CHECK_CACHED, /* not again where nothing of the file has changed since it was found good */
	TOOLBOX_CHECK_ALWAYS,
	TOOLBOX_CHECK_NEVER,
};

/* Of the image, or tree, of that format, open as fd: is it what the manifest says? ERR_MALFORMED says what differs. */
int toolbox_verify(const struct toolbox_part *part, enum toolbox_format format, int fd, enum toolbox_check check,
		   struct err *err);
/* The file or folder of that format; only regular files and folders that others cannot write to. */
int toolbox_image_open(const struct toolbox_part *part, enum toolbox_format format, int *ret_fd, struct err *err);
/* All formats are verified, whatever is cached, and found good for TOOLBOX_CHECK_CACHED from now on. */
int toolbox_verify_all(const struct toolbox_part *part, struct err *err);

/* ---- the toolbox of a session --------------------------------------------------------------------------------------- */

struct toolbox {
	size_t count;                                      /* 0: the one inside this program */
	struct toolbox_part parts[1 + TOOLBOX_LAYERS_MAX]; /* the toolbox, then its layers by name */
	bool from_store;
	char note
		[256]; /* what a person should know: a layer that does not fit, a toolbox that cannot be used; "": nothing */
};

/*
 * name: of the store; with a "/", the path of a folder, which gets no layers; TOOLBOX_BUILTIN; NULL: TOOLBOX_DEFAULT with the
 * layers made for it, and where that is missing or unusable the one inside this program.
 */
int toolbox_choose(const char *name, struct toolbox *ret, struct err *err);
void toolbox_done(struct toolbox *toolbox);

/* The path of its login shell in a session. */
void toolbox_shell(const struct toolbox *toolbox, char *out, size_t size);
/* "core sha256:0123456789ab +nmap": what stands in DBGATTACH_TOOLBOX and in messages. */
void toolbox_label(const struct toolbox *toolbox, char *out, size_t size);

struct toolbox_owner {
	int userns_fd;  /* the target's user namespace, whose root the files shall belong to; -EBADF: the initial one */
	uid_t root_uid; /* what that root is in the initial namespace */
	gid_t root_gid;
	const char *context; /* SELinux: the label of every file (mount option context=); NULL: none */
};

/* Detached mounts; whoever has them closes them. */
struct toolbox_mounts {
	int tree;
	int launcher;    /* for TOOLBOX_LAUNCHER in the tree; -EBADF: the tree has it itself */
	const char *how; /* "erofs", "erofs (loop)", "squashfs (loop)", "overlay" */
};

/*
 * For whoever can mount no image, in a user namespace: each part will be its folder of files, which is opened and verified now.
 * ERR_UNSUPPORTED: it has none. And after that in another mount namespace, a copy of ours: the same folders as seen there, where
 * alone they can be cloned.
 */
int toolbox_settle(struct toolbox *toolbox, enum toolbox_check check, struct err *err);
int toolbox_follow(struct toolbox *toolbox, struct err *err);

/*
 * The toolbox inside this program is mounted straight out of the executable where the kernel can (Linux 6.12 and fsoffset, about
 * 6.16), else unpacked into a tmpfs that is sealed beneath a lower-only overlay. One of the store is mounted from its image's
 * file, through a loop device, or as a folder beneath such an overlay, whatever comes first that works; layers are laid over it
 * by another. There is never anything that can be made writable: not a read-only bind mount, whose flag CAP_SYS_ADMIN can clear.
 */
int toolbox_open(const struct toolbox *toolbox, enum toolbox_check check, const struct toolbox_owner *owner,
		 struct toolbox_mounts *ret, struct err *err);

/* ---- layers for a session that runs --------------------------------------------------------------------------------- */

/* An inotify fd that becomes readable when the store changes; -EBADF for a toolbox that gets no layers, or where none can be had. */
int toolbox_watch(const struct toolbox *toolbox);
/* After that: 1 where there are layers that *toolbox lacks; *toolbox then is as toolbox_choose() would have it now. */
int toolbox_refresh(const struct toolbox *toolbox, int watch, struct toolbox *ret, struct err *err);
/*
 * Lays tree over the mount in the mount namespace of a session, and its scratch space over tree's. All are fds: no path of the
 * session's is looked up. mount, scratch: what was mounted there, of which the caller has kept the fds.
 */
int toolbox_cover(int mount_namespace, int tree, int mount, int scratch, struct err *err);
