/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns how a container of Docker is found: out of the daemon's own files, so that a daemon that hangs stops nobody.
 *
 * The whole id opens its file at once, and Docker too takes it before a name. So is a short one, as docker prints it, taken
 * where it begins an id: to read all names first would cost more than all the rest, for a name that somebody can have chosen
 * only to be taken for that container. Everything else may be the name of any container, so all files are read; but only
 * those that can match are parsed.
 */
#include "src/target/docker.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/format/docker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_FILE "config.v2.json"
#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define SHORT_ID_LENGTH 12 /* as docker prints it */

struct scan {
	const struct runtime *runtime;
	struct search *search;
	char path[PATH_MAX];
	int folder;
	char name_member[sizeof("\"Name\":\"/\"") + REFERENCE_MAX];
	struct buffer buffer; /* one for all files: its memory is used again */
	bool ids_only;        /* names are not looked at */
	bool id_fits;         /* the reference begins an id */
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

static char *pod_of(const struct docker_container *container)
{
	bool stated = container->pod_name != NULL && container->pod_namespace != NULL;
	const char *name = container->pod_container;

	return stated ? text_printf("%s/%s%s%s", container->pod_namespace, container->pod_name, name != NULL ? "/" : "",
				    name != NULL ? name : "") :
			NULL;
}

static int add(struct scan *scan, enum match match, struct docker_container *container, struct err *err)
{
	int r = add_defaults(container, err);
	if (r < 0)
		return r;

	struct target target = {
		.id = take_ptr(container->id),
		.name = take_ptr(container->name),
		.image = take_ptr(container->image),
		.pod = pod_of(container),
		.pid = container->running ? (pid_t)container->pid : 0,
		.paused = container->paused,
		.has_config = true,
		.env = container->env,
	};
	container->env = (struct strv) { 0 };
	return search_add(scan->search, scan->runtime, match, &target, err);
}

static int look(struct scan *scan, const char *id, struct err *err)
{
	const struct search *search = scan->search;
	bool is_id = search->is_full_id && strcmp(id, search->reference->name) == 0;
	bool fits = is_id || search->list != NULL || search_prefix_fits(search, id);
	char path[CONTAINER_ID_LENGTH + sizeof("/" CONFIG_FILE)];

	if (scan->ids_only && !fits)
		return 0;
	scan->id_fits |= fits;
	int r = text_format(path, sizeof(path), "%s/%s", id, CONFIG_FILE);
	if (r < 0)
		return err_sys(err, r, "%s", id);
	r = state_read_at(&search->files, scan->folder, path, &scan->buffer, err);
	if (r == -ENOENT) /* removed while we looked */
		return 0;
	if (r < 0)
		return r;

	/* The daemon writes its JSON without spaces and a name without escapes; parsing it confirms what is found. */
	if (!fits && !memmem(scan->buffer.data, scan->buffer.length, scan->name_member, strlen(scan->name_member)))
		return 0;

	__attribute__((cleanup(docker_container_done))) struct docker_container container = { 0 };
	r = docker_container_parse(scan->buffer.data, scan->buffer.length, &container, err);
	if (r < 0)
		return err_wrap(err, "%s/%s", scan->path, path);
	if (strcmp(container.id, id) != 0)
		return err_set(err, ERR_MALFORMED, "%s/%s is the file of another container", scan->path, path);

	enum match match = search_match(search, id, container.name);
	return match == MATCH_NONE ? 0 : add(scan, match, &container, err);
}

static int visit(const char *id, void *context, struct err *err)
{
	struct scan *scan = context;
	int r = look(scan, id, err);

	return r < 0 ? search_damaged(scan->search, scan->runtime, r, err) : 0;
}

int docker_visit(const struct runtime *runtime, struct search *search, struct err *err)
{
	__attribute__((cleanup(scan_done))) struct scan scan = {
		.runtime = runtime,
		.search = search,
		.folder = -EBADF,
	};
	struct docker_roots roots;

	int r = docker_roots_find(&search->files, &roots, err);
	if (r == 0 && text_format(scan.path, sizeof(scan.path), "%s/containers", roots.data) < 0)
		r = err_sys(err, ENAMETOOLONG, "%s", roots.data);
	if (r == 0)
		r = state_open_folder(&search->files, scan.path, &scan.folder, err);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = text_format(scan.name_member, sizeof(scan.name_member), "\"Name\":\"/%s\"", search->reference->name);
	if (r < 0)
		return err_sys(err, r, "%s", search->reference->name);

	if (search->is_full_id) {
		r = visit(search->reference->name, &scan, err);
		if (r < 0 || search->count > 0)
			return r;
	}
	scan.ids_only = search->could_be_prefix && strlen(search->reference->name) >= SHORT_ID_LENGTH;
	if (scan.ids_only) {
		r = state_each_id(scan.folder, visit, &scan, err);
		if (r < 0 || scan.id_fits)
			return r;
		scan.ids_only = false;
	}
	return state_each_id(scan.folder, visit, &scan, err);
}

/* Where Docker has runc keep its state, whichever program is in runc's place. */
static int state_folder(const struct files *files, char out[PATH_MAX], struct err *err)
{
	struct docker_roots roots;

	int r = docker_roots_find(files, &roots, err);
	if (r < 0)
		return r;
	r = text_format(out, PATH_MAX, "%s/runtime-runc/moby", roots.exec);
	return r < 0 ? err_sys(err, r, "%s", roots.exec) : 0;
}

int docker_find_bundle(const struct files *files, const struct target *target, char **ret_bundle, struct err *err)
{
	char folder[PATH_MAX];
	int r = state_folder(files, folder, err);

	return r < 0 ? r : oci_find_bundle(files, folder, target, ret_bundle, err);
}

int docker_read_start_time(const struct search *search, struct target *target, struct err *err)
{
	char folder[PATH_MAX];
	int r = state_folder(&search->files, folder, err);

	return r < 0 ? r : oci_start_time(&search->files, folder, target, err);
}
