/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a runtime is to the resolver: a name, a way to visit its containers that may match, and a way to complete the
 * one that was chosen. A new runtime is one file with such functions and one row in resolve.c's table.
 */
#pragma once

#include "dbgattach/base/buffer.h"
#include "dbgattach/base/err.h"
#include "dbgattach/format/oci_state.h"
#include "dbgattach/target.h"

#include <dirent.h>
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

struct runtime;
struct list; /* a walk over all containers, list.c */

struct found {
	const struct runtime *runtime;
	enum match match;
	struct target target;
};

struct search {
	const struct host *host;
	const struct reference *reference;
	bool could_be_prefix; /* of a 64-digit id */
	bool is_full_id;
	struct found *found; /* all of the best match so far, without duplicates */
	size_t count;
};

struct runtime {
	const char *name;
	const char *folder; /* where its containers are, beneath the host's root */
	bool takes_folder;  /* NAME:FOLDER/REF puts another in its place */
	/* Calls search_add() for each container that matches. A runtime that is not installed has none: 0. */
	int (*visit)(const struct runtime *runtime, struct search *search, struct err *err);
	/* Reads what only the chosen container needs: its start time and its environment. NULL: nothing more to read. */
	int (*complete)(const struct runtime *runtime, const struct search *search, struct target *target,
			struct err *err);
	/* Reads the start time alone, where the process's cgroup does not name the container. NULL: nothing states it. */
	int (*read_start_time)(const struct host *host, struct target *target, struct err *err);
	/* Finds the bundle, where nothing that is read anyway names it. NULL: target->bundle is all there is. */
	int (*find_bundle)(const struct host *host, const struct target *target, char **ret_bundle, struct err *err);
	/* Calls list_add() for each container there is, and list_damaged() for each that cannot be read. NULL: not listed. */
	int (*list)(const struct runtime *runtime, struct list *list, struct err *err);
	/* For the runtimes of oci.c alone. */
	const char *state_file;
	int (*parse_state)(const char *bytes, size_t length, struct oci_state *ret, struct err *err);
};

/* Takes over what is in *target, which is empty afterwards, also on failure. */
int search_add(struct search *search, const struct runtime *runtime, enum match match, struct target *target,
	       struct err *err);
bool search_prefix_fits(const struct search *search, const char *id);
bool is_container_id(const char *id);

/* resolve.c: the table, NULL behind its end. */
const struct runtime *runtime_at(size_t index);
/* The process's /proc/PID/cgroup. Only counts if pin_verify() is content afterwards. */
int read_cgroup(const struct pin *pin, struct buffer *cgroup, struct err *err);
/* Whether the process that was pinned, and is in that cgroup, is the container's: ERR_CHANGED where nothing shows it. */
int check_identity(const struct host *host, const struct runtime *runtime, struct target *target, const struct pin *pin,
		   const struct buffer *cgroup, struct err *err);

/* list.c. The first takes over what is in *target, also on failure. */
const struct host *list_host(const struct list *list);
int list_add(struct list *list, const struct runtime *runtime, struct target *target, struct err *err);
void list_damaged(struct list *list, const struct runtime *runtime, const struct err *why);
/* The visitor wants no more: what list_add() returned is to be passed on. */
bool list_failed(const struct list *list);

/* docker.c, podman.c, oci.c */
int docker_list(const struct runtime *runtime, struct list *list, struct err *err);
int podman_list(const struct runtime *runtime, struct list *list, struct err *err);
int oci_list(const struct runtime *runtime, struct list *list, struct err *err);
int docker_read_start_time(const struct host *host, struct target *target, struct err *err);
int podman_read_start_time(const struct host *host, struct target *target, struct err *err);
int docker_visit(const struct runtime *runtime, struct search *search, struct err *err);
int podman_visit(const struct runtime *runtime, struct search *search, struct err *err);
int podman_complete(const struct runtime *runtime, const struct search *search, struct target *target, struct err *err);
int oci_visit(const struct runtime *runtime, struct search *search, struct err *err);
int oci_complete(const struct runtime *runtime, const struct search *search, struct target *target, struct err *err);

/*
 * The start time that runc or crun wrote down for FOLDER/id; left at 0 when neither did. ERR_CHANGED when they speak of
 * another pid than target's.
 */
int oci_start_time(const struct host *host, const char *folder, struct target *target, struct err *err);
/* Fills env and has_config out of BUNDLE/config.json; what is missing or not trusted leaves has_config false. */
int oci_read_config(const struct host *host, const char *bundle, struct target *target, struct err *err);

/* The bundle that runc or crun wrote down for FOLDER/id; NULL is left where neither did. */
int oci_find_bundle(const struct host *host, const char *folder, const struct target *target, char **ret_bundle,
		    struct err *err);
int docker_find_bundle(const struct host *host, const struct target *target, char **ret_bundle, struct err *err);
/* linux.seccomp of BUNDLE/config.json, see target_read_seccomp(). */
int oci_read_seccomp(const struct host *host, const char *bundle, struct seccomp_profile *ret, bool *ret_stated,
		     struct err *err);

/* pid.c: pid:N[:INODE] */
int pid_resolve(const struct host *host, const struct reference *reference, struct target *ret, struct pin *ret_pin,
		struct err *err);

/*
 * state.c: the only door to the runtimes' files. path is beneath the host's root (an absolute path of the host's), or
 * beneath dirfd. -ENOENT without an error text when there is no such file or folder.
 */
int state_open_folder(const struct host *host, const char *path, int *ret_fd, struct err *err);
int state_read(const struct host *host, const char *path, struct buffer *buffer, struct err *err);
int state_read_at(const struct host *host, int dirfd, const char *path, struct buffer *buffer, struct err *err);
/* Calls visit for each name that is a 64-digit id. dirfd stays open and keeps its own offset. */
int state_each_id(int dirfd, int (*visit)(const char *id, void *context, struct err *err), void *context,
		  struct err *err);
/* The same for each name that a container of runc or crun can have. */
int state_each_name(int dirfd, int (*visit)(const char *name, void *context, struct err *err), void *context,
		    struct err *err);
