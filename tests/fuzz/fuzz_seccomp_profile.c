/* SPDX-License-Identifier: Apache-2.0 */
/* A seccomp profile of its own, and the same bytes as a bundle's config.json. */
#include "dbgattach/format/seccomp_profile.h"

#include "tests/fuzz/fuzz.h"

static void check(const struct seccomp_profile *profile)
{
	fuzz_require(profile->otherwise.action < SECCOMP_ACTION_MAX);
	for (size_t i = 0; i < profile->arch_map_count; i++)
		fuzz_require(profile->arch_map[i].count > 0);
	for (size_t i = 0; i < profile->rules_count; i++) {
		const struct seccomp_profile_rule *rule = &profile->rules[i];

		fuzz_require(rule->names.count > 0 && rule->verdict.action < SECCOMP_ACTION_MAX);
		fuzz_require(rule->verdict.data <= UINT16_MAX && rule->conditions_count <= SECCOMP_CONDITIONS_MAX);
		for (size_t j = 0; j < rule->conditions_count; j++)
			fuzz_require(rule->conditions[j].index < 6 &&
				     rule->conditions[j].operator<SECCOMP_OPERATOR_MAX);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seccomp_profile profile = { 0 };
	struct err err = { 0 }, config_err = { 0 };
	bool stated = false;

	int r = seccomp_profile_parse((const char *)data, size, &profile, &err);
	fuzz_check_result(r, &err);
	check(&profile);
	seccomp_profile_done(&profile);
	r = seccomp_profile_parse_config((const char *)data, size, &profile, &stated, &config_err);
	fuzz_check_result(r, &config_err);
	fuzz_require(r == 0 || !stated);
	check(&profile);
	seccomp_profile_done(&profile);
	return 0;
}
