/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the last way to find a container, when no state file tells of it: its 64-digit id stands in the path of its processes'
 * cgroups, whichever runtime made it and wherever that keeps its files. Of those processes the oldest is meant: what `exec`
 * put there is younger, has the same parent, and may be the first of no PID namespace just as well.
 *
 * A container with cgroups of its own can name one like another container's id, but only beneath its own: so the outermost
 * id of a path counts, and one that stands deeper (a container in a container) only where no outermost one fits.
 */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/format/cgroup.h"
#include "dbgattach/format/proc_stat.h"
#include "src/target/processes.h"

#include <string.h>

#define CGROUP_FILE_MAX (256U << 10)
#define STAT_MAX 4096

struct scan {
	const struct runtime *runtime;
	struct search *search;
	bool nested; /* the second walk: the innermost id */
	struct buffer buffer;
};

static void scan_done(struct scan *scan)
{
	buffer_done(&scan->buffer);
}

/* Keeps the older one of two processes of a container. */
static int add(struct scan *scan, const char *id, enum match match, const char *told, pid_t pid, uint64_t start_time,
	       struct err *err)
{
	struct search *search = scan->search;

	for (size_t i = 0; i < search->count; i++) {
		struct target *known = &search->found[i].target;
		if (strcmp(known->id, id) != 0)
			continue;
		if (start_time < known->start_time) {
			known->pid = pid;
			known->start_time = start_time;
		}
		return 0;
	}
	struct target target = { .runtime = told, .id = strdup(id), .pid = pid, .start_time = start_time };
	return search_add(search, scan->runtime, match, &target, err);
}

static int visit(const struct process *process, void *context, struct err *err)
{
	struct scan *scan = context;
	struct proc_stat stat = { 0 };
	char id[CONTAINER_ID_LENGTH + 1] = "", outer[CONTAINER_ID_LENGTH + 1] = "";
	const char *wanted = scan->search->reference->runtime, *told = NULL;

	/* What cannot be read has ended, or is not ours to see. */
	if (io_read_file_at(process->folder, "cgroup", CGROUP_FILE_MAX, &scan->buffer) < 0 || scan->buffer.length == 0)
		return 0;
	int r = cgroup_outer_container(scan->buffer.data, scan->buffer.length, outer, &told);
	memcpy(id, outer, sizeof(id));
	if (r == 0 && scan->nested) {
		r = cgroup_container_id(scan->buffer.data, scan->buffer.length, id);
		told = NULL;
		/* It was looked at in the first walk. */
		if (r == 0 && strcmp(id, outer) == 0)
			return 0;
	}
	enum match match = r < 0 ? MATCH_NONE : search_match(scan->search, id, NULL);
	if (match == MATCH_NONE || (wanted[0] && told && strcmp(wanted, told) != 0))
		return 0;
	if (io_read_file_at(process->folder, "stat", STAT_MAX, &scan->buffer) < 0 ||
	    proc_stat_parse(scan->buffer.data, scan->buffer.length, &stat, NULL) < 0 || stat.state == 'Z')
		return 0;
	return add(scan, id, match, told, process->pid, stat.start_time, err);
}

int cgroup_visit(const struct runtime *runtime, struct search *search, struct err *err)
{
	__attribute__((cleanup(scan_done))) struct scan scan = { .runtime = runtime, .search = search };

	if (!search->is_full_id && !search->could_be_prefix)
		return 0;
	int r = processes_each(search->files.host, visit, &scan, err);
	if (r < 0 || search->count > 0)
		return r;
	scan.nested = true;
	return processes_each(search->files.host, visit, &scan, err);
}
