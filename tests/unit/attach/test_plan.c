/* SPDX-License-Identifier: Apache-2.0 */
/* The plan as a pure function: every row is a request and facts that no kernel had to make. */
#include "tests/unit/attach/made.h"

#include <linux/capability.h>

#define CAP(name) CAPABILITY_BIT(CAP_##name)
#define GENERAL (CAP(SYS_PTRACE) | CAP(DAC_READ_SEARCH) | CAP(KILL) | CAP(NET_RAW) | CAP(SETUID) | CAP(SETGID))
#define WRITE (CAP(DAC_OVERRIDE) | CAP(CHOWN) | CAP(FOWNER))
#define GIB (UINT64_C(1) << 30)

static void joins_what_differs(void **state)
{
	(void)state;
	static const struct {
		unsigned differing;
		const char *list; /* --ns */
		bool host_pid;
		unsigned join;
	} rows[] = {
		{ NS_CONTAINER, NULL, false, NS_CONTAINER },
		{ NS_ALL, NULL, false, NS_ALL },
		{ NS_CONTAINER, "pid,mnt", false, NS_BIT(NS_PID) | NS_BIT(NS_MNT) },
		{ NS_CONTAINER, "pid", false, NS_BIT(NS_PID) },
		{ NS_CONTAINER, "time,user,pid", false, NS_BIT(NS_PID) }, /* shared ones are asked for in vain */
		{ NS_ALL, "user,pid,time", false, NS_BIT(NS_USER) | NS_BIT(NS_PID) | NS_BIT(NS_TIME) },
		{ NS_CONTAINER & ~NS_BIT(NS_PID), NULL, true, NS_CONTAINER & ~NS_BIT(NS_PID) },
		{ NS_CONTAINER, "mnt", true, NS_BIT(NS_MNT) },
		{ 0, NULL, true, 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_made struct made made;
		struct err err;

		made_init(&made);
		made_namespaces(&made, rows[i].differing);
		made.request.host_pid = rows[i].host_pid;
		made.request.namespaces_given = rows[i].list != NULL;
		if (rows[i].list != NULL)
			assert_success(ns_parse_list(rows[i].list, &made.request.namespaces, &err), err);
		cleanup_plan struct attach_plan plan = made_plan(&made);
		assert_int_equal(plan.join, rows[i].join);
		assert_int_equal(plan.shared_with_host, NS_ALL & ~rows[i].differing);
		assert_int_equal(plan.own_userns, (rows[i].differing & NS_BIT(NS_USER)) != 0);
		assert_int_equal(plan.view.target_tree, (rows[i].join & NS_BIT(NS_MNT)) != 0);
	}
}

static void refuses_unsafe_namespaces(void **state)
{
	(void)state;
	static const struct {
		unsigned differing, namespaces; /* 0: --ns is not given */
		bool host_pid;
		const char *says;
	} rows[] = {
		{ NS_ALL, NS_CONTAINER, true, "add user" },
		{ NS_ALL, NS_BIT(NS_PID), false, "add user" },
		{ NS_CONTAINER & ~NS_BIT(NS_PID), 0, false, "the target shares it" },
		{ NS_CONTAINER & ~NS_BIT(NS_PID), NS_BIT(NS_PID), false, "--host-pid" },
		{ NS_CONTAINER, NS_BIT(NS_MNT), false, "--ns leaves pid out" },
		{ 0, 0, false, "--host-pid" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_made struct made made;

		made_init(&made);
		made_namespaces(&made, rows[i].differing);
		made.request.host_pid = rows[i].host_pid;
		made.request.namespaces_given = rows[i].namespaces != 0;
		made.request.namespaces = rows[i].namespaces;
		assert_no_plan(&made, ERR_REFUSED, rows[i].says);
	}
}

static void drops_network_capabilities_on_the_hosts_network(void **state)
{
	(void)state;
	static const struct {
		bool shared, host_net;
		const char *profile;
		uint64_t cap_add, cap_drop, bounding;
		const char *note;
	} rows[] = {
		{ false, false, "general", 0, 0, GENERAL, NULL },
		{ true, false, "general", 0, 0, GENERAL & ~CAP(NET_RAW), "NET_RAW" },
		{ true, true, "general", 0, 0, GENERAL, NULL },
		{ true, false, "general", 0, CAP(NET_RAW), GENERAL & ~CAP(NET_RAW), NULL },
		{ true, false, "general", CAP(NET_ADMIN), 0, GENERAL & ~CAP(NET_RAW), "NET_ADMIN NET_RAW" },
		{ true, true, "general", CAP(NET_ADMIN), 0, GENERAL | CAP(NET_ADMIN), NULL },
		{ true, false, "sysadmin", 0, 0, ~(CAP(NET_ADMIN) | CAP(NET_RAW)), "NET_ADMIN NET_RAW" },
		{ true, true, "sysadmin", 0, 0, ~UINT64_C(0), NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_made struct made made;

		made_init(&made);
		if (rows[i].shared)
			made_namespaces(&made, NS_CONTAINER & ~NS_BIT(NS_NET));
		made.request.host_net = rows[i].host_net;
		made.request.profile = profile_find(rows[i].profile);
		made.request.cap_add = rows[i].cap_add;
		made.request.cap_drop = rows[i].cap_drop;
		cleanup_plan struct attach_plan plan = made_plan(&made);
		assert_true(plan.capabilities.bounding == (rows[i].bounding & capabilities_all()));
		assert_true(plan.capabilities.effective == plan.capabilities.bounding);
		assert_int_equal(plan.notes_count, rows[i].note != NULL);
		if (rows[i].note != NULL)
			assert_true(strstr(plan.notes[0], rows[i].note) && strstr(plan.notes[0], "--host-net"));
	}
}

static void ids_of_the_session(void **state)
{
	(void)state;
	static const struct {
		const char *map; /* of uids; that of gids is the same */
		enum attach_user user;
		const char *spec;
		uint32_t target; /* uid and gid - 1 of the target, as the host sees them */
		uid_t uid, host_uid;
		gid_t gid, host_gid;
		bool root_mapped;
		uid_t root_host_uid;
	} rows[] = {
		{ "0 0 4294967295\n", USER_ROOT, NULL, 65532, 0, 0, 0, 0, true, 0 },
		{ "0 0 4294967295\n", USER_TARGET, NULL, 65532, 65532, 65532, 65533, 65533, true, 0 },
		{ "0 0 4294967295\n", USER_GIVEN, "7:8", 65532, 7, 7, 8, 8, true, 0 },
		{ "0 0 4294967295\n", USER_GIVEN, "7", 65532, 7, 7, 65533, 65533, true, 0 },
		{ "0 0 4294967295\n", USER_GIVEN, "0", 65532, 0, 0, 0, 0, true, 0 },
		{ "0 0 4294967295\n", USER_GIVEN, "app", 65532, 1001, 1001, 1002, 1002, true, 0 },
		{ "0 100000 65536\n", USER_ROOT, NULL, 165532, 0, 100000, 0, 100000, true, 100000 },
		{ "0 100000 65536\n", USER_TARGET, NULL, 165532, 65532, 165532, 65533, 165533, true, 100000 },
		{ "0 100000 65536\n", USER_GIVEN, "app", 165532, 1001, 101001, 1002, 101002, true, 100000 },
		{ "0 1000 1\n1 100000 65536\n", USER_TARGET, NULL, 100004, 5, 100004, 6, 100005, true, 1000 },
		/* A hole at 0: what only root of the namespace could own shows as the session's. */
		{ "1 100001 65535\n", USER_TARGET, NULL, 100007, 7, 100007, 8, 100008, false, 100007 },
		{ "1000 1000 2\n", USER_GIVEN, "1000:1001", 1000, 1000, 1000, 1001, 1001, false, 1000 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_made struct made made;
		struct err err;

		made_init(&made);
		made_maps(&made, rows[i].map, rows[i].map);
		made.facts.process.status.uid[1] = rows[i].target;
		made.facts.process.status.gid[1] = rows[i].target + 1;
		made.facts.named_uid = 1001;
		made.facts.named_gid = 1002;
		made.request.user = rows[i].user;
		if (rows[i].spec != NULL)
			assert_success(user_spec_parse(rows[i].spec, &made.request.user_spec, &err), err);
		cleanup_plan struct attach_plan plan = made_plan(&made);
		assert_int_equal(plan.uid, rows[i].uid);
		assert_int_equal(plan.gid, rows[i].gid);
		assert_int_equal(plan.host_uid, rows[i].host_uid);
		assert_int_equal(plan.host_gid, rows[i].host_gid);
		assert_int_equal(plan.root_mapped, rows[i].root_mapped);
		assert_int_equal(plan.root_host_uid, rows[i].root_host_uid);
		assert_int_equal(plan.root_host_gid, rows[i].root_mapped ? rows[i].root_host_uid : rows[i].host_gid);
	}
}

static void refuses_unmapped_ids(void **state)
{
	(void)state;
	static const struct {
		const char *uid_map, *gid_map;
		uint32_t target;
		const char *spec; /* NULL: root */
		enum err_kind kind;
		const char *says;
	} rows[] = {
		{ "1 100001 65535\n", "0 100000 65536\n", 100007, NULL, ERR_REFUSED,
		  "uid 0 is not mapped in the target's user namespace (its map begins 1 100001 65535)" },
		{ "0 100000 65536\n", "2 100002 9\n", 100007, NULL, ERR_REFUSED,
		  "gid 0 is not mapped in the target's user namespace (its map begins 2 100002 9)" },
		{ "0 100000 65536\n", "0 100000 65536\n", 100007, "65536", ERR_REFUSED, "uid 65536 is not mapped" },
		{ "0 100000 65536\n", "0 100000 65536\n", 100007, "1:70000", ERR_REFUSED, "gid 70000 is not mapped" },
		{ "0 1000 1\n", "0 1000 2\n", 1000, "1", ERR_REFUSED, "(its map begins 0 1000 1)" },
		{ "", "", 100007, NULL, ERR_MALFORMED, "100007" },
		{ "0 100000 10\n", "0 100000 10\n", 100010, NULL, ERR_MALFORMED, "100010:100010" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_made struct made made;
		struct err err;

		made_init(&made);
		made_maps(&made, rows[i].uid_map, rows[i].gid_map);
		made.facts.process.status.uid[1] = made.facts.process.status.gid[1] = rows[i].target;
		made.request.user = rows[i].spec != NULL ? USER_GIVEN : USER_ROOT;
		if (rows[i].spec != NULL)
			assert_success(user_spec_parse(rows[i].spec, &made.request.user_spec, &err), err);
		assert_no_plan(&made, rows[i].kind, rows[i].says);
	}
}

/* With -u other than root nothing but what was added is left, and that is ambient. */
static void capabilities_of_the_session(void **state)
{
	(void)state;
	static const struct {
		const char *profile;
		bool write, own_userns, root;
		uint64_t add, drop, caller, kept;
	} rows[] = {
		{ "general", false, false, true, 0, 0, ~UINT64_C(0), GENERAL },
		{ "general", false, false, true, 0, 0, GENERAL, GENERAL },
		{ "general", true, false, true, 0, 0, ~UINT64_C(0), GENERAL | WRITE },
		{ "general", false, false, true, CAP(SYS_TIME), 0, ~UINT64_C(0), GENERAL | CAP(SYS_TIME) },
		{ "general", false, false, true, 0, CAP(KILL) | CAP(SYS_TIME), ~UINT64_C(0), GENERAL & ~CAP(KILL) },
		{ "general", true, false, true, 0, CAP(CHOWN), ~UINT64_C(0), (GENERAL | WRITE) & ~CAP(CHOWN) },
		{ "general", false, false, true, 0, ~UINT64_C(0), ~UINT64_C(0), 0 },
		{ "general", false, false, true, CAP(KILL), ~UINT64_C(0), ~UINT64_C(0),
		  CAP(KILL) }, /* as with docker */
		{ "general", false, false, false, CAP(KILL), ~UINT64_C(0), ~UINT64_C(0), CAP(KILL) },
		{ "general", false, true, true, 0, 0, 0, GENERAL },
		{ "sysadmin", false, false, true, 0, 0, ~UINT64_C(0), ~UINT64_C(0) },
		{ "sysadmin", false, false, true, 0, 0, GENERAL, GENERAL },
		{ "sysadmin", false, false, true, 0, CAP(KILL), GENERAL, GENERAL & ~CAP(KILL) },
		{ "sysadmin", false, true, true, 0, 0, CAP(KILL), ~UINT64_C(0) },
		{ "general", false, false, false, 0, 0, ~UINT64_C(0), 0 },
		{ "general", true, false, false, 0, 0, ~UINT64_C(0), 0 },
		{ "sysadmin", false, false, false, 0, 0, ~UINT64_C(0), 0 },
		{ "general", false, false, false, CAP(KILL), 0, ~UINT64_C(0), CAP(KILL) },
		{ "general", false, true, false, CAP(SYS_TIME), 0, 0, CAP(SYS_TIME) },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t kept = rows[i].kept & capabilities_all(), ambient = rows[i].root ? 0 : kept;
		cleanup_made struct made made;

		made_init(&made);
		if (rows[i].own_userns)
			made_namespaces(&made, NS_CONTAINER | NS_BIT(NS_USER));
		made.facts.caller_capabilities = rows[i].caller & capabilities_all();
		made.request.profile = profile_find(rows[i].profile);
		made.request.write = rows[i].write;
		made.request.user = rows[i].root ? USER_ROOT : USER_TARGET;
		made.request.cap_add = rows[i].add;
		made.request.cap_drop = rows[i].drop & capabilities_all();
		cleanup_plan struct attach_plan plan = made_plan(&made);
		const struct capability_sets expected = { ambient, kept, kept, kept, ambient };
		assert_memory_equal(&plan.capabilities, &expected, sizeof(expected));
		assert_ptr_equal(plan.profile, made.request.profile);
		assert_int_equal(plan.view.write, rows[i].write);
		assert_int_equal(plan.view.unmasked_proc, strcmp(rows[i].profile, "sysadmin") == 0);
	}
}

static void names_what_the_caller_lacks(void **state)
{
	(void)state;
	cleanup_made struct made made;

	made_init(&made);
	made.facts.caller_capabilities = GENERAL & ~CAP(SYS_PTRACE) & ~CAP(KILL);
	assert_no_plan(&made, ERR_DENIED,
		       "profile general needs capabilities that the caller does not have: KILL SYS_PTRACE");
	made.facts.caller_capabilities = GENERAL;
	made.request.cap_add = CAP(SYS_TIME);
	assert_no_plan(&made, ERR_DENIED, ": SYS_TIME");
	made.request.profile = profile_find("sysadmin");
	assert_no_plan(&made, ERR_DENIED,
		       "profile sysadmin needs capabilities that the caller does not have: SYS_TIME");
	made.request.cap_add = 0;
	made.request.profile = profile_find("general");
	made.request.write = true;
	assert_no_plan(&made, ERR_DENIED, "CHOWN DAC_OVERRIDE FOWNER");
	made.request.cap_drop = WRITE;
	cleanup_plan struct attach_plan plan = made_plan(&made);
	assert_true(plan.capabilities.effective == GENERAL);
}

static void limits_are_clamped(void **state)
{
	(void)state;
	static const struct {
		uint64_t target, session;
	} rows[] = {
		{ 0, GIB / 2 }, { GIB / 2 - 1, GIB / 2 }, { GIB / 2, GIB / 2 },     { GIB / 2 + 1, GIB / 2 + 1 },
		{ GIB, GIB },   { 2 * GIB, 2 * GIB },     { 2 * GIB + 1, 2 * GIB }, { UINT64_MAX, 2 * GIB },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_made struct made made;

		made_init(&made);
		made.facts.target_memory_limit = rows[i].target;
		cleanup_plan struct attach_plan plan = made_plan(&made);
		assert_true(plan.limits.memory == rows[i].session);
		assert_true(plan.limits.pids == 512);
	}
}

/* --lsm over the profile's own choice; what deviates is noted with both labels. */
static void chooses_the_label(void **state)
{
	(void)state;
	static const struct {
		const char *profile;
		bool given;
		enum lsm_choice choice;
		bool adopts;
	} rows[] = {
		{ "general", false, 0, true },
		{ "general", true, LSM_UNCONFINED, false },
		{ "sysadmin", false, 0, false },
		{ "sysadmin", true, LSM_TARGET, true },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_made struct made made;

		made_init(&made);
		made.facts.lsm.of[LSM_APPARMOR] = (struct lsm_label) {
			.active = true, .attributes = "attr", .own = "unconfined", .target = "docker-default"
		};
		made.request.profile = profile_find(rows[i].profile);
		made.request.lsm_given = rows[i].given;
		made.request.lsm = rows[i].choice;
		cleanup_plan struct attach_plan plan = made_plan(&made);
		assert_int_equal(lsm_plan_adopts(&plan.lsm, LSM_APPARMOR), rows[i].adopts);
		assert_int_equal(plan.notes_count, rows[i].adopts ? 0 : 1);
		if (rows[i].adopts)
			continue;
		assert_non_null(strstr(plan.notes[0], "AppArmor"));
		assert_non_null(strstr(plan.notes[0], "unconfined"));
		assert_non_null(strstr(plan.notes[0], "docker-default"));
	}
}

/* However long they are: of both labels enough in the note, all of both in --explain. */
static void long_labels(void **state)
{
	(void)state;
	cleanup_made struct made made;
	cleanup_free char *text = NULL;
	size_t length;

	made_init(&made);
	struct lsm_label *label = &made.facts.lsm.of[LSM_APPARMOR];
	*label = (struct lsm_label) { .active = true, .attributes = "attr" };
	memset(label->own, 'o', sizeof(label->own) - 1);
	memset(label->target, 't', sizeof(label->target) - 1);
	memcpy(label->target + sizeof(label->target) - 8, "-target", 8);
	made.request.profile = profile_find("sysadmin");
	cleanup_plan struct attach_plan plan = made_plan(&made);
	assert_int_equal(plan.notes_count, 1);
	assert_non_null(strstr(plan.notes[0], "; the target's is ttt"));
	assert_non_null(strstr(plan.notes[0], "-target"));
	FILE *out = open_memstream(&text, &length);
	assert_non_null(out);
	plan_print(&made.request, &made.facts, &plan, out);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text, label->own));
	assert_non_null(strstr(text, label->target));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joins_what_differs),
		cmocka_unit_test(refuses_unsafe_namespaces),
		cmocka_unit_test(drops_network_capabilities_on_the_hosts_network),
		cmocka_unit_test(ids_of_the_session),
		cmocka_unit_test(refuses_unmapped_ids),
		cmocka_unit_test(capabilities_of_the_session),
		cmocka_unit_test(names_what_the_caller_lacks),
		cmocka_unit_test(limits_are_clamped),
		cmocka_unit_test(chooses_the_label),
		cmocka_unit_test(long_labels),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
