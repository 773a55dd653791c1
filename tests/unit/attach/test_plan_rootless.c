/* SPDX-License-Identifier: Apache-2.0 */
/* A caller without SYS_ADMIN: what he may enter, and the groups that nobody can leave in there. */
#include "tests/unit/attach/made.h"

#define CALLER 1000

/* His own container: its root is he, the rest are subordinate ids; it runs as one of those and is in three groups. */
static void be_plain(struct made *made)
{
	struct proc_status *status = &made->facts.process.status;
	static const gid_t groups[] = { 27, CALLER, 100001 };

	made_init(made);
	made_maps(made, "0 1000 1\n1 100000 65536\n", "0 1000 1\n1 100000 65536\n");
	made->facts.caller_capabilities = 0;
	made->facts.plain = made->facts.inside = made->facts.owns_userns = true;
	for (size_t i = 0; i < 4; i++)
		status->uid[i] = status->gid[i] = 100004;
	status->groups = calloc(ARRAY_SIZE(groups), sizeof(gid_t));
	assert_non_null(status->groups);
	memcpy(status->groups, groups, sizeof(groups));
	status->groups_count = ARRAY_SIZE(groups);
}

static void callers_groups(struct made *made, const gid_t *groups, size_t count)
{
	made->facts.setgroups_denied = true;
	made->facts.caller_groups = calloc(count + 1, sizeof(gid_t));
	assert_non_null(made->facts.caller_groups);
	memcpy(made->facts.caller_groups, groups, count * sizeof(gid_t));
	made->facts.caller_groups_count = count;
}

static void enters_what_is_his(void **state)
{
	(void)state;
	cleanup_made struct made made;

	be_plain(&made);
	cleanup_plan struct attach_plan plan = made_plan(&made);
	assert_true(plan.inside && plan.root_mapped && plan.own_userns);
	assert_int_equal(plan.host_uid, CALLER);
	assert_true((plan.capabilities.effective & CAPABILITY_BIT(19)) != 0); /* SYS_PTRACE, in there */
	assert_int_equal(plan.groups_count, 1);
	assert_false(plan.kept_groups);
}

static void enters_nothing_else(void **state)
{
	(void)state;
	cleanup_made struct made made;

	be_plain(&made);
	made.facts.owns_userns = false;
	assert_no_plan(&made, ERR_DENIED, "no user namespace that the caller has made");
	made_namespaces(&made, NS_CONTAINER);
	assert_no_plan(&made, ERR_DENIED, "no user namespace that the caller has made");
}

static void keeps_groups_that_the_target_is_in(void **state)
{
	(void)state;
	static const struct {
		gid_t groups[3], inside[3];
		size_t count;
		bool told;
	} rows[] = {
		{ { 0 }, { 0 }, 0, false },
		{ { CALLER }, { 0 }, 1, false },
		{ { 27, CALLER }, { 65534, 0 }, 2, true },
		{ { 27, CALLER, 100001 }, { 65534, 0, 2 }, 3, true },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_made struct made made;

		be_plain(&made);
		callers_groups(&made, rows[i].groups, rows[i].count);
		cleanup_plan struct attach_plan plan = made_plan(&made);
		assert_true(plan.kept_groups);
		assert_int_equal(plan.groups_count, rows[i].count);
		assert_memory_equal(plan.groups, rows[i].inside, rows[i].count * sizeof(gid_t));
		assert_int_equal(made_note(&plan, "forbids a change of groups"), rows[i].told);
	}
}

static void refuses_groups_of_the_caller_alone(void **state)
{
	(void)state;
	static const gid_t groups[] = { 27, 100, CALLER };
	cleanup_made struct made made;

	be_plain(&made);
	callers_groups(&made, groups, ARRAY_SIZE(groups));
	assert_no_plan(&made, ERR_REFUSED, "caller's group 100,");
	/* The target's groups, where asked for, are no other matter. */
	made.request.user = USER_TARGET;
	assert_no_plan(&made, ERR_REFUSED, "caller's group 100,");
}

static void what_is_not_the_targets_is_told(void **state)
{
	(void)state;
	cleanup_made struct made made;

	be_plain(&made);
	made.request.profile = profile_find("target");
	made.facts.process.status.groups_count = 0;
	made.facts.process.oom_score_adj = 200;
	cleanup_plan struct attach_plan plan = made_plan(&made);
	assert_true(plan.fall_short);
	assert_true(made_note(&plan, "oom_score_adj is the caller's 0, not the target's 200"));
	made.facts.caller_oom_score_adj = 200;
	cleanup_plan struct attach_plan same = made_plan(&made);
	assert_false(made_note(&same, "oom_score_adj"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(enters_what_is_his),
		cmocka_unit_test(enters_nothing_else),
		cmocka_unit_test(keeps_groups_that_the_target_is_in),
		cmocka_unit_test(refuses_groups_of_the_caller_alone),
		cmocka_unit_test(what_is_not_the_targets_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
