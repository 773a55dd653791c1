/* SPDX-License-Identifier: Apache-2.0 */
/* The table of profiles, spelled out a second time: power is not added by accident. */
#include "dbgattach/privilege.h"
#include "tests/unit/unit.h"

#define GENERAL "DAC_READ_SEARCH KILL SETGID SETUID NET_RAW SYS_PTRACE"
#define NETADMIN "DAC_READ_SEARCH KILL SETGID SETUID NET_BIND_SERVICE NET_ADMIN NET_RAW SYS_PTRACE"
#define FORBIDDEN "CHOWN DAC_OVERRIDE FOWNER SYS_MODULE SYS_RAWIO SYS_ADMIN SYS_BOOT MKNOD BPF PERFMON SETFCAP SETPCAP"

static void profiles(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		enum profile_ids ids;
		const char *capabilities;
		bool all, targets, unmasked, devices;
		enum seccomp_mode seccomp;
		enum lsm_choice lsm;
	} rows[] = {
		{ "general", IDS_ROOT, GENERAL, false, false, false, false, SECCOMP_DEFAULT, LSM_TARGET },
		{ "baseline", IDS_ROOT, "DAC_READ_SEARCH", false, false, false, false, SECCOMP_DEFAULT, LSM_TARGET },
		{ "restricted", IDS_TARGET, "none", false, false, false, false, SECCOMP_TARGET_OR_DEFAULT, LSM_TARGET },
		{ "target", IDS_TARGET, "none", false, true, false, false, SECCOMP_TARGET, LSM_TARGET },
		{ "netadmin", IDS_ROOT, NETADMIN, false, false, false, false, SECCOMP_DEFAULT, LSM_TARGET },
		{ "sysadmin", IDS_ROOT, "none", true, false, true, true, SECCOMP_UNCONFINED, LSM_UNCONFINED },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct profile *profile = profile_find(rows[i].name);
		char text[256];

		assert_non_null(profile);
		assert_int_equal(profile->ids, rows[i].ids);
		assert_string_equal(capabilities_format(profile->capabilities, text, sizeof(text)),
				    rows[i].capabilities);
		assert_int_equal(profile->all_capabilities, rows[i].all);
		assert_int_equal(profile->target_capabilities, rows[i].targets);
		assert_int_equal(profile->target_attributes, rows[i].targets);
		assert_int_equal(profile->unmasked_proc, rows[i].unmasked);
		assert_int_equal(profile->all_devices, rows[i].devices);
		assert_int_equal(profile->seccomp, rows[i].seccomp);
		assert_int_equal(profile->lsm, rows[i].lsm);
	}
	assert_null(profile_at(ARRAY_SIZE(rows)));
}

/* Whatever profiles are added: an unmasked /proc, no filter, all capabilities and all devices are sysadmin's alone. */
static void only_sysadmin_goes_without(void **state)
{
	(void)state;
	uint64_t forbidden = 0;
	char words[] = FORBIDDEN, *rest;
	struct err err;

	for (char *word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
		uint64_t mask;
		assert_success(capabilities_parse(word, &mask, &err), err);
		forbidden |= mask;
	}
	for (size_t i = 0; profile_at(i) != NULL; i++) {
		const struct profile *profile = profile_at(i);
		if (strcmp(profile->name, "sysadmin") == 0)
			continue;
		assert_false(profile->all_capabilities || profile->unmasked_proc || profile->all_devices);
		/* The target's own filter may be none: then only where the power is the target's too. */
		if (profile->seccomp == SECCOMP_TARGET)
			assert_true(profile->ids == IDS_TARGET && profile->target_capabilities);
		else
			assert_true(profile->seccomp == SECCOMP_DEFAULT ||
				    profile->seccomp == SECCOMP_TARGET_OR_DEFAULT);
		assert_int_equal(profile->lsm, LSM_TARGET);
		assert_true((profile->capabilities & forbidden) == 0);
	}
}

static void found_by_name_and_place(void **state)
{
	(void)state;
	size_t count = 0;

	for (; profile_at(count) != NULL; count++) {
		assert_ptr_equal(profile_find(profile_at(count)->name), profile_at(count)); /* so names are unique */
		assert_true(strlen(profile_at(count)->summary) > 0);
	}
	assert_true(count >= 2);
	assert_null(profile_at(count + 1));
	assert_null(profile_at(SIZE_MAX));
	assert_string_equal(profile_at(0)->name, "general"); /* the default */
	assert_null(profile_find(""));
	assert_null(profile_find("General"));
	assert_null(profile_find("generals"));
	assert_null(profile_find("gener"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(profiles),
		cmocka_unit_test(only_sysadmin_goes_without),
		cmocka_unit_test(found_by_name_and_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
