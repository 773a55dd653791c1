/* SPDX-License-Identifier: Apache-2.0 */
/* `dbgattach ls`: what can be entered on this host, as a table, as JSON, or as references to paste. */
#include "commands.h"
#include "option.h"
#include "output.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/json.h"
#include "dbgattach/base/log.h"
#include "dbgattach/inventory.h"
#include "dbgattach/ns.h"

#include <stdio.h>
#include <string.h>

struct request {
	struct output_request output;
	bool stopped, quiet;
	const char *runtime; /* of a filter, where there is one alone: the others' files need not be read */
	unsigned runtimes;
	struct inventory_filters filters;
};

static int apply_all(void *context, const char *value, struct err *err)
{
	struct request *request = context;

	(void)value;
	(void)err;
	request->stopped = true;
	return 0;
}

static int apply_quiet(void *context, const char *value, struct err *err)
{
	struct request *request = context;

	(void)value;
	(void)err;
	request->quiet = true;
	return 0;
}

static int apply_filter(void *context, const char *value, struct err *err)
{
	struct request *request = context;
	const char *runtime = "runtime=";

	if (strncmp(value, runtime, strlen(runtime)) == 0 && request->runtimes++ == 0)
		request->runtime = value + strlen(runtime);
	return inventory_filter_add(&request->filters, value, err);
}

static const struct option_spec ls_options[] = {
	{ 'a', "all", NULL, "those that do not run too", apply_all },
	{ 'f', "filter", "KEY=VALUE", "only these: runtime, name, image, pod, id or status; can be repeated",
	  apply_filter },
	{ 'o', "output", "FORMAT", "table (default), wide or json", output_apply_format_or_wide },
	{ 'q', "quiet", NULL, "references alone, which can be pasted", apply_quiet },
	{ 0, "host-root", "DIR", "in a container: where /run, /var and /proc of the host are", output_apply_host_root },
	{ 'h', "help", NULL, "print this", output_apply_help },
};
static const struct option_set ls_set = {
	.options = ls_options,
	.count = ARRAY_SIZE(ls_options),
	.help = "dbgattach ls --help",
	.usage = "ls [OPTIONS]",
	.about = "The containers of this host that run, of every runtime.",
	.exit_status = "0; 1 where something was left out, which is said; 125 failed.",
};

/* ---- what is printed --------------------------------------------------------------------------------------------- */

static const struct table_column short_columns[] = { { "RUNTIME", false }, { "ID", false },    { "NAME", false },
						     { "POD", false },     { "STATE", false }, { "SINCE", true },
						     { "ENTERED", true },  { "IMAGE", false } };
static const struct table_column wide_columns[] = { { "RUNTIME", false }, { "ID", false },    { "NAME", false },
						    { "POD", false },     { "STATE", false }, { "PID", true },
						    { "USER", true },     { "SINCE", false }, { "ENTERED", true },
						    { "IMAGE", false },   { "TARGET", false } };

struct listing {
	const struct request *request;
	struct sessions sessions;
	struct table table;
	struct json_rows rows;
	bool damaged;
};

static int add_json(struct listing *listing, const struct target_entry *entry, const char *reference, struct err *err)
{
	const struct target *target = entry->target;
	bool runs = entry->state != TARGET_STOPPED;
	char since[32];

	json_t *row = json_pack(
		"{s:s, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:i, s:o}", "runtime", target->runtime, "id",
		json_text(target->id), "name", json_text(target->name), "image", json_text(target->image), "pod",
		json_text(target->pod), "state", inventory_state_name(entry->state), "pid",
		runs ? json_integer(target->pid) : json_null(), "user", runs ? json_integer(entry->uid) : json_null(),
		"since", runs ? json_string(output_time(entry->since, since, sizeof(since))) : json_null(), "entered",
		(int)sessions_in(&listing->sessions, runs ? target->pid : 0), "target", json_text(reference));
	return json_rows_add(&listing->rows, row, err);
}

static int add_row(struct listing *listing, const struct target_entry *entry, const char *reference, struct err *err)
{
	const struct target *target = entry->target;
	bool wide = listing->request->output.format == OUTPUT_WIDE, runs = entry->state != TARGET_STOPPED;
	const char *state = inventory_state_name(entry->state);
	char id[REFERENCE_MAX], pid[16], user[16], since[32], entered[16];
	const char *const wide_cells[] = { target->runtime, target->id, target->name,  target->pod, state, pid, user,
					   since,           entered,    target->image, reference };
	const char *const short_cells[] = { target->runtime, id,    target->name, target->pod,
					    state,           since, entered,      target->image };

	/* Random ids are cut as everybody does; what somebody chose is shown whole. */
	(void)snprintf(id, sizeof(id), "%.*s", strlen(target->id) == 64 ? 12 : REFERENCE_MAX, target->id);
	(void)snprintf(pid, sizeof(pid), "%d", target->pid);
	(void)snprintf(user, sizeof(user), "%u", entry->uid);
	(void)snprintf(entered, sizeof(entered), "%u", sessions_in(&listing->sessions, target->pid));
	if (wide)
		(void)output_time(entry->since, since, sizeof(since));
	else
		(void)output_age(entry->since, since, sizeof(since));
	if (!runs)
		pid[0] = user[0] = since[0] = entered[0] = '\0';
	if (strcmp(entered, "0") == 0)
		entered[0] = '\0';
	return table_row(&listing->table, wide ? wide_cells : short_cells, err);
}

static int visit(const struct target_entry *entry, void *context, struct err *err)
{
	struct listing *listing = context;
	char reference[TARGET_REFERENCE_MAX];

	if (!inventory_fits(&listing->request->filters, entry))
		return 0;
	int result = target_reference(entry->target, reference, sizeof(reference));
	if (result < 0)
		return err_sys(err, result, "%s", entry->target->id);
	if (listing->request->quiet) {
		(void)puts(reference);
		return 0;
	}
	return listing->request->output.format == OUTPUT_JSON ? add_json(listing, entry, reference, err) :
								add_row(listing, entry, reference, err);
}

static void damaged(const char *runtime, const struct err *why, void *context)
{
	struct listing *listing = context;

	listing->damaged = true;
	log_note("%s: %s (left out: %s)", runtime, why->text, err_kind_name(why->kind));
}

static int list(const struct request *request, int *ret_status, struct err *err)
{
	bool wide = request->output.format == OUTPUT_WIDE;
	struct listing listing = {
		.request = request,
		.table = { .columns = wide ? wide_columns : short_columns,
			   .count = wide ? ARRAY_SIZE(wide_columns) : ARRAY_SIZE(short_columns) },
	};
	const struct target_visitor visitor = { visit, damaged, &listing };
	struct host host;
	int result = host_open(request->output.host_root, &host, err);

	if (result < 0)
		return result;
	ns_join_host_cgroup(host.proc_fd);
	if (!request->quiet)
		sessions_read(&host, &listing.sessions);
	result = target_list(&host, request->runtimes == 1 ? request->runtime : NULL, request->stopped, &visitor, err);
	if (result == 0 && !request->quiet && request->output.format == OUTPUT_JSON)
		json_rows_end(&listing.rows);
	else if (result == 0 && !request->quiet)
		table_end(&listing.table);
	sessions_done(&listing.sessions);
	host_done(&host);
	*ret_status = listing.damaged ? 1 : 0;
	return result;
}

int cmd_ls(int argc, char **argv, int *ret_status, struct err *err)
{
	struct request request = { 0 };
	int index = 0;
	int result = options_parse(&ls_set, argc, argv, &index, &request, err);

	if (result < 0)
		return result;
	if (request.output.help) {
		options_help(&ls_set, stdout);
		*ret_status = 0;
		return 0;
	}
	if (index < argc)
		return err_set(
			err, ERR_USAGE,
			"ls: what is %.64s for? It takes options only (--filter name=%.64s; a container called ls: "
			"dbgattach attach ls)",
			argv[index], argv[index]);
	return list(&request, ret_status, err);
}
