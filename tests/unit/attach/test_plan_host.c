/* SPDX-License-Identifier: Apache-2.0 */
/* A caller whose namespaces are not the host's: what the target shares with the host is dangerous from there all the same. */
#include "tests/unit/attach/made.h"

#include <linux/capability.h>

#define CAP(name) CAPABILITY_BIT(CAP_##name)

/* From a container with the host's PID namespace: what the target shares with the host is told by the host, not by us. */
static void in_a_container_the_host_is_another(void **state)
{
	(void)state;
	const unsigned ours = NS_BIT(NS_MNT) | NS_BIT(NS_NET) | NS_BIT(NS_UTS) | NS_BIT(NS_IPC) | NS_BIT(NS_CGROUP);
	static const struct {
		unsigned target; /* where it differs from the host */
		const char *list;
		unsigned join;
		bool network; /* keeps its capabilities there */
		const char *says;
	} rows[] = {
		{ NS_CONTAINER, NULL, NS_CONTAINER, true, NULL },
		{ NS_CONTAINER & ~NS_BIT(NS_NET), NULL, NS_CONTAINER, false, "the host's network" },
		{ NS_CONTAINER & ~NS_BIT(NS_UTS), NULL, NS_CONTAINER, true, NULL },
		{ NS_CONTAINER & ~NS_BIT(NS_MNT), NULL, NS_CONTAINER & ~NS_BIT(NS_MNT), true, NULL },
		{ NS_CONTAINER, "pid,mnt", NS_BIT(NS_PID) | NS_BIT(NS_MNT), false, "the caller's network" },
		{ NS_BIT(NS_PID), NULL, NS_CONTAINER & ~NS_BIT(NS_MNT), false, "the host's network" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_made struct made made;
		struct err err;

		made_init(&made);
		made_namespaces(&made, rows[i].target);
		made_caller(&made, ours);
		made.request.namespaces_given = rows[i].list != NULL;
		if (rows[i].list != NULL)
			assert_success(ns_parse_list(rows[i].list, &made.request.namespaces, &err), err);
		cleanup_plan struct attach_plan plan = made_plan(&made);
		assert_int_equal(plan.join, rows[i].join);
		assert_int_equal(plan.shared_with_host, NS_ALL & ~rows[i].target);
		assert_int_equal((plan.capabilities.effective & CAP(NET_RAW)) != 0, rows[i].network);
		assert_int_equal(plan.view.target_tree, (rows[i].join & NS_BIT(NS_MNT)) != 0);
		assert_int_equal(plan.notes_count, rows[i].says == NULL ? 0 : 1);
		assert_true(rows[i].says == NULL || made_note(&plan, rows[i].says));
	}
	cleanup_made struct made made;
	made_init(&made);
	made_namespaces(&made, NS_CONTAINER & ~NS_BIT(NS_PID));
	made_caller(&made, ours);
	assert_no_plan(&made, ERR_REFUSED, "the target shares it");
}

/* A network that the caller and the target have in common, and the host has not, is the target's. */
static void what_is_shared_with_the_caller_alone(void **state)
{
	(void)state;
	cleanup_made struct made made;

	made_init(&made);
	made.facts.ours.inode[NS_NET] = made.facts.theirs.inode[NS_NET];
	cleanup_plan struct attach_plan plan = made_plan(&made);
	assert_int_equal(plan.join, NS_CONTAINER & ~NS_BIT(NS_NET));
	assert_true((plan.capabilities.effective & CAP(NET_RAW)) != 0 && plan.notes_count == 0);
}

/* Nothing tells which network is the host's: then any may be. */
static void an_unknown_host(void **state)
{
	(void)state;
	cleanup_made struct made made;

	made_init(&made);
	made.facts.host.inode[NS_NET] = 0;
	cleanup_plan struct attach_plan plan = made_plan(&made);
	assert_int_equal(plan.join, NS_CONTAINER);
	assert_int_equal(plan.capabilities.bounding & CAP(NET_RAW), 0);
	assert_true(plan.notes_count == 1 && made_note(&plan, "may be the host's"));
	made.request.host_net = true;
	cleanup_plan struct attach_plan kept = made_plan(&made);
	assert_true((kept.capabilities.effective & CAP(NET_RAW)) != 0 && kept.notes_count == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(in_a_container_the_host_is_another),
					    cmocka_unit_test(what_is_shared_with_the_caller_alone),
					    cmocka_unit_test(an_unknown_host) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
