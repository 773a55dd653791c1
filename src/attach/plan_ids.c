/* SPDX-License-Identifier: Apache-2.0 */
/* Who the session is: its ids and groups, in the target's user namespace and as the host sees them. */
#include "plan.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/weaken.h"

#include <errno.h>

#define OVERFLOW_ID 65534 /* how the kernel shows what a map lacks */

/* One namespace, one view: then the maps are relative to the parent's and say nothing here. */
static const struct idmap identity = { .count = 1, .extents = { { 0, 0, UINT32_MAX } } };

static int map_id(const struct idmap *map, const char *what, uint32_t inside, uint32_t *ret_outside, struct err *err)
{
	if (idmap_to_outside(map, inside, ret_outside) == 0)
		return 0;
	if (map->count == 0)
		return err_set(err, ERR_REFUSED,
			       "%s %u is not mapped in the target's user namespace (its map is empty)", what, inside);
	return err_set(err, ERR_REFUSED, "%s %u is not mapped in the target's user namespace (its map begins %u %u %u)",
		       what, inside, map->extents[0].inside, map->extents[0].outside, map->extents[0].count);
}

static enum attach_user user_of(const struct attach_request *request)
{
	if (request->user != USER_OF_PROFILE)
		return request->user;
	return request->profile->ids == IDS_TARGET ? USER_TARGET : USER_ROOT;
}

static int take_target_groups(const struct attach_facts *facts, const struct idmap *gid_map, struct attach_plan *plan,
			      struct err *err)
{
	const struct proc_status *status = &facts->process.status;

	plan->target_groups = true;
	plan->groups_count = status->groups_count;
	plan->groups = calloc(status->groups_count + 1, sizeof(*plan->groups));
	if (plan->groups == NULL)
		return err_sys(err, ENOMEM, "the target's groups");
	for (size_t i = 0; i < status->groups_count; i++)
		if (idmap_to_inside(gid_map, status->groups[i], &plan->groups[i]) < 0)
			return err_set(
				err, ERR_MALFORMED,
				"the target has group %u, which its own user namespace does not map (-u UID:GID names "
				"the session's)",
				status->groups[i]);
	return 0;
}

static bool has_group(const gid_t *groups, size_t count, gid_t group)
{
	for (size_t i = 0; i < count; i++)
		if (groups[i] == group)
			return true;
	return false;
}

/*
 * Whoever makes a user namespace without SETGID can never change groups in it, and neither can who joins it: the session stays in
 * the caller's. That is no weaker as long as the target, which could not leave its maker's either, is in each of them.
 */
static int keep_groups(const struct attach_facts *facts, const struct idmap *gid_map, struct attach_plan *plan,
		       struct err *err)
{
	const struct proc_status *status = &facts->process.status;
	size_t count = facts->caller_groups_count;
	bool others = false;

	for (size_t i = 0; i < count; i++) {
		gid_t group = facts->caller_groups[i];
		bool primary = group == plan->host_gid;

		others |= !primary;
		if (!primary && !has_group(status->groups, status->groups_count, group) && PROTECTED(KEPT_GROUPS))
			return err_set(err, ERR_REFUSED,
				       "the target's user namespace forbids a change of groups, and the session would "
				       "stay in the caller's group %u, in which the target is not",
				       group);
	}
	gid_t *groups = calloc(count + 1, sizeof(*groups));
	if (groups == NULL)
		return err_sys(err, ENOMEM, "the session's groups");
	for (size_t i = 0; i < count; i++)
		if (idmap_to_inside(gid_map, facts->caller_groups[i], &groups[i]) < 0)
			groups[i] = OVERFLOW_ID;
	plan->groups = groups;
	plan->groups_count = count;
	plan->kept_groups = true;
	if (others)
		plan_note(plan, "the target's user namespace forbids a change of groups: the session stays in those of "
				"the caller's, "
				"in which the target is too");
	return 0;
}

/* Exactly one, the primary one: an empty list would undo "deny this group" file modes. */
static int take_own_group(struct attach_plan *plan, struct err *err)
{
	plan->groups = malloc(sizeof(*plan->groups));
	if (plan->groups == NULL)
		return err_sys(err, ENOMEM, "the session's groups");
	plan->groups[0] = plan->gid;
	plan->groups_count = 1;
	return 0;
}

static void note_odd_ids(const struct proc_status *status, struct attach_plan *plan)
{
	for (int i = 0; i < 4; i++)
		if (status->uid[i] != status->uid[1] || status->gid[i] != status->gid[1]) {
			plan_note(plan, "the target's real, effective and saved ids differ: the session has its "
					"effective ones");
			return;
		}
}

int plan_ids(const struct attach_request *request, const struct attach_facts *facts, struct attach_plan *plan,
	     struct err *err)
{
	const struct proc_status *status = &facts->process.status;
	const struct idmap *uid_map = plan->own_userns ? &facts->process.uid_map : &identity;
	const struct idmap *gid_map = plan->own_userns ? &facts->process.gid_map : &identity;
	enum attach_user user = user_of(request);
	uint32_t target_uid = 0, target_gid = 0;

	if (idmap_to_inside(uid_map, status->uid[1], &target_uid) < 0 ||
	    idmap_to_inside(gid_map, status->gid[1], &target_gid) < 0)
		return err_set(err, ERR_MALFORMED,
			       "the target runs as %u:%u, which its own user namespace does not map", status->uid[1],
			       status->gid[1]);
	if (user == USER_TARGET) {
		plan->uid = target_uid;
		plan->gid = target_gid;
		note_odd_ids(status, plan);
	} else if (user == USER_GIVEN) {
		plan->uid = request->user_spec.name[0] != '\0' ? facts->named_uid : request->user_spec.uid;
		plan->gid = request->user_spec.gid != (gid_t)-1 ? request->user_spec.gid :
			    request->user_spec.name[0] != '\0'  ? facts->named_gid :
			    plan->uid == 0                      ? 0 :
								  target_gid;
	}
	int result = map_id(uid_map, "uid", plan->uid, &plan->host_uid, err);
	if (result == 0)
		result = map_id(gid_map, "gid", plan->gid, &plan->host_gid, err);
	if (result == 0)
		result = facts->setgroups_denied ? keep_groups(facts, gid_map, plan, err) :
			 user == USER_TARGET     ? take_target_groups(facts, gid_map, plan, err) :
						   take_own_group(plan, err);
	if (result < 0)
		return result;
	/* The files that only root of the namespace owns (toolbox, /dev); a namespace without root shows them as the session's. */
	plan->root_mapped = idmap_to_outside(uid_map, 0, &plan->root_host_uid) == 0 &&
			    idmap_to_outside(gid_map, 0, &plan->root_host_gid) == 0;
	if (!plan->root_mapped) {
		plan->root_host_uid = plan->host_uid;
		plan->root_host_gid = plan->host_gid;
	}
	return 0;
}
