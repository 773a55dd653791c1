/* SPDX-License-Identifier: Apache-2.0 */
/* Owns how a container of root's Podman is found: names in containers/storage's lists, the pid in conmon's pidfile. */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/format/podman.h"
#include "src/target/runtime.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define RUN_FOLDER "/run/containers/storage/overlay-containers"

/* What Podman may have been told to run its containers by. */
static const char *const oci_folders[] = { "/run/runc", "/run/crun" };

struct scan {
	const struct runtime *runtime;
	struct search *search;
};

/* The pidfile stays after the container has ended; the start time, looked up later, shows that. */
static int read_pid(const struct files *files, const char *id, pid_t *ret, struct err *err)
{
	cleanup_buffer struct buffer buffer = { 0 };
	char path[PATH_MAX];
	uint64_t pid;

	int r = text_format(path, sizeof(path), "%s/%s/userdata/pidfile", RUN_FOLDER, id);
	if (r < 0)
		return err_sys(err, r, "%s", id);
	r = state_read(files, path, &buffer, err);
	if (r == -ENOENT) {
		*ret = 0;
		return 0;
	}
	if (r < 0)
		return r;
	size_t length = buffer.length;
	if (length > 0 && buffer.data[length - 1] == '\n')
		length--;
	if (text_u64(buffer.data, length, INT_MAX, &pid) < 0)
		return err_set(err, ERR_MALFORMED, "%s holds no process id", path);
	*ret = (pid_t)pid;
	return 0;
}

static enum match match_of(const struct search *search, const struct podman_container *container)
{
	if (search->is_full_id && strcmp(container->id, search->reference->name) == 0)
		return MATCH_ID;
	for (size_t i = 0; i < container->names_count; i++)
		if (strcmp(container->names[i], search->reference->name) == 0)
			return MATCH_NAME;
	return search_prefix_fits(search, container->id) ? MATCH_PREFIX : MATCH_NONE;
}

static int visit(const struct podman_container *container, void *context, struct err *err)
{
	struct scan *scan = context;
	pid_t pid;

	enum match match = match_of(scan->search, container);
	if (match == MATCH_NONE)
		return 0;
	int r = read_pid(&scan->search->files, container->id, &pid, err);
	if (r < 0)
		return r;

	struct target target = {
		.id = strdup(container->id),
		.name = container->names_count > 0 ? strdup(container->names[0]) : NULL,
		.image = container->image[0] ? strdup(container->image) : NULL,
		.pid = pid,
	};
	return search_add(scan->search, scan->runtime, match, &target, err);
}

static int visit_list(struct scan *scan, const char *path, struct err *err)
{
	cleanup_buffer struct buffer buffer = { 0 };
	const char *name = scan->search->reference->name;

	int r = state_read(&scan->search->files, path, &buffer, err);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	/* Neither ids nor names are ever written with escapes: a text that is not there at all matches nothing. */
	if (buffer.length == 0 || !memmem(buffer.data, buffer.length, name, strlen(name)))
		return 0;
	r = podman_containers_parse(buffer.data, buffer.length, visit, scan, err);
	return r < 0 ? err_wrap(err, "%s", path) : 0;
}

int podman_visit(const struct runtime *runtime, struct search *search, struct err *err)
{
	/* The second holds those of `podman run --rm`; the third the same where the store is transient. */
	const char *const lists[][2] = {
		{ runtime->folder, "containers.json" },
		{ runtime->folder, "volatile-containers.json" },
		{ RUN_FOLDER, "volatile-containers.json" },
	};
	struct scan scan = { .runtime = runtime, .search = search };

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		char path[PATH_MAX];
		int r = text_format(path, sizeof(path), "%s/%s", lists[i][0], lists[i][1]);
		if (r < 0)
			return err_sys(err, r, "%s", lists[i][0]);
		r = visit_list(&scan, path, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int podman_complete(const struct runtime *runtime, const struct search *search, struct target *target, struct err *err)
{
	const char *const folders[] = { runtime->folder, RUN_FOLDER };
	int r = 0;

	for (size_t i = 0; r == 0 && target->start_time == 0 && i < ARRAY_SIZE(oci_folders); i++)
		r = oci_start_time(&search->files, oci_folders[i], target, err);
	for (size_t i = 0; r == 0 && !target->has_config && i < ARRAY_SIZE(folders); i++) {
		char bundle[PATH_MAX];
		r = text_format(bundle, sizeof(bundle), "%s/%s/userdata", folders[i], target->id);
		if (r < 0)
			return err_sys(err, r, "%s", target->id);
		r = oci_read_config(&search->files, bundle, target, err);
	}
	return r;
}
