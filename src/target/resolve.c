/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the choice: which runtimes are looked at, which of the matches is meant, and that its process is pinned. */
#include "dbgattach/target.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/format/cgroup.h"
#include "src/target/runtime.h"
#include "src/target/users.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CGROUP_FILE_MAX (256U << 10)

bool search_wants(const struct search *search, const struct runtime *runtime)
{
	const char *word = search->reference->runtime;

	return word[0] == '\0' || (search_is_for_pods(search) ? runtime->has_pods : strcmp(word, runtime->name) == 0);
}

static int check_scope(const struct reference *reference, const struct runtime *runtime, struct err *err)
{
	static const char *const problems[] = {
		[SCOPE_NONE] = "this runtime's containers are named without a folder",
		[SCOPE_FOLDER] = "the folder must be an absolute path",
		[SCOPE_NAMESPACE] = "what stands before the \"/\" is a namespace, without a \"/\" of its own",
		[SCOPE_USER] = "what stands before the \"/\" is a user",
	};
	const char *scope = reference->scope;
	bool fits = scope[0] == '\0' || (runtime->scope == SCOPE_FOLDER && scope[0] == '/') ||
		    (runtime->scope > SCOPE_FOLDER && !strchr(scope, '/'));

	return fits ? 0 :
		      err_set(err, ERR_USAGE, "%s:%s/%s: %s", reference->runtime, scope, reference->name,
			      problems[runtime->scope]);
}

/*
 * The second round looks where it costs more, at processes too. Their cgroups tell nothing of what was asked for in one folder,
 * namespace or user, nor of pods and names.
 */
static bool is_visited(const struct search *search, const struct runtime *runtime)
{
	const struct reference *reference = search->reference;

	if (!search->thorough)
		return !runtime->is_fallback && search_wants(search, runtime);
	if (runtime->is_fallback)
		return reference->scope[0] == '\0' && !search_is_for_pods(search) && !search->names_only;
	return runtime->is_thorough && search_wants(search, runtime);
}

/*
 * One round over the table. Where root's files are closed to a plain user, his own containers may still be found: that they
 * are is then said only if nothing is.
 */
static int look_once(struct search *search, struct err *denied, struct err *err)
{
	const struct reference *reference = search->reference;
	bool named = reference->runtime[0] != '\0';

	for (size_t i = 0; i < runtimes_count; i++) {
		const struct runtime *runtime = &runtimes[i];
		struct err why = { 0 };
		if (!is_visited(search, runtime))
			continue;
		int r = runtime->visit(runtime, search, &why);
		if (r < 0 && !named && why.kind == ERR_DENIED && geteuid() != 0) {
			if (denied->kind == ERR_NONE) {
				*denied = why;
				(void)err_wrap(denied, "%s", runtime->name);
			}
			continue;
		}
		/* Not passed by in silence: a container of that name might be the one that is meant. */
		if (r < 0) {
			*err = why;
			return named ? r :
				       err_wrap(err, "%s (RUNTIME:%s names another runtime)", runtime->name,
						reference->name);
		}
		/* A whole id is random: who else knows it knows the same container. */
		if (search->count > 0 && search->found[0].match == MATCH_ID)
			break;
	}
	return 0;
}

static int look(struct search *search, struct err *err)
{
	const struct reference *reference = search->reference;
	struct err denied = { 0 };
	bool known = reference->runtime[0] == '\0' || search_is_for_pods(search);

	for (size_t i = 0; !known && i < runtimes_count; i++) {
		if (runtimes[i].is_fallback || strcmp(reference->runtime, runtimes[i].name) != 0)
			continue;
		known = true;
		search->names_only = runtimes[i].names_only;
		int r = check_scope(reference, &runtimes[i], err);
		if (r < 0)
			return r;
	}
	if (!known)
		return report_unknown_runtime(reference, err);

	int r = look_once(search, &denied, err);
	/* No state file tells of it: the processes themselves do, at the price of looking at all of them. */
	if (r == 0 && search->count == 0) {
		search->thorough = true;
		r = look_once(search, &denied, err);
	}
	if (r == 0 && search->count == 0 && denied.kind != ERR_NONE) {
		*err = denied;
		return -EACCES;
	}
	return r;
}

/* Whether the cgroups of the process name the container: 1, 0, or an error. */
static int is_in_its_cgroup(const struct target *target, const struct pin *pin, struct err *err)
{
	cleanup_buffer struct buffer buffer = { 0 };

	int r = io_read_file_at(pin->proc_fd, "cgroup", CGROUP_FILE_MAX, &buffer);
	if (r < 0)
		return err_sys(err, r, "/proc/%d/cgroup", pin->pid);
	r = pin_verify(pin, err);
	if (r < 0)
		return r;
	return cgroup_has_component(buffer.data, buffer.length, target->unit ? target->unit : target->id);
}

/*
 * A pid without a start time could be another process's by now. The process's cgroup names the container, nearly always;
 * where it does not, the start time is looked up after all (a second file, of 30 KB, which is why it is not read first).
 * A name that somebody chose may be another container's too, somewhere else: there the start time is asked for first.
 */
int check_identity(const struct search *search, const struct runtime *runtime, struct target *target,
		   const struct pin *pin, struct err *err)
{
	bool is_random = is_container_id(target->id);

	if (target->start_time != 0)
		return 0;
	int named = is_random || target->unit ? is_in_its_cgroup(target, pin, err) : 0;
	if (named != 0)
		return named < 0 ? named : 0;
	int r = runtime->read_start_time ? runtime->read_start_time(search, target, err) : 0;
	if (r < 0)
		return r;
	if (target->start_time != 0 && target->start_time == pin->start_time)
		return 0;
	if (target->start_time == 0 && !is_random && !target->unit) {
		named = is_in_its_cgroup(target, pin, err);
		if (named != 0)
			return named < 0 ? named : 0;
	}
	return err_set(err, ERR_CHANGED,
		       target->start_time != 0 ?
			       "process %d is not the container's: it started at another time" :
			       "process %d is not in the container's cgroup and nothing else shows that it is "
			       "the container's",
		       pin->pid);
}

static int pin_found(struct search *search, struct found *found, struct pin *ret_pin, struct err *err)
{
	__attribute__((cleanup(pin_done))) struct pin pin = PIN_INIT;
	struct target *target = &found->target;

	if (target->pid == 0)
		return err_set(err, ERR_GONE, "it is not running");
	int r = found->runtime->complete ? found->runtime->complete(found->runtime, search, target, err) : 0;
	if (r == 0)
		r = pin_open(search->files.host, target->pid, target->start_time, &pin, err);
	if (r == 0)
		r = check_identity(search, found->runtime, target, &pin, err);
	if (r == 0 && geteuid() == 0 && (target->user != 0 || found->runtime->is_fallback))
		r = users_check_process(&pin, target->user, err);
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
		.files = { .host = host },
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
		char shown[700];
		if (report_describe(&search.found[0], shown, sizeof(shown)) < 0)
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
	const struct files files = { .host = host, .owner = target->user };
	cleanup_free char *bundle = NULL;

	*ret_stated = false;
	for (size_t i = 0; target->bundle == NULL && i < runtimes_count; i++) {
		if (strcmp(runtimes[i].name, target->runtime) != 0 || runtimes[i].find_bundle == NULL)
			continue;
		int r = runtimes[i].find_bundle(&files, target, &bundle, err);
		if (r < 0)
			return r;
	}
	const char *folder = target->bundle != NULL ? target->bundle : bundle;
	return folder == NULL ? 0 : oci_read_seccomp(&files, folder, ret, ret_stated, err);
}

void target_done(struct target *target)
{
	free(target->id);
	free(target->name);
	free(target->image);
	free(target->scope);
	free(target->pod);
	free(target->unit);
	free(target->bundle);
	strv_done(&target->env);
	*target = (struct target) { 0 };
}
