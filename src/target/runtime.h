/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a runtime is to the resolver: a name, a way to visit its containers that may match, and a way to complete the
 * one that was chosen. A new runtime is one file with such functions and one row in table.c.
 */
#pragma once

#include "dbgattach/base/buffer.h"
#include "dbgattach/base/err.h"
#include "dbgattach/format/oci_state.h"
#include "dbgattach/target.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define CONTAINER_ID_LENGTH 64

/* How well a container fits what was typed; the better one hides the worse. */
enum match {
	MATCH_NONE = 0,
	MATCH_PREFIX,
	MATCH_NAME,
	/*
	 * A whole 64-digit id. Before the name, as in Docker: else a container named like another's id would catch
	 * it.
	 */
	MATCH_ID,
};

/*
 * Whose files are believed: root's, always; the owner's too, where a user was named or looks for his own containers. What
 * lies beneath a user's folders is never read for anybody else.
 */
struct files {
	const struct host *host;
	uid_t owner;
};

struct runtime;
struct list; /* a walk over all containers, list.c */

struct found {
	const struct runtime *runtime;
	enum match match;
	struct target target;
};

struct search {
	struct files files;
	const struct reference *reference;
	struct list
		*list; /* not a search for one, but a walk over all: everything matches, nothing is kept; else NULL */
	bool could_be_prefix; /* of a 64-digit id */
	bool is_full_id;
	bool thorough;       /* the second round: no state file told of it */
	bool names_only;     /* a runtime was named that knows no 64-digit ids */
	struct found *found; /* all of the best match so far, without duplicates */
	size_t count;
};

/* What stands before the last "/" of RUNTIME:SCOPE/REF. */
enum scope {
	SCOPE_NONE,
	SCOPE_FOLDER, /* the runtime's state folder, absolute */
	SCOPE_NAMESPACE,
	SCOPE_USER,
};

struct runtime {
	const char *name;
	const char *
		folder; /* where its containers are, beneath the host's root, unless somebody moved it; NULL: nowhere */
	enum scope scope;
	bool has_pods;    /* pod/... is looked for here */
	bool is_thorough; /* visited once more in the second round, where it looks closer */
	bool names_only;  /* knows no 64-digit ids */
	bool is_fallback; /* no runtime, and visited in the second round only */
	/* Calls search_add() for each container that matches. A runtime that is not installed has none: 0. */
	int (*visit)(const struct runtime *runtime, struct search *search, struct err *err);
	/* Reads what only the chosen container needs: its start time and its environment. NULL: nothing more to read. */
	int (*complete)(const struct runtime *runtime, const struct search *search, struct target *target,
			struct err *err);
	/* Reads the start time alone, where the process's cgroup does not name the container. NULL: nothing states it. */
	int (*read_start_time)(const struct search *search, struct target *target, struct err *err);
	/* Finds the bundle, where nothing that is read anyway names it. NULL: target->bundle is all there is. */
	int (*find_bundle)(const struct files *files, const struct target *target, char **ret_bundle, struct err *err);
	/* For the runtimes of oci.c alone. */
	const char *state_file;
	int (*parse_state)(const char *bytes, size_t length, struct oci_state *ret, struct err *err);
};

/* table.c */
extern const struct runtime runtimes[];
extern const size_t runtimes_count;

/* Takes over what is in *target, which is empty afterwards, also on failure. */
int search_add(struct search *search, const struct runtime *runtime, enum match match, struct target *target,
	       struct err *err);
/*
 * What a visit returns where one container's files cannot be understood: the failure itself, because the one that is meant may
 * be that; in a walk over all it costs that one's row, and this is 0.
 */
int search_damaged(struct search *search, const struct runtime *runtime, int failure, const struct err *err);
void search_clear(struct search *search);
bool search_prefix_fits(const struct search *search, const char *id);
/* name may be NULL. MATCH_NONE where a pod is looked for. */
enum match search_match(const struct search *search, const char *id, const char *name);
bool search_is_for_pods(const struct search *search);
bool search_pod_fits(const struct search *search, const char *pod_namespace, const char *pod, const char *container);
/* What must stand somewhere in a file that tells of the container: a cheap test before parsing. */
const char *search_word(const struct search *search);
bool search_wants(const struct search *search, const struct runtime *runtime);
bool is_container_id(const char *id);

/* processes.c: whether there is such a process, and it is no zombie. */
bool process_is_alive(const struct host *host, pid_t pid);

/* resolve.c: whether the process that was pinned is the container's. ERR_CHANGED where nothing shows it. */
int check_identity(const struct search *search, const struct runtime *runtime, struct target *target,
		   const struct pin *pin, struct err *err);

/* list.c. The first takes over what is in *target, also on failure. */
int list_add(struct list *list, const struct runtime *runtime, struct target *target, struct err *err);
int list_damaged(struct list *list, const struct runtime *runtime, int failure, const struct err *why);

/* report.c */
int report_describe(const struct found *found, char *out, size_t size);
int report_ambiguous(const struct search *search, struct err *err);
int report_not_found(const struct search *search, struct err *err);
int report_unknown_runtime(const struct reference *reference, struct err *err);

/* One file a runtime; podman.c serves CRI-O too, oci.c the low-level ones. */
int docker_read_start_time(const struct search *search, struct target *target, struct err *err);
int docker_visit(const struct runtime *runtime, struct search *search, struct err *err);
int podman_visit(const struct runtime *runtime, struct search *search, struct err *err);
int podman_complete(const struct runtime *runtime, const struct search *search, struct target *target, struct err *err);
int containerd_visit(const struct runtime *runtime, struct search *search, struct err *err);
int containerd_complete(const struct runtime *runtime, const struct search *search, struct target *target,
			struct err *err);
int containerd_read_start_time(const struct search *search, struct target *target, struct err *err);
int lxc_visit(const struct runtime *runtime, struct search *search, struct err *err);
int nspawn_visit(const struct runtime *runtime, struct search *search, struct err *err);
int nspawn_read_start_time(const struct search *search, struct target *target, struct err *err);
int cgroup_visit(const struct runtime *runtime, struct search *search, struct err *err);
int oci_visit(const struct runtime *runtime, struct search *search, struct err *err);
int oci_complete(const struct runtime *runtime, const struct search *search, struct target *target, struct err *err);

/*
 * The start time that runc or crun wrote down for FOLDER/id; left at 0 when neither did. ERR_CHANGED when they speak of
 * another pid than target's.
 */
int oci_start_time(const struct files *files, const char *folder, struct target *target, struct err *err);
/* Fills env and has_config out of BUNDLE/config.json; what is missing or not trusted leaves has_config false. */
int oci_read_config(const struct files *files, const char *bundle, struct target *target, struct err *err);

/* The bundle that runc or crun wrote down for FOLDER/id; NULL is left where neither did. */
int oci_find_bundle(const struct files *files, const char *folder, const struct target *target, char **ret_bundle,
		    struct err *err);
int docker_find_bundle(const struct files *files, const struct target *target, char **ret_bundle, struct err *err);
/* linux.seccomp of BUNDLE/config.json, see target_read_seccomp(). */
int oci_read_seccomp(const struct files *files, const char *bundle, struct seccomp_profile *ret, bool *ret_stated,
		     struct err *err);

/* pid.c: pid:N[:INODE] */
int pid_resolve(const struct host *host, const struct reference *reference, struct target *ret, struct pin *ret_pin,
		struct err *err);

/*
 * state.c: the only door to the runtimes' files. path is beneath the host's root (an absolute path of the host's), or
 * beneath dirfd. -ENOENT without an error text when there is no such file or folder.
 */
int state_open_folder(const struct files *files, const char *path, int *ret_fd, struct err *err);
int state_read(const struct files *files, const char *path, struct buffer *buffer, struct err *err);
int state_read_at(const struct files *files, int dirfd, const char *path, struct buffer *buffer, struct err *err);
/* What a pid file holds: a number, and at most one line end. 0 or -EINVAL. */
int state_parse_pid(const struct buffer *buffer, pid_t *ret);
bool state_is_trusted(const struct files *files, uid_t uid);
/* links.c: the path with the links in it replaced; -ELOOP where one is not trusted. */
int links_follow(const struct files *files, const char *path, char ret[PATH_MAX]);
/* Calls visit for each name that is a 64-digit id. dirfd stays open and keeps its own offset. */
int state_each_id(int dirfd, int (*visit)(const char *id, void *context, struct err *err), void *context,
		  struct err *err);
/* The same for each that could be typed as a name. */
int state_each_name(int dirfd, int (*visit)(const char *name, void *context, struct err *err), void *context,
		    struct err *err);
