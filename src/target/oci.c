/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns how a container of runc or crun is found, and what the other runtimes learn from those two: ROOT/ID/state.json
 * of runc, ROOT/ID/status of crun, and the bundle's config.json.
 */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/format/oci_config.h"
#include "src/target/users.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *file;
	int (*parse)(const char *bytes, size_t length, struct oci_state *ret, struct err *err);
} layouts[] = {
	{ "state.json", oci_state_parse_runc },
	{ "status", oci_state_parse_crun },
};

#define cleanup_state __attribute__((cleanup(oci_state_done)))

/* -ENOENT without an error text when there is no such container. */
static int read_state(const struct files *files, const char *folder, const char *id, const char *file,
		      int (*parse)(const char *, size_t, struct oci_state *, struct err *), struct oci_state *ret,
		      struct err *err)
{
	cleanup_buffer struct buffer buffer = { 0 };
	cleanup_state struct oci_state state = { 0 };
	char path[PATH_MAX];

	int r = text_format(path, sizeof(path), "%s/%s/%s", folder, id, file);
	if (r < 0)
		return err_sys(err, r, "%s/%s", folder, id);
	r = state_read(files, path, &buffer, err);
	if (r < 0)
		return r;
	r = parse(buffer.data, buffer.length, &state, err);
	if (r < 0)
		return err_wrap(err, "%s", path);
	if (state.id && strcmp(state.id, id) != 0)
		return err_set(err, ERR_MALFORMED, "%s is the file of another container", path);
	*ret = state;
	state = (struct oci_state) { 0 };
	return 0;
}

static int take_start_time(const struct oci_state *state, struct target *target, struct err *err)
{
	if (state->pid != target->pid)
		return err_set(err, ERR_CHANGED, "the container is being restarted (process %d, now %lld)", target->pid,
			       (long long)state->pid);
	target->start_time = state->start_time;
	return 0;
}

int oci_start_time(const struct files *files, const char *folder, struct target *target, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		cleanup_state struct oci_state state = { 0 };
		int r = read_state(files, folder, target->id, layouts[i].file, layouts[i].parse, &state, err);
		if (r == 0)
			return take_start_time(&state, target, err);
		if (r != -ENOENT)
			return r;
	}
	return 0;
}

int oci_read_config(const struct files *files, const char *bundle, struct target *target, struct err *err)
{
	cleanup_buffer struct buffer buffer = { 0 };
	cleanup_close int folder = -EBADF;
	struct oci_config config = { 0 };

	/* Where it is is kept also when it cannot be understood: whoever asks for its seccomp profile has to hear of that. */
	free(target->bundle);
	target->bundle = strdup(bundle);
	if (target->bundle == NULL)
		return err_sys(err, ENOMEM, "%s", bundle);
	/*
	 * The bundle is a path out of a file. It adds comfort, not identity: whatever is wrong with it costs the
	 * environment only.
	 */
	if (bundle[0] != '/' || state_open_folder(files, bundle, &folder, NULL) < 0 ||
	    state_read_at(files, folder, "config.json", &buffer, NULL) < 0)
		return 0;
	int r = oci_config_parse(buffer.data, buffer.length, &config, NULL);
	if (r == -ENOMEM)
		return err_sys(err, r, "%s/config.json", bundle);
	if (r < 0)
		return 0;
	strv_done(&target->env);
	target->env = config.env;
	target->has_config = true;
	config.env = (struct strv) { 0 };
	oci_config_done(&config);
	return 0;
}

int oci_find_bundle(const struct files *files, const char *folder, const struct target *target, char **ret_bundle,
		    struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		cleanup_state struct oci_state state = { 0 };
		int r = read_state(files, folder, target->id, layouts[i].file, layouts[i].parse, &state, err);
		if (r == -ENOENT)
			continue;
		if (r == 0 && state.pid == target->pid)
			*ret_bundle = take_ptr(state.bundle);
		return r;
	}
	return 0;
}

int oci_read_seccomp(const struct files *files, const char *bundle, struct seccomp_profile *ret, bool *ret_stated,
		     struct err *err)
{
	cleanup_buffer struct buffer buffer = { 0 };
	cleanup_close int folder = -EBADF;

	struct err why = { 0 };

	*ret_stated = false;
	if (bundle[0] != '/')
		return 0;
	int r = state_open_folder(files, bundle, &folder, &why);
	if (r == 0)
		r = state_read_at(files, folder, "config.json", &buffer, &why);
	/* One that is not there, or not root's alone, states nothing; one that cannot be read may state much. */
	if (r == -ENOENT || why.kind == ERR_REFUSED)
		return 0;
	if (r < 0) {
		*err = why;
		return r;
	}
	r = seccomp_profile_parse_config(buffer.data, buffer.length, ret, ret_stated, err);
	return r < 0 ? err_wrap(err, "%s/config.json", bundle) : 0;
}

struct scan {
	const struct runtime *runtime;
	struct search *search;
	const char *path; /* of the folder that is looked through */
};

static int look(struct scan *scan, const char *id, struct err *err)
{
	struct search *search = scan->search;
	cleanup_state struct oci_state state = { 0 };
	/* The id of these runtimes is what somebody called the container, so it counts as a name. */
	enum match match = search_match(search, id, NULL);

	if (match == MATCH_NONE)
		return 0;
	int r = read_state(&search->files, scan->path, id, scan->runtime->state_file, scan->runtime->parse_state,
			   &state, err);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	struct target target = {
		.id = strdup(id),
		.scope = scan->path != scan->runtime->folder ? strdup(scan->path) : NULL,
		.pid = (pid_t)state.pid,
		.start_time = state.start_time,
	};
	return search_add(search, scan->runtime, match, &target, err);
}

static int visit(const char *id, void *context, struct err *err)
{
	struct scan *scan = context;
	int r = look(scan, id, err);

	return r < 0 ? search_damaged(scan->search, scan->runtime, r, err) : 0;
}

static int visit_folder(const struct runtime *runtime, struct search *search, const char *path, struct err *err)
{
	struct scan scan = { .runtime = runtime, .search = search, .path = path };
	cleanup_close int folder = -EBADF;

	int r = state_open_folder(&search->files, path, &folder, err);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	if (search->list != NULL)
		return state_each_name(folder, visit, &scan, err);
	r = visit(search->reference->name, &scan, err);
	/* A prefix is taken of random ids only: "web" must not become "web-of-another-team". */
	if (r == 0 && search->could_be_prefix)
		r = state_each_id(folder, visit, &scan, err);
	return r;
}

int oci_visit(const struct runtime *runtime, struct search *search, struct err *err)
{
	const char *named = search->reference->scope;
	struct user_folders user;
	char own[PATH_MAX];

	if (named[0])
		return visit_folder(runtime, search, named, err);
	int r = users_find(search, &user, err);
	if (r == 0 && user.uid != 0) {
		r = text_format(own, sizeof(own), "%s/%s", user.run, runtime->name);
		r = r < 0 ? err_sys(err, r, "%s", user.run) : visit_folder(runtime, search, own, err);
	}
	return r < 0 ? r : visit_folder(runtime, search, runtime->folder, err);
}

int oci_complete(const struct runtime *runtime, const struct search *search, struct target *target, struct err *err)
{
	cleanup_state struct oci_state state = { 0 };

	/* Read once more rather than kept for every match: one container is chosen. */
	int r = read_state(&search->files, target->scope ? target->scope : runtime->folder, target->id,
			   runtime->state_file, runtime->parse_state, &state, err);
	if (r == -ENOENT)
		return err_set(err, ERR_GONE, "the container was removed just now");
	if (r == 0)
		r = take_start_time(&state, target, err);
	if (r == 0 && state.bundle)
		r = oci_read_config(&search->files, state.bundle, target, err);
	return r;
}
