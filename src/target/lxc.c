/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns how a container of LXC is found. LXC writes down neither its name nor its pid: the monitor's title is its name, and the
 * monitor's child in another PID namespace is its first process. So all processes are looked at, in the first round only
 * where root's LXC knows such a container.
 */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/format/command_line.h"
#include "src/target/processes.h"
#include "src/target/users.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* LXC makes it for the first container of all, wherever that has its own folder (lxc-start -P). */
#define RUN_FOLDER "/run/lxc"

/* Where one container shows, with its name behind it, before all processes are looked at. */
static const char *const places[] = {
	"/var/lib/lxc/",
	"/sys/fs/cgroup/unified/lxc.payload.",
	"/sys/fs/cgroup/lxc.payload.",
};

struct scan {
	const struct runtime *runtime;
	struct search *search;
	struct buffer *buffer;
};

static int visit(const struct process *process, void *context, struct err *err)
{
	struct scan *scan = context;
	struct search *search = scan->search;
	char name[COMMAND_NAME_MAX];
	uint64_t start_time;
	pid_t pid;

	if (process_read_command(process, NULL, search->files.owner, scan->buffer) < 0)
		return 0;
	if (!command_line_lxc_name(scan->buffer->data, scan->buffer->length, name) || !reference_name_is_valid(name))
		return 0;
	enum match match = search_match(search, name, NULL);
	if (match == MATCH_NONE || process_find_contained(search->files.host, process, &pid, &start_time) < 0)
		return 0;
	struct target target = {
		.id = strdup(name),
		.scope = search->reference->scope[0] ? strdup(search->reference->scope) : NULL,
		.pid = pid,
		.start_time = start_time,
		.user = search->files.owner,
	};
	return search_add(search, scan->runtime, match, &target, err);
}

static bool is_folder(const struct files *files, const char *path)
{
	cleanup_close int folder = -EBADF;

	return state_open_folder(files, path, &folder, NULL) == 0;
}

/* Worth a look at all processes. A plain user's folder may be anywhere, so where all are wanted his are looked for anyway. */
static bool is_likely(const struct search *search)
{
	char path[PATH_MAX];

	if (search->list != NULL)
		return geteuid() != 0 || is_folder(&search->files, RUN_FOLDER);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (text_format(path, sizeof(path), "%s%s", places[i], search->reference->name) == 0 &&
		    is_folder(&search->files, path))
			return true;
	return false;
}

int lxc_visit(const struct runtime *runtime, struct search *search, struct err *err)
{
	cleanup_buffer struct buffer buffer = { 0 };
	struct scan scan = { .runtime = runtime, .search = search, .buffer = &buffer };
	uid_t owner = search->files.owner;
	struct user_folders user;

	if (!search->thorough && !is_likely(search))
		return 0;
	int r = users_find(search, &user, err);
	if (r < 0)
		return r;
	search->files.owner = user.uid;
	r = processes_each(search->files.host, visit, &scan, err);
	search->files.owner = owner;
	return r;
}
