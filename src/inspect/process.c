/* SPDX-License-Identifier: Apache-2.0 */
/* What the container's first process is and may do. */
#include "inspect.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/inventory.h"
#include "dbgattach/privilege.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Where a link of /proc/PID leads; a path only: nothing behind it is touched. */
static json_t *read_link(const struct inspection *inspection, const char *name)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(inspection->pin.proc_fd, name, target, sizeof(target) - 1);

	target[length < 0 ? 0 : length] = '\0';
	return json_text(length < 0 ? NULL : target);
}

json_t *inspect_target(const struct inspection *inspection, struct err *err)
{
	const struct target *target = &inspection->target;
	enum target_state state = target_state_of(&inspection->host, target, &inspection->pin);
	time_t since = (time_t)target_since(&inspection->pin);
	char reference[TARGET_REFERENCE_MAX] = "", time_text[32] = "";
	struct sessions sessions;
	struct tm tm;

	(void)target_reference(target, reference, sizeof(reference));
	if (gmtime_r(&since, &tm) != NULL)
		(void)strftime(time_text, sizeof(time_text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	sessions_read(&inspection->host, &sessions);
	json_t *section =
		json_pack("{s:s, s:o, s:o, s:o, s:o, s:s, s:i, s:i, s:s, s:i, s:o, s:o, s:o, s:o, s:o}", "runtime",
			  target->runtime, "id", json_text(target->id), "name", json_text(target->name), "image",
			  json_text(target->image), "pod", json_text(target->pod), "state", inventory_state_name(state),
			  "pid", target->pid, "pid_inside", inspection->process.status.nspid, "since", time_text,
			  "entered", (int)sessions_in(&sessions, target->pid), "program", read_link(inspection, "exe"),
			  "root", read_link(inspection, "root"), "workdir", read_link(inspection, "cwd"), "bundle",
			  json_text(target->bundle), "target", json_text(reference));
	sessions_done(&sessions);
	return inspect_made(section, err);
}

static json_t *list_ids(const unsigned *ids, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list, json_integer(ids[i]));
	return list;
}

static json_t *list_map(const struct idmap *map)
{
	json_t *list = json_array();

	for (size_t i = 0; i < map->count; i++)
		(void)json_array_append_new(list,
					    json_pack("{s:I, s:I, s:I}", "inside", (json_int_t)map->extents[i].inside,
						      "outside", (json_int_t)map->extents[i].outside, "count",
						      (json_int_t)map->extents[i].count));
	return list;
}

json_t *inspect_ids(const struct inspection *inspection, struct err *err)
{
	const struct process_facts *process = &inspection->process;
	const struct proc_status *status = &process->status;
	char umask_text[16] = "";

	if (status->umask != (mode_t)-1)
		(void)snprintf(umask_text, sizeof(umask_text), "%04o", (unsigned)status->umask);
	return inspect_made(json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "uid", list_ids(status->uid, 4), "gid",
				      list_ids(status->gid, 4), "groups",
				      list_ids(status->groups, status->groups_count), "umask",
				      json_text(umask_text[0] != '\0' ? umask_text : NULL), "uid_map",
				      list_map(&process->uid_map), "gid_map", list_map(&process->gid_map)),
			    err);
}

/* By name, one each: "all" would hide which they are. */
static json_t *list_capabilities(uint64_t mask)
{
	json_t *list = json_array();
	char name[64];

	for (unsigned i = 0; i < 64; i++)
		if ((mask & CAPABILITY_BIT(i)) != 0)
			(void)json_array_append_new(
				list, json_string(capabilities_format(CAPABILITY_BIT(i), name, sizeof(name))));
	return list;
}

json_t *inspect_capabilities(const struct inspection *inspection, struct err *err)
{
	const struct proc_status *status = &inspection->process.status;

	return inspect_made(
		json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "effective", list_capabilities(status->cap_effective),
			  "permitted", list_capabilities(status->cap_permitted), "bounding",
			  list_capabilities(status->cap_bounding), "inheritable",
			  list_capabilities(status->cap_inheritable), "ambient", list_capabilities(status->cap_ambient),
			  "no_new_privs", status->no_new_privs < 0 ? json_null() : json_boolean(status->no_new_privs)),
		err);
}

json_t *inspect_seccomp(const struct inspection *inspection, struct err *err)
{
	static const char *const modes[] = { "disabled", "strict", "filter" };
	const struct proc_status *status = &inspection->process.status;
	struct seccomp_profile profile = { 0 };
	const char *origin = NULL;
	bool stated = false;

	if (status->seccomp == 2) {
		int result = target_read_seccomp(&inspection->host, &inspection->target, &profile, &stated, err);
		if (result < 0)
			return NULL;
		origin = stated ? "the runtime's config" : "not stated by a config";
	}
	if (stated)
		seccomp_profile_done(&profile);
	return inspect_made(json_pack("{s:o, s:o, s:o}", "mode",
				      json_text(status->seccomp >= 0 && status->seccomp < (int)ARRAY_SIZE(modes) ?
							modes[status->seccomp] :
							NULL),
				      "filters",
				      status->seccomp_filters < 0 ? json_null() : json_integer(status->seccomp_filters),
				      "origin", json_text(origin)),
			    err);
}

json_t *inspect_lsm(const struct inspection *inspection, struct err *err)
{
	const struct lsm_sources sources = { inspection->host.root_fd, inspection->host.proc_fd, inspection->self_fd,
					     inspection->pin.proc_fd };
	struct lsm_facts facts = { 0 };
	json_t *list = json_array();

	if (lsm_read(&sources, &facts, err) < 0) {
		json_decref(list);
		return NULL;
	}
	for (enum lsm_kind kind = 0; kind < LSM_KIND_MAX; kind++)
		if (facts.of[kind].active)
			(void)json_array_append_new(
				list, json_pack("{s:s, s:o, s:o}", "module", lsm_name(kind), "label",
						json_text(facts.of[kind].target), "files",
						json_text(facts.of[kind].files[0] ? facts.of[kind].files : NULL)));
	return inspect_made(list, err);
}

json_t *inspect_limits(const struct inspection *inspection, struct err *err)
{
	static const char *const names[RLIM_NLIMITS] = {
		[RLIMIT_AS] = "as",           [RLIMIT_CORE] = "core",         [RLIMIT_CPU] = "cpu",
		[RLIMIT_DATA] = "data",       [RLIMIT_FSIZE] = "fsize",       [RLIMIT_LOCKS] = "locks",
		[RLIMIT_MEMLOCK] = "memlock", [RLIMIT_MSGQUEUE] = "msgqueue", [RLIMIT_NICE] = "nice",
		[RLIMIT_NOFILE] = "nofile",   [RLIMIT_NPROC] = "nproc",       [RLIMIT_RSS] = "rss",
		[RLIMIT_RTPRIO] = "rtprio",   [RLIMIT_RTTIME] = "rttime",     [RLIMIT_SIGPENDING] = "sigpending",
		[RLIMIT_STACK] = "stack",
	};
	json_t *list = json_array();

	for (size_t i = 0; i < RLIM_NLIMITS; i++) {
		const struct rlimit *limit = &inspection->process.limits.limit[i];
		json_t *soft =
			limit->rlim_cur == RLIM_INFINITY ? json_null() : json_integer((json_int_t)limit->rlim_cur);
		json_t *hard =
			limit->rlim_max == RLIM_INFINITY ? json_null() : json_integer((json_int_t)limit->rlim_max);

		(void)json_array_append_new(list,
					    json_pack("{s:s, s:o, s:o}", "name", names[i], "soft", soft, "hard", hard));
	}
	return inspect_made(list, err);
}
