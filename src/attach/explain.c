/* SPDX-License-Identifier: Apache-2.0 */
/* The plan for people: the same structure that is run, nothing computed here. */
#include "plan.h"
#include "steps.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

static void __attribute__((format(printf, 3, 4))) row(FILE *out, const char *title, const char *format, ...)
{
	char text[4096], safe[4096];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	(void)fprintf(out, "%-14s %s\n", title, text_escape(text, strlen(text), safe, sizeof(safe)));
}

static void print_target(const struct attach_facts *facts, FILE *out)
{
	const struct target *target = &facts->target;
	const struct proc_status *status = &facts->process.status;
	char caps[1024];

	row(out, "target", "%s %s%s%s%s", target->runtime, target->id, target->name != NULL ? " (" : "",
	    target->name != NULL ? target->name : "", target->name != NULL ? ")" : "");
	if (target->image != NULL)
		row(out, "image", "%s", target->image);
	row(out, "process", "pid %d (%d inside), uid %u gid %u%s", target->pid, status->nspid, status->uid[1],
	    status->gid[1], target->paused ? ", paused" : "");
	row(out, "", "capabilities %s, no_new_privs %d, seccomp %d",
	    capabilities_format(status->cap_permitted, caps, sizeof(caps)), status->no_new_privs, status->seccomp);
}

static void print_capabilities(const struct capability_sets *sets, FILE *out)
{
	const struct {
		const char *title, *name;
		uint64_t mask;
	} rows[] = {
		{ "capabilities", "effective", sets->effective },
		{ "", "permitted", sets->permitted },
		{ "", "bounding", sets->bounding },
		{ "", "inheritable", sets->inheritable },
		{ "", "ambient", sets->ambient },
	};
	char text[1024];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		row(out, rows[i].title, "%-11s %s", rows[i].name,
		    capabilities_format(rows[i].mask, text, sizeof(text)));
}

static const char *format_groups(const struct attach_plan *plan, char *out, size_t size)
{
	size_t used = 0;

	(void)snprintf(out, size, "none");
	for (size_t i = 0; i < plan->groups_count && used + 16 < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%u", i > 0 ? " " : "", plan->groups[i]);
	return out;
}

/* What filters there will be, where the others come from, and who loads them. */
static void print_seccomp(const struct attach_facts *facts, const struct attach_plan *plan, FILE *out)
{
	static const char *const origins[] = {
		[FOREIGN_CONFIG] = "the target's, from its runtime's config",
		[FOREIGN_COPY] = "the target's, copied from the process (PTRACE_SECCOMP_GET_FILTER)",
		[FOREIGN_FILE] = "the caller's profile",
	};
	const struct plan_seccomp *seccomp = &plan->seccomp;
	int inherited = facts->caller_seccomp_filters, copied = facts->process.status.seccomp_filters;
	int foreign = seccomp->foreign == FOREIGN_NONE ? 0 :
		      seccomp->foreign == FOREIGN_COPY ? (copied > 0 ? copied : 1) :
							 (int)seccomp->programs.count;

	/* A copy is not made here: it would stop the target. What it says decides about its place. */
	const char *place = seccomp->foreign == FOREIGN_COPY ?
				    "before the session is visible, if its init can live under it" :
			    seccomp->early ? "before the session is visible" :
					     "by the command's process, last before it is executed";

	row(out, "seccomp", "%s", seccomp->ours ? "default filter" : foreign > 0 ? "no default filter" : "none");
	if (foreign > 0)
		row(out, "", "%s: %d", origins[seccomp->foreign], foreign);
	if (foreign > 0)
		row(out, "", "loaded %s", place);
	row(out, "", "filters in all: %d%s", inherited + foreign + (seccomp->ours ? 1 : 0),
	    inherited > 0 ? ", the caller's own among them" : "");
}

static void print_labels(const struct lsm_plan *plan, FILE *out)
{
	const char *title = "lsm";

	for (enum lsm_kind kind = 0; kind < LSM_KIND_MAX; kind++) {
		const char *label = lsm_planned_label(plan, kind);

		if (label == NULL)
			continue;
		row(out, title, "%s: %s (%s)", lsm_name(kind), label,
		    lsm_plan_adopts(plan, kind)   ? "the target's" :
		    lsm_plan_deviates(plan, kind) ? "the caller's, not the target's" :
						    "the target's and the caller's");
		if (lsm_plan_deviates(plan, kind))
			row(out, "", "the target's: %s", plan->facts->of[kind].target);
		title = "";
	}
	if (*title != '\0')
		row(out, title, "no module with labels is active");
}

static void print_session(const struct attach_facts *facts, const struct attach_plan *plan, FILE *out)
{
	char text[1024];

	row(out, "namespaces", "join %s", ns_format_list(plan->join, text, sizeof(text)));
	row(out, "", "shared with the host: %s", ns_format_list(plan->shared_with_host, text, sizeof(text)));
	row(out, "profile", "%s (%s)", plan->profile->name, plan->profile->summary);
	row(out, "ids", "uid %u gid %u (%u:%u on the host)", plan->uid, plan->gid, plan->host_uid, plan->host_gid);
	row(out, "groups", "%s", format_groups(plan, text, sizeof(text)));
	print_capabilities(&plan->capabilities, out);
	row(out, "no_new_privs", "1");
	print_seccomp(facts, plan, out);
	row(out, "limits", "%s",
	    facts->plain ? "the target's, as far as the caller's allow; oom_score_adj the caller's" :
	    !plan->profile->target_attributes ? "the target's, core files 0; umask 022; oom_score_adj the target's, "
						"at least 0" :
						"resource limits, umask and oom_score_adj exactly the target's");
	print_labels(&plan->lsm, out);
	row(out, "devices", "%s", plan->profile->all_devices ? "all" : "null, zero, full, random, urandom, terminals");
	row(out, "cgroup", "own%s: pids %" PRIu64 ", memory %" PRIu64 " MiB",
	    facts->plain ? ", if the caller may make one; else none, which is said" : "", plan->limits.pids,
	    plan->limits.memory / (1024 * 1024));
}

static void print_view(const struct attach_facts *facts, const struct attach_plan *plan, FILE *out)
{
	char label[512];
	const struct view_options *view = &plan->view;

	toolbox_label(&facts->toolbox, label, sizeof(label));
	row(out, "view", "%-12s %s", "/",
	    !view->target_tree ? "empty, read-only" :
	    view->write        ? "the target's tree, writable where it is for the target; / itself read-only" :
				 "the target's tree, read-only");
	if (view->context != NULL)
		row(out, "", "our own filesystems are mounted with context=%s", view->context);
	row(out, "", "%-12s toolbox %s, read-only superblock", TOOLBOX_PREFIX, label);
	row(out, "", "%-12s %s", TOOLBOX_PREFIX "/rw", "HOME and TMPDIR, tmpfs, ends with the session");
	row(out, "", "%-12s %s", "/proc",
	    view->unmasked_proc ? "of the PID namespace, as the target has it" :
				  "of the PID namespace; sys, irq, bus, fs, sysrq-trigger read-only");
	row(out, "", "%-12s %s", "/dev",
	    plan->inside ? "private: own pts, null, zero, full, random, urandom, tty bound from the host's; the "
			   "target's rest" :
			   "private: own pts, null, zero, full, random, urandom, tty; the target's rest");
	if (view->target_tree && !view->write)
		row(out, "", "a session that may ptrace the target can change it through /proc/PID all the same");
	row(out, "workdir", "%s", plan->workdir);
}

static void print_command(const struct attach_plan *plan, FILE *out)
{
	char text[4096];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < plan->argv.count && used < sizeof(text); i++) {
		int length = snprintf(text + used, sizeof(text) - used, "%s%s", i > 0 ? " " : "", plan->argv.items[i]);
		used += length < 0 ? 0 : (size_t)length;
	}
	row(out, "command", "%s", text);
	row(out, "terminal", "%s", plan->terminal ? "a pseudo-terminal of its own" : "none: three pipes");
	for (size_t i = 0; i < plan->env.count; i++)
		row(out, i == 0 ? "environment" : "", "%s", plan->env.items[i]);
}

static void print_steps(const char *title, const struct step *steps, size_t count, FILE *out)
{
	for (size_t i = 0; i < count; i++)
		row(out, i == 0 ? title : "", "%-13s %s", steps[i].name, steps[i].reason);
}

void plan_print(const struct attach_request *request, const struct attach_facts *facts, const struct attach_plan *plan,
		FILE *out)
{
	print_target(facts, out);
	print_session(facts, plan, out);
	print_view(facts, plan, out);
	print_command(plan, out);
	if (request->timeout_s > 0)
		row(out, "timeout", "%u s", request->timeout_s);
	for (size_t i = 0; i < plan->notes_count; i++)
		row(out, "note", "%s", plan->notes[i]);
	print_steps("monitor", monitor_steps, monitor_steps_count, out);
	print_steps("entry", entry_steps, entry_steps_count, out);
}
