/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the walk over all containers: that each is told of once, whoever knows it, and what state it is in. That is read of
 * its process and cgroup; what a runtime has written down may be old. One that cannot be read costs its own row only.
 */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/json.h"
#include "dbgattach/format/cgroup.h"
#include "dbgattach/sys/open.h"
#include "src/target/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CGROUP_FILE_MAX (256U << 10)

struct list {
	struct search search; /* for everything */
	const struct target_visitor *visitor;
	bool stopped; /* those that do not run are wanted too */
	json_t *seen; /* an object as a set: pids, and ids with their pids, that were told of */
	int failure;  /* what the visitor returned */
};

int list_damaged(struct list *list, const struct runtime *runtime, int failure, const struct err *why)
{
	/* The visitor has had enough: that is no damage. */
	if (list->failure < 0)
		return failure;
	/* Two runtimes that share a file would say the same of it. */
	if (json_object_get(list->seen, why->text) == NULL)
		list->visitor->damaged(runtime->name, why, list->visitor->context);
	(void)json_object_set_new(list->seen, why->text, json_true());
	return 0;
}

static bool was_told(const struct list *list, const char *key)
{
	return json_object_get(list->seen, key) != NULL;
}

/*
 * Whoever knows a container that runs knows the same process; of those that do not, the random id tells. A pid that was
 * written down and is another's by now tells nothing, so this comes after the process was looked at.
 */
static bool is_new(const struct list *list, const struct target_entry *entry)
{
	const struct target *target = entry->target;
	char pid[16];

	(void)snprintf(pid, sizeof(pid), "%d", target->pid);
	if (entry->state == TARGET_STOPPED ? is_container_id(target->id) && was_told(list, target->id) :
					     was_told(list, pid))
		return false;
	if (entry->state != TARGET_STOPPED)
		(void)json_object_set_new_nocheck(list->seen, pid, json_true());
	if (is_container_id(target->id))
		(void)json_object_set_new_nocheck(list->seen, target->id, json_integer(target->pid));
	return true;
}

/* The same id and process: not looked at once more. */
static bool is_known(const struct list *list, const struct target *target)
{
	const json_t *pid = json_object_get(list->seen, target->id);

	return pid != NULL && json_integer_value(pid) == target->pid && is_container_id(target->id);
}

/* The freezer of its cgroup, which a parent's counts for too; what the runtime says where it cannot be read. */
enum target_state target_state_of(const struct host *host, const struct target *target, const struct pin *pin)
{
	static const struct {
		const char *controller, *mount, *file, *frozen;
	} places[] = {
		{ "freezer", "sys/fs/cgroup/freezer", "freezer.state", "FROZEN" },
		{ "", "sys/fs/cgroup", "cgroup.events", "frozen 1" },
		{ "", "sys/fs/cgroup/unified", "cgroup.events", "frozen 1" },
	};
	const enum target_state stated = target->paused ? TARGET_PAUSED : TARGET_RUNNING;
	cleanup_buffer struct buffer text = { 0 }, state = { 0 };
	char cgroup[CGROUP_PATH_MAX], path[CGROUP_PATH_MAX + 64];

	if (io_read_file_at(pin->proc_fd, "cgroup", CGROUP_FILE_MAX, &text) < 0 || text.length == 0)
		return stated;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (cgroup_path_below(text.data, text.length, places[i].controller, cgroup, sizeof(cgroup)) < 0 ||
		    text_format(path, sizeof(path), "%s%s/%s", places[i].mount, cgroup, places[i].file) < 0 ||
		    io_read_file_at(host->root_fd, path, 4096, &state) < 0 || state.length == 0)
			continue;
		return strstr(state.data, places[i].frozen) != NULL ? TARGET_PAUSED : TARGET_RUNNING;
	}
	return stated;
}

int64_t target_since(const struct pin *pin)
{
	struct timespec now, since_boot;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)clock_gettime(CLOCK_BOOTTIME, &since_boot);
	return now.tv_sec - since_boot.tv_sec - (now.tv_nsec < since_boot.tv_nsec) +
	       (int64_t)pin->start_time / sysconf(_SC_CLK_TCK);
}

/* Also where only what an attach would read more of can show it. */
static int identify(const struct list *list, const struct runtime *runtime, struct target *target,
		    const struct pin *pin, struct err *err)
{
	int r = check_identity(&list->search, runtime, target, pin, err);

	if (r == 0 || err->kind != ERR_CHANGED || runtime->complete == NULL || target->start_time != 0)
		return r;
	struct err why = { 0 };
	if (runtime->complete(runtime, &list->search, target, &why) < 0 || target->start_time != pin->start_time)
		return r;
	return 0;
}

/* Negative: it cannot be told. A process that is none, or another's, is a container that is stopped. */
static int look_at(const struct list *list, const struct runtime *runtime, struct target *target, struct pin *ret_pin,
		   struct target_entry *entry, struct err *err)
{
	const struct host *host = list->search.files.host;
	struct stat st;
	int r = pin_open(host, target->pid, target->start_time, ret_pin, err);

	if (r == 0)
		r = identify(list, runtime, target, ret_pin, err);
	if (r == 0 && fstat(ret_pin->proc_fd, &st) < 0)
		r = err_sys(err, errno, "/proc/%d", target->pid);
	if (r == 0) {
		/* The folder's owner is the process's effective uid, for an undumpable one too. [proc_pid(5)] */
		entry->uid = st.st_uid;
		entry->since = target_since(ret_pin);
		entry->state = target_state_of(host, target, ret_pin);
		entry->pin = ret_pin;
		r = pin_verify(ret_pin, err);
	}
	if (r < 0 && (err->kind == ERR_GONE || err->kind == ERR_CHANGED || err->kind == ERR_USAGE)) {
		*entry = (struct target_entry) { .target = target };
		return 0;
	}
	return r;
}

static int tell(struct list *list, const struct runtime *runtime, struct target *target, struct err *err)
{
	__attribute__((cleanup(pin_done))) struct pin pin = PIN_INIT;
	struct target_entry entry = { .target = target };
	struct err why = { 0 };

	if (target->runtime == NULL)
		target->runtime = runtime->name;
	/* What these call an id is what somebody called the container. */
	if (target->name == NULL && !is_container_id(target->id))
		target->name = strdup(target->id);
	if (is_known(list, target))
		return 0;
	if (target->pid != 0 && look_at(list, runtime, target, &pin, &entry, &why) < 0) {
		(void)err_wrap(&why, "%s", target->id);
		return list_damaged(list, runtime, 0, &why);
	}
	if (!is_new(list, &entry) || (entry.state == TARGET_STOPPED && !list->stopped))
		return 0;
	list->failure = list->visitor->entry(&entry, list->visitor->context, err);
	return list->failure;
}

int list_add(struct list *list, const struct runtime *runtime, struct target *target, struct err *err)
{
	int r = target->id ? tell(list, runtime, target, err) : err_sys(err, ENOMEM, "listing containers");
	target_done(target);
	return r;
}

int target_list(const struct host *host, const char *runtime, bool stopped, const struct target_visitor *visitor,
		struct err *err)
{
	static const struct reference everything;
	struct list list = {
		.search = { .files = { .host = host }, .reference = &everything },
		.visitor = visitor,
		.stopped = stopped,
		.seen = json_object(),
	};
	bool known = false;
	int r = 0;

	list.search.list = &list;
	for (size_t i = 0; r == 0 && i < runtimes_count; i++) {
		const struct runtime *one = &runtimes[i];
		struct err why = { 0 };

		if (one->is_fallback || (runtime != NULL && strcmp(runtime, one->name) != 0))
			continue;
		known = true;
		r = one->visit(one, &list.search, &why);
		if (r < 0)
			r = list_damaged(&list, one, r, &why);
		if (r < 0 && err != NULL)
			*err = why;
	}
	json_decref(list.seen);
	return known ? r : err_set(err, ERR_USAGE, "unknown runtime \"%.32s\"", runtime);
}

const char *target_runtime_at(const struct host *host, size_t index, bool *ret_found)
{
	if (index >= runtimes_count || runtimes[index].is_fallback)
		return NULL;
	const char *folder = runtimes[index].folder;
	/* A link to an absolute path means one of the host's, wherever that is mounted. */
	cleanup_close int fd =
		folder == NULL ? -ENOENT : sys_openat2(host->root_fd, folder, O_PATH, 0, RESOLVE_IN_ROOT);

	*ret_found = fd >= 0;
	return runtimes[index].name;
}

int target_reference(const struct target *target, char *out, size_t size)
{
	const char *scope = target->scope != NULL ? target->scope : "";
	const char *slash = scope[0] == '\0' || strcmp(scope, "/") == 0 ? "" : "/";

	/* pid:N is a reference as it stands. */
	if (strcmp(target->runtime, "pid") == 0)
		return text_format(out, size, "%s", target->id);
	return text_format(out, size, "%s:%s%s%s", target->runtime, scope, slash, target->id);
}
