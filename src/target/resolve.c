/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the choice: which runtimes are looked at, which of the matches is meant, and that its process is pinned. */
#include "dbgattach/target.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "src/target/runtime.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MATCHES_SHOWN 10
#define MATCHES_MAX 1024
#define CGROUP_FILE_MAX (256U << 10)

/* Whoever stands first speaks for a container that several know. */
static const struct runtime runtimes[] = {
	{
		.name = "docker",
		.folder = "/var/lib/docker/containers",
		/* The environment stands beside the name: nothing to complete. */
		.visit = docker_visit,
		.read_start_time = docker_read_start_time,
		.find_bundle = docker_find_bundle,
		.list = docker_list,
	},
	{
		.name = "podman",
		.folder = "/var/lib/containers/storage/overlay-containers",
		.visit = podman_visit,
		.complete = podman_complete,
		.read_start_time = podman_read_start_time,
		.list = podman_list,
	},
	{
		.name = "runc",
		.folder = "/run/runc",
		.takes_folder = true,
		.visit = oci_visit,
		.complete = oci_complete,
		.state_file = "state.json",
		.parse_state = oci_state_parse_runc,
		.list = oci_list,
	},
	{
		.name = "crun",
		.folder = "/run/crun",
		.takes_folder = true,
		.visit = oci_visit,
		.complete = oci_complete,
		.state_file = "status",
		.parse_state = oci_state_parse_crun,
		.list = oci_list,
	},
};

const struct runtime *runtime_at(size_t index)
{
	return index < ARRAY_SIZE(runtimes) ? &runtimes[index] : NULL;
}

bool is_container_id(const char *id)
{
	return strnlen(id, CONTAINER_ID_LENGTH + 1) == CONTAINER_ID_LENGTH && text_is_hex(id, CONTAINER_ID_LENGTH);
}

bool search_prefix_fits(const struct search *search, const char *id)
{
	return search->could_be_prefix && is_container_id(id) && text_starts(id, search->reference->name);
}

static void search_clear(struct search *search)
{
	for (size_t i = 0; i < search->count; i++)
		target_done(&search->found[i].target);
	free(search->found);
	search->found = NULL;
	search->count = 0;
}

static bool is_same(const struct target *a, const struct target *b)
{
	return (a->pid != 0 && a->pid == b->pid) || (is_container_id(a->id) && strcmp(a->id, b->id) == 0);
}

static int keep(struct search *search, const struct runtime *runtime, enum match match, struct target *target,
		struct err *err)
{
	if (!target->id)
		return err_sys(err, ENOMEM, "looking for the container");
	if (search->count > 0 && match < search->found[0].match)
		return 0;
	if (search->count > 0 && match > search->found[0].match)
		search_clear(search);
	for (size_t i = 0; i < search->count; i++)
		if (is_same(&search->found[i].target, target))
			return 0;
	if (search->count == MATCHES_MAX)
		return err_set(err, ERR_AMBIGUOUS, "more than %d containers match", MATCHES_MAX);

	struct found *found = reallocarray(search->found, search->count + 1, sizeof(*found));
	if (!found)
		return err_sys(err, ENOMEM, "looking for the container");
	search->found = found;
	target->runtime = runtime->name;
	found[search->count++] = (struct found) { runtime, match, *target };
	*target = (struct target) { 0 };
	return 0;
}

int search_add(struct search *search, const struct runtime *runtime, enum match match, struct target *target,
	       struct err *err)
{
	int r = keep(search, runtime, match, target, err);
	target_done(target);
	return r;
}

/* "docker:f9b689f9fd75 (web)": what can be pasted, and the name beside it. Both out of files, so escaped. */
static int describe(const struct target *target, char *out, size_t size)
{
	char id[128], name[128];
	size_t length = is_container_id(target->id) ? 12 : strlen(target->id);

	(void)text_escape(target->id, length, id, sizeof(id));
	if (!target->name)
		return text_format(out, size, "%s:%s", target->runtime, id);
	(void)text_escape(target->name, strlen(target->name), name, sizeof(name));
	return text_format(out, size, "%s:%s (%s)", target->runtime, id, name);
}

static int report_ambiguous(const struct search *search, struct err *err)
{
	char list[512] = "";
	size_t used = 0, shown = 0;

	while (shown < search->count && shown < MATCHES_SHOWN) {
		char one[300];
		if (describe(&search->found[shown].target, one, sizeof(one)) < 0 ||
		    text_format(list + used, sizeof(list) - used, "%s%s", shown > 0 ? ", " : "", one) < 0)
			break;
		used += strlen(list + used);
		shown++;
	}
	list[used] = '\0'; /* without the piece of one that did not fit */
	if (shown < search->count)
		return err_set(err, ERR_AMBIGUOUS, "\"%s\" fits %zu containers: %s and %zu more",
			       search->reference->name, search->count, list, search->count - shown);
	return err_set(err, ERR_AMBIGUOUS, "\"%s\" fits %zu containers: %s", search->reference->name, search->count,
		       list);
}

static int report_not_found(const struct search *search, struct err *err)
{
	const struct reference *reference = search->reference;
	char looked_at[128] = "";
	size_t used = 0;
	uint64_t number;

	for (size_t i = 0; reference->runtime[0] == '\0' && i < ARRAY_SIZE(runtimes); i++) {
		if (text_format(looked_at + used, sizeof(looked_at) - used, "%s%s", i > 0 ? ", " : "",
				runtimes[i].name) < 0)
			break;
		used += strlen(looked_at + used);
	}
	bool is_number = text_u64(reference->name, strlen(reference->name), INT32_MAX, &number) == 0;
	return err_set(err, ERR_NOT_FOUND, "no container \"%s\" (looked at %s)%s%s", reference->name,
		       reference->runtime[0] ? reference->runtime : looked_at,
		       is_number ? "; for a process id use pid:" : "", is_number ? reference->name : "");
}

static int look(struct search *search, struct err *err)
{
	const struct reference *reference = search->reference;
	bool known = false;

	for (size_t i = 0; i < ARRAY_SIZE(runtimes); i++) {
		const struct runtime *runtime = &runtimes[i];
		if (reference->runtime[0] && strcmp(reference->runtime, runtime->name) != 0)
			continue;
		known = true;
		if (reference->scope[0] && !(runtime->takes_folder && reference->scope[0] == '/'))
			return err_set(err, ERR_USAGE, "%s:%s/%s: %s", reference->runtime, reference->scope,
				       reference->name,
				       runtime->takes_folder ? "the folder must be an absolute path" :
							       "this runtime's containers are named without a folder");
		int r = runtime->visit(runtime, search, err);
		/* Not passed by in silence: a container of that name might be the one that is meant. */
		if (r < 0)
			return reference->runtime[0] ? r :
						       err_wrap(err, "%s (RUNTIME:%s names another runtime)",
								runtime->name, reference->name);
		/* A whole id is random: who else knows it knows the same container. */
		if (search->count > 0 && search->found[0].match == MATCH_ID)
			break;
	}
	return known ? 0 : err_set(err, ERR_USAGE, "unknown runtime \"%s\"", reference->runtime);
}

int read_cgroup(const struct pin *pin, struct buffer *cgroup, struct err *err)
{
	int r = io_read_file_at(pin->proc_fd, "cgroup", CGROUP_FILE_MAX, cgroup);

	return r < 0 ? err_sys(err, r, "/proc/%d/cgroup", pin->pid) : 0;
}

static bool names_container(const struct buffer *cgroup, const struct target *target)
{
	return cgroup->length > 0 && memmem(cgroup->data, cgroup->length, target->id, CONTAINER_ID_LENGTH) != NULL;
}

/*
 * A pid without a start time could be another process's by now. The process's cgroup names the container, nearly always;
 * where it does not, the start time is looked up after all (a second file, of 30 KB, which is why it is not read first).
 */
int check_identity(const struct host *host, const struct runtime *runtime, struct target *target, const struct pin *pin,
		   const struct buffer *cgroup, struct err *err)
{
	if (target->start_time != 0 || !is_container_id(target->id) || names_container(cgroup, target))
		return 0;
	int r = runtime->read_start_time ? runtime->read_start_time(host, target, err) : 0;
	if (r < 0)
		return r;
	if (target->start_time != 0 && target->start_time == pin->start_time)
		return 0;
	return err_set(err, ERR_CHANGED,
		       target->start_time != 0 ?
			       "process %d is not the container's: it started at another time" :
			       "process %d is not in the container's cgroup and nothing else shows that it is "
			       "the container's",
		       pin->pid);
}

static int check_found(const struct search *search, const struct found *found, struct target *target,
		       const struct pin *pin, struct err *err)
{
	cleanup_buffer struct buffer cgroup = { 0 };

	if (target->start_time != 0)
		return 0;
	int r = read_cgroup(pin, &cgroup, err);
	if (r == 0)
		r = pin_verify(pin, err);
	return r < 0 ? r : check_identity(search->host, found->runtime, target, pin, &cgroup, err);
}

static int pin_found(struct search *search, struct found *found, struct pin *ret_pin, struct err *err)
{
	__attribute__((cleanup(pin_done))) struct pin pin = PIN_INIT;
	struct target *target = &found->target;

	if (target->pid == 0)
		return err_set(err, ERR_GONE, "it is not running");
	int r = found->runtime->complete ? found->runtime->complete(found->runtime, search, target, err) : 0;
	if (r == 0)
		r = pin_open(search->host, target->pid, target->start_time, &pin, err);
	if (r == 0)
		r = check_found(search, found, target, &pin, err);
	if (r < 0)
		return r;
	*ret_pin = pin;
	pin = (struct pin)PIN_INIT;
	return 0;
}

int target_resolve(const struct host *host, const struct reference *reference, struct target *ret, struct pin *ret_pin,
		   struct err *err)
{
	if (strcmp(reference->runtime, "pid") == 0)
		return pid_resolve(host, reference, ret, ret_pin, err);

	size_t length = strlen(reference->name);
	__attribute__((cleanup(search_clear))) struct search search = {
		.host = host,
		.reference = reference,
		.is_full_id = is_container_id(reference->name),
		.could_be_prefix = length < CONTAINER_ID_LENGTH && text_is_hex(reference->name, length),
	};
	int r = look(&search, err);
	if (r < 0)
		return r;
	if (search.count == 0)
		return report_not_found(&search, err);
	if (search.count > 1)
		return report_ambiguous(&search, err);

	r = pin_found(&search, search.found, ret_pin, err);
	if (r < 0) {
		char shown[300];
		if (describe(&search.found[0].target, shown, sizeof(shown)) < 0)
			return r;
		return err_wrap(err, "%s", shown);
	}
	*ret = search.found[0].target;
	search.found[0].target = (struct target) { 0 };
	return 0;
}

int target_read_seccomp(const struct host *host, const struct target *target, struct seccomp_profile *ret,
			bool *ret_stated, struct err *err)
{
	cleanup_free char *bundle = NULL;

	*ret_stated = false;
	for (size_t i = 0; target->bundle == NULL && i < ARRAY_SIZE(runtimes); i++) {
		if (strcmp(runtimes[i].name, target->runtime) != 0 || runtimes[i].find_bundle == NULL)
			continue;
		int r = runtimes[i].find_bundle(host, target, &bundle, err);
		if (r < 0)
			return r;
	}
	const char *folder = target->bundle != NULL ? target->bundle : bundle;
	return folder == NULL ? 0 : oci_read_seccomp(host, folder, ret, ret_stated, err);
}

void target_done(struct target *target)
{
	free(target->id);
	free(target->name);
	free(target->image);
	free(target->pod);
	free(target->bundle);
	strv_done(&target->env);
	*target = (struct target) { 0 };
}
