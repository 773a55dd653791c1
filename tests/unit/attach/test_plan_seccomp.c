/* SPDX-License-Identifier: Apache-2.0 */
/* Which seccomp filters the session is under, by profile, by name, and by what the target is under. */
#include "tests/unit/attach/made.h"

static void be(struct made *made, const char *profile)
{
	made_init(made);
	made->request.profile = profile_find(profile);
	made->facts.process.status.no_new_privs = 1;
}

static void which_filter(void **state)
{
	(void)state;
	static const struct {
		const char *profile;
		int given; /* --seccomp, -1: not given */
		int mode;  /* of the target */
		bool config, ours;
		enum plan_foreign foreign;
		const char *note;
	} rows[] = {
		{ "general", -1, 2, true, true, FOREIGN_NONE, NULL },
		{ "sysadmin", -1, 2, true, false, FOREIGN_NONE, NULL },
		{ "restricted", -1, 2, true, false, FOREIGN_CONFIG, NULL },
		{ "restricted", -1, 2, false, true, FOREIGN_NONE, "no config" },
		{ "restricted", -1, 0, false, true, FOREIGN_NONE, NULL },
		{ "restricted", -1, 0, true, true, FOREIGN_NONE, NULL },
		{ "restricted", -1, -1, false, true, FOREIGN_NONE, NULL },
		{ "target", -1, 2, true, false, FOREIGN_CONFIG, NULL },
		{ "target", -1, 2, false, false, FOREIGN_COPY, "under 10 ms" },
		{ "target", -1, 0, true, false, FOREIGN_NONE, "no seccomp filter" },
		{ "general", SECCOMP_TARGET, 2, true, true, FOREIGN_CONFIG, NULL },
		{ "general", SECCOMP_TARGET, 2, false, true, FOREIGN_COPY, "under 10 ms" },
		{ "general", SECCOMP_TARGET, 0, false, true, FOREIGN_NONE, "no seccomp filter" },
		{ "sysadmin", SECCOMP_TARGET, 2, true, false, FOREIGN_CONFIG, NULL },
		/* restricted has the default filter where it has not the target's: asked for by name it is no weaker */
		{ "restricted", SECCOMP_TARGET, 0, false, true, FOREIGN_NONE, "the session under the default one" },
		{ "restricted", SECCOMP_TARGET, 2, true, false, FOREIGN_CONFIG, NULL },
		{ "restricted", SECCOMP_TARGET, 2, false, true, FOREIGN_COPY, "under 10 ms" },
		{ "target", SECCOMP_TARGET, 0, true, false, FOREIGN_NONE, "neither is the session" },
		{ "sysadmin", SECCOMP_TARGET, 0, true, false, FOREIGN_NONE, "neither is the session" },
		{ "general", SECCOMP_UNCONFINED, 2, true, false, FOREIGN_NONE, NULL },
		{ "sysadmin", SECCOMP_DEFAULT, 2, true, true, FOREIGN_NONE, NULL },
		/* what leaves out the filter that the profile has from the target says so */
		{ "target", SECCOMP_DEFAULT, 2, true, true, FOREIGN_NONE, "not under the target's seccomp filter" },
		{ "restricted", SECCOMP_DEFAULT, 2, true, true, FOREIGN_NONE, "not under the target's seccomp filter" },
		{ "restricted", SECCOMP_UNCONFINED, 2, true, false, FOREIGN_NONE,
		  "not under the target's seccomp filter" },
		{ "restricted", SECCOMP_DEFAULT, 0, true, true, FOREIGN_NONE, NULL },
		{ "target", SECCOMP_DEFAULT, 0, true, true, FOREIGN_NONE, NULL },
		{ "general", SECCOMP_FILE, 2, true, true, FOREIGN_FILE, NULL },
		{ "target", SECCOMP_FILE, 2, true, true, FOREIGN_FILE, "not under the target's seccomp filter" },
		{ "restricted", SECCOMP_FILE, 2, true, true, FOREIGN_FILE, "not under the target's seccomp filter" },
		{ "restricted", SECCOMP_FILE, 0, true, true, FOREIGN_FILE, NULL },
		{ "sysadmin", SECCOMP_FILE, 2, true, false, FOREIGN_FILE, NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_made struct made made;

		be(&made, rows[i].profile);
		made.facts.process.status.seccomp = rows[i].mode;
		made.facts.process.status.seccomp_filters = 1;
		made.facts.config_has_seccomp = rows[i].config;
		made.request.seccomp_given = rows[i].given >= 0;
		made.request.seccomp = rows[i].given >= 0 ? (enum seccomp_mode)rows[i].given : SECCOMP_DEFAULT;
		cleanup_plan struct attach_plan plan = made_plan(&made);
		const char *note = plan.notes_count > 0 ? plan.notes[0] : "";
		if (plan.seccomp.ours != rows[i].ours || plan.seccomp.foreign != rows[i].foreign ||
		    plan.notes_count != (rows[i].note != NULL) ||
		    strstr(note, rows[i].note == NULL ? "" : rows[i].note) == NULL)
			fail_msg("row %zu: ours %d, foreign %d, \"%s\"", i, plan.seccomp.ours, plan.seccomp.foreign,
				 note);
	}
}

static void filters_that_cannot_be_had(void **state)
{
	(void)state;
	cleanup_made struct made made;

	be(&made, "target");
	made.facts.process.status.seccomp = 1;
	assert_no_plan(&made, ERR_UNSUPPORTED, "strict mode");
	made.facts.process.status.seccomp = -1;
	assert_no_plan(&made, ERR_UNSUPPORTED, "does not say");
	made.facts.process.status.seccomp = 2;
	made.facts.caller_seccomp_filters = 1;
	assert_no_plan(&made, ERR_UNSUPPORTED, "under a filter himself");
	made.facts.config_has_seccomp = true;
	made.facts.process.status.seccomp_filters = 3;
	assert_no_plan(&made, ERR_UNSUPPORTED, "under 3 seccomp filters");
	assert_no_plan(&made, ERR_UNSUPPORTED, "under a filter himself");
}

/* A config states one filter: what else the process is under only a copy shows. */
static void more_filters_than_the_config_states(void **state)
{
	(void)state;
	static const struct {
		const char *profile;
		bool by_name, ours;
		enum plan_foreign foreign;
		const char *note;
	} rows[] = {
		{ "target", false, false, FOREIGN_COPY, "all are copied" },
		{ "restricted", true, false, FOREIGN_COPY, "all are copied" },
		{ "general", true, true, FOREIGN_COPY, "all are copied" },
		{ "restricted", false, false, FOREIGN_CONFIG, "--seccomp target copies them all" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_made struct made made;

		be(&made, rows[i].profile);
		made.facts.process.status.seccomp = 2;
		made.facts.process.status.seccomp_filters = 3;
		made.facts.config_has_seccomp = true;
		made.request.seccomp_given = rows[i].by_name;
		made.request.seccomp = SECCOMP_TARGET;
		cleanup_plan struct attach_plan plan = made_plan(&made);
		assert_int_equal(plan.seccomp.ours, rows[i].ours);
		assert_int_equal(plan.seccomp.foreign, rows[i].foreign);
		assert_true(made_note(&plan, "under 3 seccomp filters") && made_note(&plan, rows[i].note));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_filter),
		cmocka_unit_test(filters_that_cannot_be_had),
		cmocka_unit_test(more_filters_than_the_config_states),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
