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

struct scan {
	const struct runtime *runtime;
	struct search *search;
	struct buffer buffer;
};

static void scan_done(struct scan *scan)
{
	buffer_done(&scan->buffer);
}

static int visit(const struct process *process, void *context, struct err *err)
{
	struct scan *scan = context;
	struct search *search = scan->search;
	char name[COMMAND_NAME_MAX];
	uint64_t start_time;
	pid_t pid;

	if (process_read_command(process, NULL, search->files.owner, &scan->buffer) < 0)
		return 0;
	if (!command_line_lxc_name(scan->buffer.data, scan->buffer.length, name) || !reference_name_is_valid(name))
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

/* Worth a look at all processes. A plain user's folder may be anywhere, so where all are wanted his are looked for anyway. */
static bool is_likely(const struct runtime *runtime, const struct search *search)
{
	cleanup_close int folder = -EBADF;
	char path[PATH_MAX];

	if (search->list != NULL)
		return geteuid() != 0 || state_has_names(&search->files, runtime->folder);
	return text_format(path, sizeof(path), "%s/%s", runtime->folder, search->reference->name) == 0 &&
	       state_open_folder(&search->files, path, &folder, NULL) == 0;
}

int lxc_visit(const struct runtime *runtime, struct search *search, struct err *err)
{
	__attribute__((cleanup(scan_done))) struct scan scan = { .runtime = runtime, .search = search };
	uid_t owner = search->files.owner;
	struct user_folders user;

	if (!search->thorough && !is_likely(runtime, search))
		return 0;
	int r = users_find(search, &user, err);
	if (r < 0)
		return r;
	search->files.owner = user.uid;
	r = processes_each(search->files.host, visit, &scan, err);
	search->files.owner = owner;
	return r;
}
