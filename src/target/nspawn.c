/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns how a container of systemd-nspawn is found: in systemd-machined's files where it is registered; else nspawn's own
 * command line names it, and nspawn's child in another PID namespace is its first process. All processes are looked at for
 * that, in the first round only where nspawn has made the folder that each of its machines has.
 */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/format/command_line.h"
#include "dbgattach/format/machine.h"
#include "src/target/processes.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define RUN_FOLDER "/run/systemd/nspawn"
#define PROPAGATE_FOLDER RUN_FOLDER "/propagate"

struct scan {
	const struct runtime *runtime;
	struct search *search;
	struct buffer *buffer;
};

static int add_registered(const struct runtime *runtime, struct search *search, const char *name, struct err *err)
{
	cleanup_buffer struct buffer buffer = { 0 };
	struct machine machine = { 0 };
	char path[PATH_MAX];

	int r = text_format(path, sizeof(path), "%s/%s", runtime->folder, name);
	if (r < 0)
		return err_sys(err, r, "%s", runtime->folder);
	r = state_read(&search->files, path, &buffer, err);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = machine_parse(buffer.data, buffer.length, &machine, err);
	if (r < 0)
		return err_wrap(err, "%s", path);
	if (!machine.is_container)
		return 0;
	struct target target = {
		.id = strdup(name),
		.pid = machine.leader,
		.unit = machine.unit[0] ? strdup(machine.unit) : NULL,
	};
	return search_add(search, runtime, MATCH_NAME, &target, err);
}

/* The machine that a process is the supervisor of, if it is one. */
static bool machine_of(const struct process *process, struct buffer *buffer, char name[COMMAND_NAME_MAX])
{
	return process_read_command(process, "systemd-nspawn", 0, buffer) == 0 &&
	       command_line_nspawn_machine(buffer->data, buffer->length, name) && reference_name_is_valid(name);
}

static int visit(const struct process *process, void *context, struct err *err)
{
	struct scan *scan = context;
	struct search *search = scan->search;
	char name[COMMAND_NAME_MAX];
	uint64_t start_time;
	pid_t pid;

	if (!machine_of(process, scan->buffer, name))
		return 0;
	enum match match = search_match(search, name, NULL);
	if (match == MATCH_NONE || process_find_contained(search->files.host, process, &pid, &start_time) < 0)
		return 0;
	struct target target = { .id = strdup(name), .pid = pid, .start_time = start_time };
	return search_add(search, scan->runtime, match, &target, err);
}

static bool nspawn_has_it(const struct search *search)
{
	cleanup_close int folder = -EBADF;
	char path[PATH_MAX];

	return text_format(path, sizeof(path), PROPAGATE_FOLDER "/%s", search->reference->name) == 0 &&
	       state_open_folder(&search->files, path, &folder, NULL) == 0;
}

static int visit_registered(const char *name, void *context, struct err *err)
{
	struct scan *scan = context;
	int r = add_registered(scan->runtime, scan->search, name, err);

	return r < 0 ? search_damaged(scan->search, scan->runtime, r, err) : 0;
}

/* The registered ones; the others where nspawn has ever been. */
static int visit_all(struct scan *scan, struct err *err)
{
	cleanup_close int folder = -EBADF;
	const struct files *files = &scan->search->files;

	int r = state_open_folder(files, scan->runtime->folder, &folder, err);
	if (r == 0)
		r = state_each_name(folder, visit_registered, scan, err);
	if (r < 0 && r != -ENOENT)
		return r;
	close_quietly(take_fd(folder));
	return state_open_folder(files, RUN_FOLDER, &folder, NULL) < 0 ? 0 :
									 processes_each(files->host, visit, scan, err);
}

int nspawn_visit(const struct runtime *runtime, struct search *search, struct err *err)
{
	cleanup_buffer struct buffer buffer = { 0 };
	struct scan scan = { .runtime = runtime, .search = search, .buffer = &buffer };
	size_t before = search->count;

	if (search->list != NULL)
		return visit_all(&scan, err);
	if (!search->thorough) {
		int r = add_registered(runtime, search, search->reference->name, err);
		if (r < 0 || search->count > before || !nspawn_has_it(search))
			return r;
	}
	return processes_each(search->files.host, visit, &scan, err);
}

struct proof {
	const struct host *host;
	struct target *target;
	struct buffer *buffer;
};

static int visit_for_proof(const struct process *process, void *context, struct err *err)
{
	struct proof *proof = context;
	char name[COMMAND_NAME_MAX];
	uint64_t start_time;
	pid_t pid;

	(void)err;
	if (machine_of(process, proof->buffer, name) && strcmp(name, proof->target->id) == 0 &&
	    process_find_contained(proof->host, process, &pid, &start_time) == 0 && pid == proof->target->pid)
		proof->target->start_time = start_time;
	return 0;
}

/* A registered one whose leader somebody has moved out of its cgroup is still the child of its supervisor. */
int nspawn_read_start_time(const struct search *search, struct target *target, struct err *err)
{
	cleanup_buffer struct buffer buffer = { 0 };
	struct proof proof = { search->files.host, target, &buffer };

	return processes_each(search->files.host, visit_for_proof, &proof, err);
}
