/* SPDX-License-Identifier: Apache-2.0 */
/* What the session may do: the profile, what was asked for on top of it, and what the target is. */
#include "plan.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/weaken.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#define NETWORK_CAPABILITIES (CAPABILITY_BIT(CAP_NET_ADMIN) | CAPABILITY_BIT(CAP_NET_RAW))
#define WRITE_CAPABILITIES (CAPABILITY_BIT(CAP_DAC_OVERRIDE) | CAPABILITY_BIT(CAP_CHOWN) | CAPABILITY_BIT(CAP_FOWNER))

/* ---- capabilities ---------------------------------------------------------------------------------------------- */

static bool is_targets_user(const struct attach_facts *facts, const struct attach_plan *plan)
{
	return plan->host_uid == facts->process.status.uid[1];
}

/* By the profile's list: what a root session gets, and of it what another than root keeps. */
static struct capability_sets listed_sets(const struct attach_request *request, const struct attach_facts *facts,
					  const struct attach_plan *plan, uint64_t available)
{
	const struct profile *profile = request->profile;
	uint64_t mask = profile->all_capabilities ? available : profile->capabilities;

	/* A session that is to be no more than the target itself gets none that the target has not. */
	if (request->write && profile->ids == IDS_ROOT)
		mask |= WRITE_CAPABILITIES;
	mask = (mask & ~request->cap_drop) |
	       request->cap_add; /* what is added by name stays, also beside --cap-drop ALL */
	/* A profile that lists capabilities for the target's user means them to be in effect; for him alone. */
	uint64_t named = profile->ids == IDS_TARGET && is_targets_user(facts, plan) ? mask : request->cap_add;
	return capability_sets_of_session(plan->uid == 0, mask, named);
}

/* Exactly the target's; for another user than the target's what docker exec would give him in there. */
static struct capability_sets target_sets(const struct attach_request *request, const struct attach_facts *facts,
					  struct attach_plan *plan)
{
	const struct proc_status *status = &facts->process.status;
	uint64_t drop = request->cap_drop, add = request->cap_add, kept;
	struct capability_sets sets = {
		.inheritable = status->cap_inheritable,
		.permitted = status->cap_permitted,
		.effective = status->cap_effective,
		.bounding = status->cap_bounding,
		.ambient = status->cap_ambient,
	};

	if (!is_targets_user(facts, plan)) {
		kept = plan->uid == 0 ? sets.bounding : 0;
		sets = (struct capability_sets) { .permitted = kept, .effective = kept, .bounding = sets.bounding };
		plan_note(plan, "the session is another user than the target: it has %s",
			  plan->uid == 0 ? "all of the target's bounding set" : "no capability in effect");
	}
	kept = plan->uid == 0 ? 0 : add;
	sets = (struct capability_sets) {
		.inheritable = (sets.inheritable & ~drop) | kept,
		.permitted = (sets.permitted & ~drop) | add,
		.effective = (sets.effective & ~drop) | add,
		.bounding = (sets.bounding & ~drop) | add,
		.ambient = (sets.ambient & ~drop) | kept,
	};
	if (capability_sets_settle(plan->uid == 0, &sets))
		plan_note(plan,
			  "an exec would change the target's capability sets: the session has those of its effective "
			  "set, in the sets that an exec keeps");
	return sets;
}

static uint64_t all_of(const struct capability_sets *sets)
{
	return sets->inheritable | sets->permitted | sets->effective | sets->bounding | sets->ambient;
}

static const char *network_of(const struct attach_facts *facts, const struct attach_plan *plan)
{
	if (facts->host.inode[NS_NET] == 0)
		return "a network namespace that may be the host's (its process 1 is closed to the caller)";
	return (plan->shared_with_host & NS_BIT(NS_NET)) != 0 ||
			       facts->ours.inode[NS_NET] == facts->host.inode[NS_NET] ?
		       "the host's network namespace" :
		       "the caller's network namespace";
}

/* What the profile grants, less what the session must not have in a namespace that it shares with the host. */
static int plan_capabilities(const struct attach_request *request, const struct attach_facts *facts,
			     struct attach_plan *plan, struct err *err)
{
	uint64_t available = plan->own_userns ? capabilities_all() : facts->caller_capabilities;
	struct capability_sets sets = request->profile->target_capabilities ?
					      target_sets(request, facts, plan) :
					      listed_sets(request, facts, plan, available);
	uint64_t network = all_of(&sets) & NETWORK_CAPABILITIES;
	char names[1024];

	if ((plan->foreign & NS_BIT(NS_NET)) != 0 && !request->host_net && network != 0 && PROTECTED(HOST_NET_CHECK)) {
		plan_note(plan, "the session is in %s: %s dropped (--host-net keeps it)", network_of(facts, plan),
			  capabilities_format(network, names, sizeof(names)));
		sets.inheritable &= ~network;
		sets.permitted &= ~network;
		sets.effective &= ~network;
		sets.bounding &= ~network;
		sets.ambient &= ~network;
	}
	if ((all_of(&sets) & ~available) != 0)
		return err_set(err, ERR_DENIED,
			       "profile %s needs capabilities that the caller does not have: %s (less by --cap-drop or "
			       "another "
			       "--profile; more to a container by " CAPABILITY_HINT ")",
			       request->profile->name,
			       capabilities_format(all_of(&sets) & ~available, names, sizeof(names)));
	plan->capabilities = sets;
	return 0;
}

/* ---- seccomp --------------------------------------------------------------------------------------------------- */

/* The target is under a filter, and the session is to be too. A config states one; what else there is only a copy shows. */
static int plan_target_filter(const struct attach_facts *facts, bool by_name, struct attach_plan *plan, struct err *err)
{
	int filters = facts->process.status.seccomp_filters;
	bool stated = facts->config_has_seccomp, all_stated = stated && filters <= 1;
	char why[96] = "no config states the target's seccomp filter";

	if (stated)
		(void)snprintf(why, sizeof(why),
			       "the target is under %d seccomp filters, and its runtime's config states one", filters);
	if (all_stated || !by_name) {
		plan->seccomp.ours |= !stated;
		plan->seccomp.foreign = stated ? FOREIGN_CONFIG : FOREIGN_NONE;
		if (!all_stated)
			plan_note(plan, "%s: the session is under %s (--seccomp target copies %s)", why,
				  stated ? "that one alone" : "the default one", stated ? "them all" : "it");
		return 0;
	}
	if (facts->caller_seccomp_filters > 0)
		return err_set(
			err, ERR_UNSUPPORTED,
			"%s, and the kernel lets nobody copy filters who is under a filter himself, as the caller is; "
			"--seccomp default is an alternative",
			why);
	plan->seccomp.foreign = FOREIGN_COPY;
	plan_note(plan, "%s: %s copied from the process, which stops that for under 10 ms", why,
		  stated ? "all are" : "it is");
	return 0;
}

/*
 * The target's filter by name never makes a session weaker than its profile: where that would have ours, it stays underneath.
 */
static bool keeps_ours(const struct profile *profile, const struct attach_facts *facts)
{
	switch (profile->seccomp) {
	case SECCOMP_DEFAULT:
	case SECCOMP_FILE:
		return true;
	case SECCOMP_TARGET_OR_DEFAULT:
		return facts->process.status.seccomp != 2 || !facts->config_has_seccomp;
	case SECCOMP_TARGET:
	case SECCOMP_UNCONFINED:
		break;
	}
	return false;
}

static bool is_of_target(enum seccomp_mode mode)
{
	return mode == SECCOMP_TARGET || mode == SECCOMP_TARGET_OR_DEFAULT;
}

static int plan_seccomp(const struct attach_request *request, const struct attach_facts *facts,
			struct attach_plan *plan, struct err *err)
{
	const struct profile *profile = request->profile;
	enum seccomp_mode mode = request->seccomp_given ? request->seccomp : profile->seccomp;
	int under = facts->process.status.seccomp;

	if (is_of_target(profile->seccomp) && !is_of_target(mode) && under > 0)
		plan_note(plan,
			  "the session is not under the target's seccomp filter: --seccomp stands instead of what "
			  "profile %s has",
			  profile->name);
	switch (mode) {
	case SECCOMP_DEFAULT:
		plan->seccomp.ours = true;
		return 0;
	case SECCOMP_UNCONFINED:
		return 0;
	case SECCOMP_FILE:
		plan->seccomp.ours = profile->seccomp != SECCOMP_UNCONFINED;
		plan->seccomp.foreign = FOREIGN_FILE;
		return 0;
	case SECCOMP_TARGET_OR_DEFAULT:
		if (under == 2)
			return plan_target_filter(facts, false, plan, err);
		plan->seccomp.ours = true;
		return 0;
	case SECCOMP_TARGET:
		plan->seccomp.ours = keeps_ours(profile, facts);
		break;
	}
	if (under == 2)
		return plan_target_filter(facts, true, plan, err);
	if (under != 0)
		return err_set(err, ERR_UNSUPPORTED,
			       under == 1 ? "the target is in seccomp's strict mode, in which nothing can be executed" :
					    "the kernel does not say which seccomp filter the target is under");
	plan_note(plan, "the target is under no seccomp filter, and %s",
		  plan->seccomp.ours ? "the session under the default one" : "neither is the session");
	return 0;
}

/* ---- limits ---------------------------------------------------------------------------------------------------- */

static void plan_attributes(const struct attach_facts *facts, struct attach_plan *plan)
{
	if (!plan->profile->target_attributes)
		return;
	if (facts->process.status.no_new_privs == 0)
		plan_note(plan, "no_new_privs is on, unlike the target's: a set-user-ID program has no effect");
	if ((facts->caller_capabilities & CAPABILITY_BIT(CAP_SYS_RESOURCE)) != 0)
		return;
	plan->fall_short = true;
	for (int i = 0; i < RLIM_NLIMITS; i++)
		if (facts->process.limits.limit[i].rlim_max > facts->caller_limits.limit[i].rlim_max) {
			plan_note(plan, "the caller lacks CAP_SYS_RESOURCE: some of the target's limits are higher "
					"than the session's");
			break;
		}
	/* His own undumpable process's files are root's. */
	if (facts->plain && facts->process.oom_score_adj != facts->caller_oom_score_adj)
		plan_note(plan, "the session's oom_score_adj is the caller's %d, not the target's %d",
			  facts->caller_oom_score_adj, facts->process.oom_score_adj);
	else if (facts->process.oom_score_adj < facts->caller_oom_score_adj)
		plan_note(plan,
			  "the caller lacks CAP_SYS_RESOURCE: the session's oom_score_adj may be higher than the "
			  "target's %d",
			  facts->process.oom_score_adj);
}

int plan_privilege(const struct attach_request *request, const struct attach_facts *facts, struct attach_plan *plan,
		   struct err *err)
{
	plan->profile = request->profile;
	int result = plan_ids(request, facts, plan, err);
	if (result == 0)
		result = plan_capabilities(request, facts, plan, err);
	if (result == 0)
		result = plan_seccomp(request, facts, plan, err);
	if (result == 0)
		plan_attributes(facts, plan);
	return result;
}
