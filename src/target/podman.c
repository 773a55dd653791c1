/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns how a container of Podman or CRI-O is found, which share containers/storage: names in its lists, the pid in conmon's
 * pidfile. Root's are looked at for root; a user's only where he is named, or looks himself.
 */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/format/podman.h"
#include "src/target/users.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Where one user's, or root's, are. */
struct store {
	uid_t uid;
	char graph[PATH_MAX]; /* /var/lib/containers/storage */
	char run[PATH_MAX];   /* /run/containers/storage */
	char state[PATH_MAX]; /* what the low-level runtimes' folders are in: /run */
};

/* By storage driver: the second is what is left where nothing else works. */
static const char *const drivers[] = { "overlay-containers", "vfs-containers" };
/* What Podman or CRI-O may have been told to run their containers by. */
static const char *const oci_runtimes[] = { "runc", "crun" };

struct scan {
	const struct runtime *runtime;
	struct search *search;
	const struct store *store;
	const char *driver;
};

static int find_store(const struct search *search, struct store *ret, struct err *err)
{
	struct store out = { 0, "/var/lib/containers/storage", "/run/containers/storage", "/run" };
	struct user_folders user;

	int r = users_find(search, &user, err);
	if (r < 0)
		return r;
	out.uid = user.uid;
	if (user.uid != 0 && (text_format(out.graph, sizeof(out.graph), "%s/containers/storage", user.data) < 0 ||
			      text_format(out.run, sizeof(out.run), "%s/containers", user.run) < 0 ||
			      text_format(out.state, sizeof(out.state), "%s", user.run) < 0))
		return err_sys(err, ENAMETOOLONG, "%s", user.data);
	*ret = out;
	return 0;
}

/* The pidfile stays after the container has ended; the start time, looked up later, shows that. */
static int read_pid(const struct scan *scan, const char *id, pid_t *ret, struct err *err)
{
	cleanup_buffer struct buffer buffer = { 0 };
	char path[PATH_MAX];

	int r = text_format(path, sizeof(path), "%s/%s/%s/userdata/pidfile", scan->store->run, scan->driver, id);
	if (r < 0)
		return err_sys(err, r, "%s", id);
	r = state_read(&scan->search->files, path, &buffer, err);
	if (r == -ENOENT) {
		*ret = 0;
		return 0;
	}
	if (r < 0)
		return r;
	if (state_parse_pid(&buffer, ret) < 0)
		return err_set(err, ERR_MALFORMED, "%s holds no process id", path);
	return 0;
}

static enum match match_of(const struct search *search, const struct podman_container *container)
{
	enum match best = search_match(search, container->id, NULL);

	for (size_t i = 0; i < container->names_count && best < MATCH_NAME; i++) {
		enum match match = search_match(search, container->id, container->names[i]);
		best = match > best ? match : best;
	}
	if (container->pod[0] &&
	    search_pod_fits(search, container->pod_namespace, container->pod, container->container))
		best = MATCH_NAME;
	return best;
}

static int look(struct scan *scan, const struct podman_container *container, struct err *err)
{
	const char *user = scan->search->reference->scope;
	pid_t pid;

	/* Each has its own row in the table. */
	enum match match =
		container->is_crio == scan->runtime->has_pods ? match_of(scan->search, container) : MATCH_NONE;
	if (match == MATCH_NONE)
		return 0;
	int r = read_pid(scan, container->id, &pid, err);
	if (r < 0)
		return r;
	/* Of a pod's containers that were started again only one runs, and that one is meant. */
	if (search_is_for_pods(scan->search) && !process_is_alive(scan->search->files.host, pid))
		return 0;

	const char *name = container->pod[0]          ? container->container :
			   container->names_count > 0 ? container->names[0] :
							NULL;
	struct target target = {
		.id = strdup(container->id),
		.name = name ? strdup(name) : NULL,
		.image = container->image[0] ? strdup(container->image) : NULL,
		.scope = scan->store->uid != 0 && user[0] ? strdup(user) : NULL,
		.pod = container->pod[0] ?
			       text_printf("%s/%s/%s", container->pod_namespace, container->pod, container->container) :
			       NULL,
		.user = scan->store->uid,
		.pid = pid,
	};
	return search_add(scan->search, scan->runtime, match, &target, err);
}

static int visit(const struct podman_container *container, void *context, struct err *err)
{
	struct scan *scan = context;
	int r = look(scan, container, err);

	return r < 0 ? search_damaged(scan->search, scan->runtime, r, err) : 0;
}

static int visit_list(struct scan *scan, const char *folder, const char *list, struct err *err)
{
	cleanup_buffer struct buffer buffer = { 0 };
	const char *word = search_word(scan->search);
	char path[PATH_MAX];

	int r = text_format(path, sizeof(path), "%s/%s/%s", folder, scan->driver, list);
	if (r < 0)
		return err_sys(err, r, "%s", folder);
	r = state_read(&scan->search->files, path, &buffer, err);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	/* Neither ids nor names are ever written with escapes: a text that is not there at all matches nothing. */
	if (buffer.length == 0 || !memmem(buffer.data, buffer.length, word, strlen(word)))
		return 0;
	r = podman_containers_parse(buffer.data, buffer.length, word, visit, scan, err);
	return r < 0 ? search_damaged(scan->search, scan->runtime, err_wrap(err, "%s", path), err) : 0;
}

static int visit_store(const struct runtime *runtime, struct search *search, const struct store *store, struct err *err)
{
	/* The second holds those of `podman run --rm`; the third the same where the store is transient. */
	const char *const lists[][2] = {
		{ store->graph, "containers.json" },
		{ store->graph, "volatile-containers.json" },
		{ store->run, "volatile-containers.json" },
	};
	int r = 0;

	for (size_t driver = 0; driver < ARRAY_SIZE(drivers); driver++) {
		struct scan scan = { runtime, search, store, drivers[driver] };
		for (size_t i = 0; r == 0 && i < ARRAY_SIZE(lists); i++)
			r = visit_list(&scan, lists[i][0], lists[i][1], err);
	}
	return r;
}

int podman_visit(const struct runtime *runtime, struct search *search, struct err *err)
{
	uid_t owner = search->files.owner;
	struct store store;

	int r = find_store(search, &store, err);
	if (r < 0)
		return r;
	search->files.owner = store.uid;
	r = visit_store(runtime, search, &store, err);
	search->files.owner = owner;
	return r;
}

static int complete(const struct files *files, const struct store *store, struct target *target, struct err *err)
{
	const char *const folders[] = { store->graph, store->run };
	char path[PATH_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && target->start_time == 0 && i < ARRAY_SIZE(oci_runtimes); i++) {
		r = text_format(path, sizeof(path), "%s/%s", store->state, oci_runtimes[i]);
		r = r < 0 ? err_sys(err, r, "%s", store->state) : oci_start_time(files, path, target, err);
	}
	for (size_t i = 0; r == 0 && !target->has_config && i < ARRAY_SIZE(folders) * ARRAY_SIZE(drivers); i++) {
		r = text_format(path, sizeof(path), "%s/%s/%s/userdata", folders[i % ARRAY_SIZE(folders)],
				drivers[i / ARRAY_SIZE(folders)], target->id);
		r = r < 0 ? err_sys(err, r, "%s", target->id) : oci_read_config(files, path, target, err);
	}
	return r;
}

int podman_complete(const struct runtime *runtime, const struct search *search, struct target *target, struct err *err)
{
	struct files files = { .host = search->files.host, .owner = target->user };
	struct store store;
	(void)runtime;

	int r = find_store(search, &store, err);
	return r < 0 ? r : complete(&files, &store, target, err);
}
