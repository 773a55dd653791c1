/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns how a container of Docker is found: out of the daemon's own files, so that a daemon that hangs stops nobody.
 *
 * The whole id opens its file at once, and Docker too takes it before a name. Everything else may be the name of any
 * container, so all files are read; but only those that can match are parsed.
 */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/format/docker.h"
#include "src/target/runtime.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_FILE "config.v2.json"
/* Where Docker has runc keep its state, whichever program is in runc's place. */
#define STATE_FOLDER "/run/docker/runtime-runc/moby"
#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct scan {
	const struct runtime *runtime;
	struct search *search;
	int folder;
	char name_member[sizeof("\"Name\":\"/\"") + REFERENCE_MAX];
	struct buffer buffer; /* one for all files: its memory is used again */
};

static void scan_done(struct scan *scan)
{
	close_quietly(scan->folder);
	buffer_done(&scan->buffer);
}

/* What the daemon adds at the start of the container and does not write down. */
static int add_defaults(struct docker_container *container, struct err *err)
{
	int r = 0;

	if (!strv_env_get(&container->env, "PATH"))
		r = strv_add(&container->env, DEFAULT_PATH);
	if (r == 0 && container->hostname && container->hostname[0] && !strv_env_get(&container->env, "HOSTNAME"))
		r = strv_take(&container->env, text_printf("HOSTNAME=%s", container->hostname));
	return r < 0 ? err_sys(err, r, "reading the container's environment") : 0;
}

static void take_container(struct docker_container *container, struct target *ret)
{
	*ret = (struct target) {
		.id = take_ptr(container->id),
		.name = take_ptr(container->name),
		.image = take_ptr(container->image),
		.pod = container->pod_name && container->pod_namespace ?
			       text_printf("%s/%s", container->pod_namespace, container->pod_name) :
			       NULL,
		.pid = container->running ? (pid_t)container->pid : 0,
		.paused = container->paused,
		.has_config = true,
		.env = container->env,
	};
	container->env = (struct strv) { 0 };
}

static int add(struct scan *scan, enum match match, struct docker_container *container, struct err *err)
{
	int r = add_defaults(container, err);
	if (r < 0)
		return r;

	struct target target = { 0 };
	take_container(container, &target);
	return search_add(scan->search, scan->runtime, match, &target, err);
}

/* -ENOENT without an error text: it was removed while we looked. */
static int read_file(const struct host *host, int folder, const char *id, struct buffer *buffer, struct err *err)
{
	char path[CONTAINER_ID_LENGTH + sizeof("/" CONFIG_FILE)];

	int r = text_format(path, sizeof(path), "%s/%s", id, CONFIG_FILE);
	return r < 0 ? err_sys(err, r, "%s", id) : state_read_at(host, folder, path, buffer, err);
}

static int parse(const struct runtime *runtime, const char *id, const struct buffer *buffer,
		 struct docker_container *ret, struct err *err)
{
	int r = docker_container_parse(buffer->data, buffer->length, ret, err);
	if (r < 0)
		return err_wrap(err, "%s/%s/" CONFIG_FILE, runtime->folder, id);
	if (strcmp(ret->id, id) != 0)
		return err_set(err, ERR_MALFORMED, "%s/%s/" CONFIG_FILE " is the file of another container",
			       runtime->folder, id);
	return 0;
}

static int visit(const char *id, void *context, struct err *err)
{
	struct scan *scan = context;
	const struct search *search = scan->search;
	bool is_id = search->is_full_id && strcmp(id, search->reference->name) == 0;
	bool fits = is_id || search_prefix_fits(search, id);

	int r = read_file(search->host, scan->folder, id, &scan->buffer, err);
	if (r < 0)
		return r == -ENOENT ? 0 : r;

	/* The daemon writes its JSON without spaces and a name without escapes; parsing it confirms what is found. */
	if (!fits && !memmem(scan->buffer.data, scan->buffer.length, scan->name_member, strlen(scan->name_member)))
		return 0;

	__attribute__((cleanup(docker_container_done))) struct docker_container container = { 0 };
	r = parse(scan->runtime, id, &scan->buffer, &container, err);
	if (r < 0)
		return r;

	enum match match = is_id                                                ? MATCH_ID :
			   strcmp(container.name, search->reference->name) == 0 ? MATCH_NAME :
			   fits                                                 ? MATCH_PREFIX :
										  MATCH_NONE;
	return match == MATCH_NONE ? 0 : add(scan, match, &container, err);
}

int docker_visit(const struct runtime *runtime, struct search *search, struct err *err)
{
	__attribute__((cleanup(scan_done))) struct scan scan = {
		.runtime = runtime,
		.search = search,
		.folder = -EBADF,
	};

	int r = state_open_folder(search->host, runtime->folder, &scan.folder, err);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	r = text_format(scan.name_member, sizeof(scan.name_member), "\"Name\":\"/%s\"", search->reference->name);
	if (r < 0)
		return err_sys(err, r, "%s", search->reference->name);

	if (search->is_full_id) {
		r = visit(search->reference->name, &scan, err);
		if (r < 0 || search->count > 0)
			return r;
	}
	return state_each_id(scan.folder, visit, &scan, err);
}

int docker_find_bundle(const struct host *host, const struct target *target, char **ret_bundle, struct err *err)
{
	return oci_find_bundle(host, STATE_FOLDER, target, ret_bundle, err);
}

int docker_read_start_time(const struct host *host, struct target *target, struct err *err)
{
	return oci_start_time(host, STATE_FOLDER, target, err);
}

struct walk {
	const struct runtime *runtime;
	struct list *list;
	int folder;
	struct buffer buffer;
};

static void walk_done(struct walk *walk)
{
	close_quietly(walk->folder);
	buffer_done(&walk->buffer);
}

static int list_one(const char *id, void *context, struct err *err)
{
	struct walk *walk = context;
	__attribute__((cleanup(docker_container_done))) struct docker_container container = { 0 };
	struct target target = { 0 };
	struct err why = { 0 };

	int r = read_file(list_host(walk->list), walk->folder, id, &walk->buffer, &why);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = parse(walk->runtime, id, &walk->buffer, &container, &why);
	if (r < 0) {
		list_damaged(walk->list, walk->runtime, &why);
		return 0;
	}
	take_container(&container, &target);
	return list_add(walk->list, walk->runtime, &target, err);
}

int docker_list(const struct runtime *runtime, struct list *list, struct err *err)
{
	__attribute__((cleanup(walk_done))) struct walk walk = { .runtime = runtime, .list = list, .folder = -EBADF };

	int r = state_open_folder(list_host(list), runtime->folder, &walk.folder, err);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return state_each_id(walk.folder, list_one, &walk, err);
}
