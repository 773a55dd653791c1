/* SPDX-License-Identifier: Apache-2.0 */
/* What the session will be. No system call in here. */
#include "plan.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/weaken.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#define SESSION_PIDS 512
#define MIB UINT64_C(1048576)
#define SESSION_MEMORY_MIN (512 * MIB)
#define SESSION_MEMORY_MAX (2048 * MIB)

void plan_done(struct attach_plan *plan)
{
	free(take_ptr(plan->groups));
	seccomp_programs_done(&plan->seccomp.programs);
	strv_done(&plan->env);
	strv_done(&plan->argv);
}

void plan_note(struct attach_plan *plan, const char *format, ...)
{
	va_list arguments;

	if (plan->notes_count == PLAN_NOTES_MAX)
		return;
	va_start(arguments, format);
	(void)vsnprintf(plan->notes[plan->notes_count++], sizeof(plan->notes[0]), format, arguments);
	va_end(arguments);
}

/* What a prompt may show: a shell expands it, so nothing but plain characters goes in. */
static void plan_label(const struct attach_facts *facts, struct attach_plan *plan)
{
	const char *name = facts->target.name != NULL ? facts->target.name : facts->target.id;
	size_t longest = facts->target.name != NULL ? sizeof(plan->label) - 1 : 12, i = 0;

	for (; name[i] != '\0' && i < longest; i++)
		plan->label[i] = isalnum((unsigned char)name[i]) || strchr("_.-:", name[i]) != NULL ? name[i] : '?';
	plan->label[i] = '\0';
}

static int plan_namespaces(const struct attach_request *request, const struct attach_facts *facts,
			   struct attach_plan *plan, struct err *err)
{
	unsigned differing = ns_set_differing(&facts->ours, &facts->theirs);
	unsigned all = NS_BIT(NS_KIND_MAX) - 1;

	plan->join = differing & (request->namespaces_given ? request->namespaces : all);
	plan->shared_with_host = all & ~ns_set_differing(&facts->host, &facts->theirs);
	/* Never the host's tree; from the host itself there would be nothing to join. */
	if (PROTECTED(HOST_NAMESPACES))
		plan->join &= ~(plan->shared_with_host & NS_BIT(NS_MNT));
	else
		plan->shared_with_host = all & ~differing;
	plan->foreign = plan->shared_with_host | (differing & ~plan->join);
	if (facts->host.inode[NS_NET] == 0 && PROTECTED(HOST_NAMESPACES))
		plan->foreign |= NS_BIT(NS_NET);
	plan->own_userns = (differing & NS_BIT(NS_USER)) != 0;
	plan->inside = facts->inside;
	if (facts->plain && !facts->owns_userns)
		return err_set(
			err, ERR_DENIED,
			"the target is in no user namespace that the caller has made, and without CAP_SYS_ADMIN he "
			"can enter no other");
	if (plan->own_userns && (plan->join & NS_BIT(NS_USER)) == 0)
		return err_set(
			err, ERR_REFUSED,
			"--ns without user: the target has a user namespace of its own, and its other namespaces "
			"belong to that; add user");
	if ((plan->foreign & NS_BIT(NS_PID)) != 0 && !request->host_pid && PROTECTED(HOST_PID_CHECK))
		return err_set(
			err, ERR_REFUSED,
			"the session would be in the host's PID namespace (%s) and could trace and kill every process "
			"of the host; add --host-pid if that is meant",
			(differing & NS_BIT(NS_PID)) != 0 ? "--ns leaves pid out" : "the target shares it");
	return 0;
}

static int plan_labels(const struct attach_request *request, const struct attach_facts *facts, struct attach_plan *plan,
		       struct err *err)
{
	enum lsm_choice choice = request->lsm_given ? request->lsm : request->profile->lsm;
	int result = lsm_plan_make(&facts->lsm, choice, &plan->lsm, err);
	char own[80], target[80]; /* --explain shows all of them */

	for (enum lsm_kind kind = 0; result == 0 && kind < LSM_KIND_MAX; kind++)
		if (lsm_plan_deviates(&plan->lsm, kind))
			plan_note(plan, "%s: the session stays under the caller's label %s; the target's is %s",
				  lsm_name(kind), text_shorten(facts->lsm.of[kind].own, own, sizeof(own)),
				  text_shorten(facts->lsm.of[kind].target, target, sizeof(target)));
	return result;
}

static void plan_limits(const struct attach_facts *facts, struct attach_plan *plan)
{
	uint64_t memory = facts->target_memory_limit;

	plan->limits.pids = SESSION_PIDS;
	plan->limits.memory = memory < SESSION_MEMORY_MIN ? SESSION_MEMORY_MIN :
			      memory > SESSION_MEMORY_MAX ? SESSION_MEMORY_MAX :
							    memory;
}

static int plan_command(const struct attach_request *request, struct attach_plan *plan, struct err *err)
{
	const char *shell = plan->shell;
	int result = 0;

	if (request->command_string != NULL) {
		result = strv_add(&plan->argv, shell);
		if (result == 0)
			result = strv_add(&plan->argv, "-c");
		if (result == 0 && request->command_string[0] == '-')
			result = strv_add(&plan->argv, "--"); /* else the shell takes it for an option */
		if (result == 0)
			result = strv_add(&plan->argv, request->command_string);
		/* `-c STRING ARG...` as sh(1) has it: $0 and the rest. */
		if (result == 0 && request->command.count > 0)
			result = strv_add(&plan->argv, shell);
	} else if (request->command.count == 0) {
		result = strv_add(&plan->argv, shell);
		if (result == 0)
			result = strv_add(&plan->argv, "-l");
	}
	for (size_t i = 0; result == 0 && i < request->command.count; i++)
		result = strv_add(&plan->argv, request->command.items[i]);
	return result < 0 ? err_sys(err, result, "the session's command") : 0;
}

/* The kernel shows both from the namespace's root; the session's root is that of the (perhaps chrooted) process. */
static const char *target_workdir(const struct attach_facts *facts)
{
	const char *cwd = facts->process.cwd, *root = facts->process.root;
	size_t length = root == NULL || strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (cwd == NULL || cwd[0] != '/' || strncmp(cwd, root == NULL ? "" : root, length) != 0)
		return "/"; /* unknown, or outside its own root */
	cwd += length;
	return *cwd == '/' ? cwd : "/";
}

static void plan_terminal(const struct attach_request *request, const struct attach_facts *facts,
			  struct attach_plan *plan)
{
	plan->terminal = request->terminal == TERMINAL_YES ||
			 (request->terminal == TERMINAL_AUTO && facts->stdin_tty && facts->stdout_tty);
}

int plan_toolbox(const struct attach_request *request, const struct attach_facts *facts, struct attach_plan *plan,
		 struct err *err)
{
	strv_done(&plan->argv);
	strv_done(&plan->env);
	if (request->shell == NULL)
		toolbox_shell(&facts->toolbox, plan->shell, sizeof(plan->shell));
	else if (text_format(plan->shell, sizeof(plan->shell), "%s", request->shell) < 0)
		return err_set(err, ERR_USAGE, "--shell: the path is too long");
	int result = plan_command(request, plan, err);
	return result < 0 ? result : environment_make(request, facts, plan, &plan->env, err);
}

static int make(const struct attach_request *request, const struct attach_facts *facts, struct attach_plan *plan,
		struct err *err)
{
	plan_label(facts, plan);
	plan_terminal(request, facts, plan);
	int result = plan_namespaces(request, facts, plan, err);
	if (result == 0)
		result = plan_privilege(request, facts, plan, err);
	if (result == 0)
		result = plan_labels(request, facts, plan, err);
	if (result < 0)
		return result;
	plan->view = (struct view_options) {
		.target_tree = (plan->join & NS_BIT(NS_MNT)) != 0,
		.write = request->write,
		.unmasked_proc = request->profile->unmasked_proc,
		.context = lsm_mount_context(&plan->lsm),
	};
	plan_limits(facts, plan);
	plan->workdir = request->workdir != NULL ? request->workdir :
			plan->view.target_tree   ? target_workdir(facts) :
						   "/";
	plan->workdir_fallback = request->workdir == NULL;
	if (facts->toolbox.note[0] != '\0')
		plan_note(plan, "%s", facts->toolbox.note);
	return plan_toolbox(request, facts, plan, err);
}

int plan_make(const struct attach_request *request, const struct attach_facts *facts, struct attach_plan *ret,
	      struct err *err)
{
	struct attach_plan plan = { 0 };
	int result = make(request, facts, &plan, err);

	if (result < 0) {
		plan_done(&plan);
		return result;
	}
	*ret = plan;
	return 0;
}
