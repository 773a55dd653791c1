/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns how a container of containerd is found, and a pod's that the kubelet has it run: STATE/io.containerd.runtime.v2.task/
 * NAMESPACE/ID/ holds the pid of the first process and the bundle, whose annotations name the pod, and what nerdctl calls it.
 *
 * Ids are the names of folders. A name of nerdctl's stands in the bundles, each of which is read for it, but only those are
 * parsed that hold it; what looks like an id is looked for there only if nerdctl lists such a name, or nothing else fits.
 */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/format/annotations.h"
#include "src/target/runtime.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define TASKS "io.containerd.runtime.v2.task"
#define NERDCTL_FOLDER "/var/lib/nerdctl"
#define RUNC_FOLDER "/run/containerd/runc"
#define ADDRESS_VARIABLE "CONTAINERD_ADDRESS"
#define NAMESPACE_VARIABLE "CONTAINERD_NAMESPACE"

/* Its own choice, and those of who brings one along. */
static const char *const state_folders[] = {
	"/run/containerd",
	"/run/docker/containerd/daemon",
	"/run/k3s/containerd",
	"/var/snap/microk8s/common/run",
};

struct scan {
	const struct runtime *runtime;
	struct search *search;
	const char *state;    /* one of the above */
	int tasks;            /* its folder of tasks */
	char name_space[256]; /* the one that is looked through */
	bool is_listed;       /* nerdctl knows the name in it */
	struct buffer buffer;
};

static void scan_done(struct scan *scan)
{
	close_quietly(scan->tasks);
	buffer_done(&scan->buffer);
}

/* 0 where it is not there: created and not started, or just removed. */
static int read_pid(struct scan *scan, const char *id, pid_t *ret, struct err *err)
{
	cleanup_buffer struct buffer buffer = { 0 };
	char path[PATH_MAX];

	int r = text_format(path, sizeof(path), "%s/%s/init.pid", scan->name_space, id);
	if (r < 0)
		return err_sys(err, r, "%s", id);
	r = state_read_at(&scan->search->files, scan->tasks, path, &buffer, err);
	if (r == -ENOENT) {
		*ret = 0;
		return 0;
	}
	if (r < 0)
		return r;
	if (state_parse_pid(&buffer, ret) < 0)
		return err_set(err, ERR_MALFORMED, "%s/" TASKS "/%s holds no process id", scan->state, path);
	return 0;
}

static char *pod_of(const struct annotations *notes)
{
	return notes->pod == NULL ?
		       NULL :
		       text_printf("%s/%s/%s", notes->pod_namespace ? notes->pod_namespace : "", notes->pod,
				   notes->is_sandbox || notes->container == NULL ? "POD" : notes->container);
}

static int add(struct scan *scan, enum match match, const char *id, const struct annotations *notes, struct err *err)
{
	const char *name = notes->name ? notes->name : notes->container;
	pid_t pid;

	int r = read_pid(scan, id, &pid, err);
	if (r < 0)
		return r;
	struct target target = {
		.id = strdup(id),
		.name = name ? strdup(name) : NULL,
		.image = notes->image ? strdup(notes->image) : NULL,
		.scope = strdup(scan->name_space),
		.pod = pod_of(notes),
		.bundle = text_printf("%s/" TASKS "/%s/%s", scan->state, scan->name_space, id),
		.pid = pid,
	};
	/* Of a pod's containers that were started again only one runs, and that one is meant. */
	if (search_is_for_pods(scan->search) && !process_is_alive(scan->search->files.host, pid)) {
		target_done(&target);
		return 0;
	}
	if (!target.scope || !target.bundle) {
		target_done(&target);
		return err_sys(err, ENOMEM, "looking for the container");
	}
	return search_add(scan->search, scan->runtime, match, &target, err);
}

/* *ret_there: whether what was typed is there at all, so that it has to be parsed. */
static int read_bundle(struct scan *scan, const char *id, bool *ret_there, struct err *err)
{
	const char *name = search_word(scan->search);
	char path[PATH_MAX];

	*ret_there = false;
	scan->buffer.length = 0; /* without a bundle of its own it has nothing of the one before */
	int r = text_format(path, sizeof(path), "%s/%s/config.json", scan->name_space, id);
	if (r < 0)
		return err_sys(err, r, "%s", id);
	r = state_read_at(&scan->search->files, scan->tasks, path, &scan->buffer, err);
	if (r == -ENOENT) /* removed while we looked */
		return 0;
	if (r == 0)
		*ret_there = scan->buffer.length > 0 &&
			     memmem(scan->buffer.data, scan->buffer.length, name, strlen(name)) != NULL;
	return r;
}

static int visit_bundle(struct scan *scan, const char *id, enum match match, struct err *err)
{
	__attribute__((cleanup(annotations_done))) struct annotations notes = { 0 };
	struct search *search = scan->search;
	bool there;

	int r = read_bundle(scan, id, &there, err);
	if (r < 0 || (!there && match == MATCH_NONE))
		return r;
	if (scan->buffer.length > 0) {
		r = annotations_parse(scan->buffer.data, scan->buffer.length, &notes, err);
		if (r < 0)
			return err_wrap(err, "%s/" TASKS "/%s/%s/config.json", scan->state, scan->name_space, id);
	}
	if (match < MATCH_NAME)
		match = search_match(search, id, notes.name);
	if (match == MATCH_NONE && notes.pod && notes.pod_namespace &&
	    search_pod_fits(search, notes.pod_namespace, notes.pod,
			    notes.is_sandbox || notes.container == NULL ? "POD" : notes.container))
		match = MATCH_NAME;
	return match == MATCH_NONE ? 0 : add(scan, match, id, &notes, err);
}

static int visit_id(const char *id, void *context, struct err *err)
{
	struct scan *scan = context;
	enum match match = search_match(scan->search, id, NULL);

	return match == MATCH_NONE ? 0 : visit_bundle(scan, id, match, err);
}

static int visit_any(const char *id, void *context, struct err *err)
{
	struct scan *scan = context;

	int r = visit_bundle(scan, id, search_match(scan->search, id, NULL), err);

	return r < 0 ? search_damaged(scan->search, scan->runtime, r, err) : 0;
}

/* nerdctl's own list: ADDRESS/names/NAMESPACE/NAME. */
static int visit_nerdctl(const char *address, void *context, struct err *err)
{
	struct scan *scan = context;
	cleanup_buffer struct buffer buffer = { 0 };
	char path[PATH_MAX];
	(void)err;

	if (text_format(path, sizeof(path), NERDCTL_FOLDER "/%s/names/%s/%s", address, scan->name_space,
			scan->search->reference->name) == 0 &&
	    state_read(&scan->search->files, path, &buffer, NULL) != -ENOENT)
		scan->is_listed = true;
	return 0;
}

static bool may_be_a_name(struct scan *scan)
{
	const struct search *search = scan->search;
	cleanup_close int folder = -EBADF;

	if (search->thorough || search_is_for_pods(search) || !(search->is_full_id || search->could_be_prefix))
		return true;
	scan->is_listed = false;
	if (state_open_folder(&search->files, NERDCTL_FOLDER, &folder, NULL) == 0)
		(void)state_each_name(folder, visit_nerdctl, scan, NULL);
	return scan->is_listed;
}

static int visit_containers(struct scan *scan, const char *name, struct err *err)
{
	cleanup_close int folder = -EBADF;
	char path[PATH_MAX];

	int r = text_format(scan->name_space, sizeof(scan->name_space), "%s", name);
	if (r == 0)
		r = text_format(path, sizeof(path), "%s/" TASKS "/%s", scan->state, name);
	if (r < 0)
		return err_sys(err, r, "%s", name);
	r = state_open_folder(&scan->search->files, path, &folder, err);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return state_each_name(folder, may_be_a_name(scan) ? visit_any : visit_id, scan, err);
}

static int visit_namespace(const char *name, void *context, struct err *err)
{
	struct scan *scan = context;
	int r = visit_containers(scan, name, err);

	return r < 0 ? search_damaged(scan->search, scan->runtime, r, err) : 0;
}

static int visit_state(struct scan *scan, const char *name_space, struct err *err)
{
	char path[PATH_MAX];

	int r = text_format(path, sizeof(path), "%s/" TASKS, scan->state);
	if (r < 0)
		return err_sys(err, r, "%s", scan->state);
	r = state_open_folder(&scan->search->files, path, &scan->tasks, err);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (name_space != NULL)
		return visit_namespace(name_space, scan, err);
	return state_each_name(scan->tasks, visit_namespace, scan, err);
}

/* ctr's and nerdctl's variable names a socket, which stands in the state folder unless somebody moved it. NULL: none. */
static char *folder_of_address(void)
{
	const char *address = secure_getenv(ADDRESS_VARIABLE);
	const char *slash;

	if (address == NULL)
		return NULL;
	if (text_starts(address, "unix://"))
		address += strlen("unix://");
	slash = strrchr(address, '/');
	return address[0] == '/' && slash != address ? strndup(address, (size_t)(slash - address)) : NULL;
}

int containerd_visit(const struct runtime *runtime, struct search *search, struct err *err)
{
	const struct reference *reference = search->reference;
	cleanup_free char *named = folder_of_address();
	const char *name_space = reference->scope[0] && !search_is_for_pods(search) ? reference->scope : NULL;

	if (name_space == NULL && strcmp(reference->runtime, runtime->name) == 0)
		name_space = secure_getenv(NAMESPACE_VARIABLE);
	if (name_space != NULL && !reference_name_is_valid(name_space))
		return err_set(err, ERR_USAGE, "what names containerd's namespace is no name");
	for (size_t i = 0; i <= ARRAY_SIZE(state_folders); i++) {
		const char *state = i == 0 ? named : state_folders[i - 1];
		__attribute__((cleanup(scan_done))) struct scan scan = {
			.runtime = runtime,
			.search = search,
			.state = state,
			.tasks = -EBADF,
		};
		if (state == NULL || (i > 0 && named != NULL && strcmp(state, named) == 0))
			continue;
		int r = visit_state(&scan, name_space, err);
		if (r < 0)
			r = search_damaged(search, runtime, r, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int containerd_complete(const struct runtime *runtime, const struct search *search, struct target *target,
			struct err *err)
{
	cleanup_free char *bundle = target->bundle ? strdup(target->bundle) : NULL;
	(void)runtime;

	return bundle == NULL ? 0 : oci_read_config(&search->files, bundle, target, err);
}

int containerd_read_start_time(const struct search *search, struct target *target, struct err *err)
{
	char folder[PATH_MAX];
	int r = text_format(folder, sizeof(folder), RUNC_FOLDER "/%s", target->scope);

	return r < 0 ? err_sys(err, r, "%s", target->id) : oci_start_time(&search->files, folder, target, err);
}
