/* SPDX-License-Identifier: Apache-2.0 */
/* Who the session is and what it may do, by profile: ids, groups, the five sets. */
#include "tests/unit/attach/made.h"

#include <inttypes.h>
#include <linux/capability.h>

#define CAP(name) CAPABILITY_BIT(CAP_##name)
#define GENERAL (CAP(SYS_PTRACE) | CAP(DAC_READ_SEARCH) | CAP(KILL) | CAP(NET_RAW) | CAP(SETUID) | CAP(SETGID))
#define WRITE (CAP(DAC_OVERRIDE) | CAP(CHOWN) | CAP(FOWNER))
#define ALL UINT64_C(0x1ffffffffff)

static void be(struct made *made, const char *profile, uid_t uid, struct capability_sets sets)
{
	struct proc_status *status = &made->facts.process.status;

	made_init(made);
	made->request.profile = profile_find(profile);
	for (int i = 0; i < 4; i++)
		status->uid[i] = status->gid[i] = uid;
	status->cap_inheritable = sets.inheritable;
	status->cap_permitted = sets.permitted;
	status->cap_effective = sets.effective;
	status->cap_bounding = sets.bounding;
	status->cap_ambient = sets.ambient;
	status->no_new_privs = 1;
}

static void ids_and_sets_by_profile(void **state)
{
	(void)state;
	static const struct {
		const char *profile;
		bool write;
		uint64_t add, drop;
		uid_t uid; /* of the session; the target is 1000 */
		uint64_t effective, bounding, ambient;
	} rows[] = {
		{ "general", false, 0, 0, 0, GENERAL, GENERAL, 0 },
		{ "baseline", false, 0, 0, 0, CAP(DAC_READ_SEARCH), CAP(DAC_READ_SEARCH), 0 },
		{ "baseline", true, 0, 0, 0, CAP(DAC_READ_SEARCH) | WRITE, CAP(DAC_READ_SEARCH) | WRITE, 0 },
		{ "restricted", false, 0, 0, 1000, 0, 0, 0 },
		{ "restricted", true, 0, 0, 1000, 0, 0, 0 },
		{ "restricted", false, CAP(KILL), 0, 1000, CAP(KILL), CAP(KILL), CAP(KILL) },
		{ "netadmin", false, 0, 0, 0, GENERAL | CAP(NET_ADMIN) | CAP(NET_BIND_SERVICE),
		  GENERAL | CAP(NET_ADMIN) | CAP(NET_BIND_SERVICE), 0 },
		{ "netadmin", false, 0, GENERAL, 0, CAP(NET_ADMIN) | CAP(NET_BIND_SERVICE),
		  CAP(NET_ADMIN) | CAP(NET_BIND_SERVICE), 0 },
		{ "sysadmin", false, 0, 0, 0, ALL, ALL, 0 },
		{ "target", false, 0, 0, 1000, 0, CAP(CHOWN) | CAP(KILL), 0 },
		{ "target", true, 0, 0, 1000, 0, CAP(CHOWN) | CAP(KILL), 0 },
		{ "target", false, CAP(SYS_TIME), CAP(CHOWN), 1000, CAP(SYS_TIME), CAP(KILL) | CAP(SYS_TIME),
		  CAP(SYS_TIME) },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_made struct made made;

		be(&made, rows[i].profile, 1000, (struct capability_sets) { .bounding = CAP(CHOWN) | CAP(KILL) });
		made.request.write = rows[i].write;
		made.request.cap_add = rows[i].add;
		made.request.cap_drop = rows[i].drop;
		cleanup_plan struct attach_plan plan = made_plan(&made);
		assert_int_equal(plan.uid, rows[i].uid);
		assert_int_equal(plan.gid, rows[i].uid);
		assert_true(plan.capabilities.effective == (rows[i].effective & capabilities_all()));
		assert_true(plan.capabilities.permitted == plan.capabilities.effective);
		assert_true(plan.capabilities.bounding == (rows[i].bounding & capabilities_all()));
		assert_true(plan.capabilities.ambient == rows[i].ambient);
		assert_true(plan.capabilities.inheritable == rows[i].ambient);
	}
}

/* A target that is root: restricted has no capability all the same, and --write adds none. */
static void root_in_the_target(void **state)
{
	(void)state;
	static const char *const profiles[] = { "restricted", "target" };

	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		cleanup_made struct made made;
		const struct capability_sets none = { 0 };

		be(&made, profiles[i], 0, none);
		made.request.write = true;
		cleanup_plan struct attach_plan plan = made_plan(&made);
		assert_int_equal(plan.uid, 0);
		assert_memory_equal(&plan.capabilities, &none, sizeof(none));
	}
}

/* Whatever five sets the target has: those that an exec keeps are taken as they are, others come as near as they can. */
static void exactly_the_targets_sets(void **state)
{
	(void)state;
	const uint64_t a = CAP(CHOWN), b = CAP(KILL), c = CAP(SYS_TIME);
	const struct {
		uid_t uid;
		struct capability_sets is, gets; /* inheritable, permitted, effective, bounding, ambient */
	} rows[] = {
		{ 0, { 0, a | b, a | b, a | b, 0 }, { 0, a | b, a | b, a | b, 0 } },
		{ 0, { a, a | b, a | b, a | b, a }, { a, a | b, a | b, a | b, a } },
		{ 0, { 0, a, a, a | b, 0 }, { 0, a, a, a | b, 0 } },     /* gave some up: no_new_privs keeps it so */
		{ 0, { 0, a | b, a, a | b, 0 }, { 0, a, a, a | b, 0 } }, /* an exec would raise the other */
		{ 0, { 0, a | c, a | c, a, 0 }, { 0, a, a, a, 0 } },     /* not in the bounding set any more */
		{ 0, { c, a, a, a, 0 }, { 0, a, a, a, 0 } },
		{ 1000, { 0, 0, 0, a | b, 0 }, { 0, 0, 0, a | b, 0 } },
		{ 1000, { a, a, a, a | b, a }, { a, a, a, a | b, a } },
		{ 1000, { a | b, 0, 0, a | b, 0 }, { a | b, 0, 0, a | b, 0 } },
		{ 1000, { 0, a | b, a, a | b, 0 }, { a, a, a, a | b, a } }, /* set by itself, without ambient */
		{ 1000, { 0, a | c, a | c, a, 0 }, { a, a, a, a, a } },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_made struct made made;
		bool exact = memcmp(&rows[i].is, &rows[i].gets, sizeof(rows[i].is)) == 0;

		be(&made, "target", rows[i].uid, rows[i].is);
		cleanup_plan struct attach_plan plan = made_plan(&made);
		assert_memory_equal(&plan.capabilities, &rows[i].gets, sizeof(plan.capabilities));
		assert_int_equal(made_note(&plan, "an exec would change"), !exact);
		/* And what came out stays. */
		assert_false(capability_sets_settle(rows[i].uid == 0, &plan.capabilities));
	}
}

static void another_user_with_the_targets_sets(void **state)
{
	(void)state;
	const uint64_t a = CAP(CHOWN) | CAP(KILL);
	cleanup_made struct made made;

	be(&made, "target", 1000, (struct capability_sets) { a, a, a, a, a });
	made.request.user = USER_ROOT;
	cleanup_plan struct attach_plan root = made_plan(&made);
	const struct capability_sets of_root = { 0, a, a, a, 0 };
	assert_memory_equal(&root.capabilities, &of_root, sizeof(of_root));
	assert_true(made_note(&root, "another user"));

	made.request.user = USER_GIVEN;
	made.request.user_spec = (struct user_spec) { .uid = 5, .gid = 6 };
	cleanup_plan struct attach_plan other = made_plan(&made);
	const struct capability_sets of_other = { .bounding = a };
	assert_memory_equal(&other.capabilities, &of_other, sizeof(of_other));
	assert_int_equal(other.groups_count, 1);
	assert_int_equal(other.groups[0], 6);
}

/* A profile's list is in effect for root and for the user it was written for: another one has what --cap-add names. */
static void another_user_with_a_list_for_the_targets(void **state)
{
	(void)state;
	const uint64_t listed = CAP(NET_RAW) | CAP(KILL);
	static const struct {
		bool all;
		uint64_t add;
		enum attach_user user;
		uid_t uid;
		uint64_t effective, ambient;
	} rows[] = {
		{ false, 0, USER_OF_PROFILE, 0, CAP(NET_RAW) | CAP(KILL), CAP(NET_RAW) | CAP(KILL) },
		{ false, 0, USER_TARGET, 0, CAP(NET_RAW) | CAP(KILL), CAP(NET_RAW) | CAP(KILL) },
		{ false, 0, USER_GIVEN, 1000, CAP(NET_RAW) | CAP(KILL), CAP(NET_RAW) | CAP(KILL) },
		{ false, 0, USER_GIVEN, 5, 0, 0 },
		{ true, 0, USER_GIVEN, 5, 0, 0 },
		{ true, CAP(CHOWN), USER_GIVEN, 5, CAP(CHOWN), CAP(CHOWN) },
		{ false, 0, USER_ROOT, 0, CAP(NET_RAW) | CAP(KILL), 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct profile own = {
			.name = "own", .ids = IDS_TARGET, .capabilities = listed, .all_capabilities = rows[i].all
		};
		cleanup_made struct made made;

		be(&made, "restricted", 1000, (struct capability_sets) { 0 });
		made.request.profile = &own;
		made.request.cap_add = rows[i].add;
		made.request.user = rows[i].user;
		made.request.user_spec = (struct user_spec) { .uid = rows[i].uid, .gid = 6 };
		cleanup_plan struct attach_plan plan = made_plan(&made);
		const struct capability_sets *sets = &plan.capabilities;
		if (sets->effective != rows[i].effective || sets->permitted != rows[i].effective ||
		    sets->bounding != rows[i].effective || sets->ambient != rows[i].ambient ||
		    sets->inheritable != rows[i].ambient)
			fail_msg("row %zu: effective %" PRIx64 ", ambient %" PRIx64, i, sets->effective, sets->ambient);
	}
}

static void what_the_caller_has_not_is_not_granted(void **state)
{
	(void)state;
	cleanup_made struct made made;

	be(&made, "target", 0, (struct capability_sets) { 0, CAP(KILL), CAP(KILL), CAP(KILL) | CAP(CHOWN), 0 });
	made.facts.caller_capabilities = CAP(KILL);
	assert_no_plan(&made, ERR_DENIED, "profile target needs capabilities that the caller does not have: CHOWN");
	/* In a user namespace of the target's own the caller has them all. */
	made_namespaces(&made, NS_CONTAINER | NS_BIT(NS_USER));
	cleanup_plan struct attach_plan plan = made_plan(&made);
	assert_true(plan.capabilities.bounding == (CAP(KILL) | CAP(CHOWN)));
}

static void network_of_the_host(void **state)
{
	(void)state;
	static const char *const profiles[] = { "netadmin", "target" };
	const uint64_t network = CAP(NET_ADMIN) | CAP(NET_RAW);

	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		cleanup_made struct made made;
		const uint64_t all = network | CAP(KILL);

		be(&made, profiles[i], 1000, (struct capability_sets) { all, all, all, all, all });
		made_namespaces(&made, NS_CONTAINER & ~NS_BIT(NS_NET));
		cleanup_plan struct attach_plan plan = made_plan(&made);
		const uint64_t *sets = (const uint64_t *)&plan.capabilities;
		for (size_t j = 0; j < 5; j++)
			assert_true((sets[j] & network) == 0);
		assert_true((plan.capabilities.effective & CAP(KILL)) != 0);
		assert_true(made_note(&plan, "--host-net"));
		made.request.host_net = true;
		cleanup_plan struct attach_plan kept = made_plan(&made);
		assert_true((kept.capabilities.effective & network) == network);
	}
}

static void groups_of_the_session(void **state)
{
	(void)state;
	static const struct {
		const char *profile;
		enum attach_user user;
		gid_t groups[3];
		size_t count;
	} rows[] = {
		{ "general", USER_OF_PROFILE, { 0 }, 1 },
		{ "general", USER_TARGET, { 7, 9 }, 2 },
		{ "restricted", USER_OF_PROFILE, { 7, 9 }, 2 },
		{ "target", USER_OF_PROFILE, { 7, 9 }, 2 },
		{ "target", USER_ROOT, { 0 }, 1 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_made struct made made;
		struct proc_status *status = &made.facts.process.status;

		be(&made, rows[i].profile, 100005, (struct capability_sets) { 0 });
		made_maps(&made, "0 100000 65536\n", "0 100000 65536\n");
		status->groups = calloc(2, sizeof(gid_t));
		assert_non_null(status->groups);
		status->groups[0] = 100007;
		status->groups[1] = 100009;
		status->groups_count = 2;
		made.request.user = rows[i].user;
		cleanup_plan struct attach_plan plan = made_plan(&made);
		assert_int_equal(plan.groups_count, rows[i].count);
		assert_memory_equal(plan.groups, rows[i].groups, rows[i].count * sizeof(gid_t));
		assert_int_equal(plan.target_groups, rows[i].count == 2);
		status->groups[1] = 65536 + 100000;
		if (rows[i].count == 2)
			assert_no_plan(&made, ERR_MALFORMED, "group 165536");
	}
}

static void deviations_of_target_are_told(void **state)
{
	(void)state;
	cleanup_made struct made made;

	be(&made, "target", 0, (struct capability_sets) { 0 });
	made.facts.process.status.no_new_privs = 0;
	made.facts.process.status.uid[0] = 5;
	made.facts.process.limits.limit[RLIMIT_NOFILE].rlim_max = 2000;
	made.facts.caller_limits.limit[RLIMIT_NOFILE].rlim_max = 1000;
	made.facts.process.oom_score_adj = -5;
	cleanup_plan struct attach_plan able = made_plan(&made);
	assert_true(made_note(&able, "no_new_privs") && made_note(&able, "saved ids differ"));
	assert_false(able.fall_short || made_note(&able, "CAP_SYS_RESOURCE"));
	made.facts.caller_capabilities &= ~CAP(SYS_RESOURCE);
	cleanup_plan struct attach_plan unable = made_plan(&made);
	assert_true(unable.fall_short && made_note(&unable, "limits are higher"));
	assert_true(made_note(&unable, "target's -5"));
	made.request.profile = profile_find("general");
	cleanup_plan struct attach_plan general = made_plan(&made);
	assert_int_equal(general.notes_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_and_sets_by_profile),
		cmocka_unit_test(root_in_the_target),
		cmocka_unit_test(exactly_the_targets_sets),
		cmocka_unit_test(another_user_with_the_targets_sets),
		cmocka_unit_test(another_user_with_a_list_for_the_targets),
		cmocka_unit_test(what_the_caller_has_not_is_not_granted),
		cmocka_unit_test(network_of_the_host),
		cmocka_unit_test(groups_of_the_session),
		cmocka_unit_test(deviations_of_target_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
