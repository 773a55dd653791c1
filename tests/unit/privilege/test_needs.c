/* SPDX-License-Identifier: Apache-2.0 */
/* What the caller's capabilities are for, and how it is said that one is missing. */
#include "dbgattach/privilege.h"
#include "tests/unit/unit.h"

#include <linux/capability.h>
#include <stdbool.h>

#define CAP(name) CAPABILITY_BIT(CAP_##name)
#define REQUIRED (CAP(SYS_ADMIN) | CAP(SYS_PTRACE) | CAP(SYS_CHROOT) | CAP(SETUID) | CAP(SETGID) | CAP(SETPCAP))

static void the_table(void **state)
{
	(void)state;
	uint64_t required = 0, all = 0;
	bool wanted = false;

	for (size_t i = 0; capability_need_at(i) != NULL; i++) {
		const struct capability_need *need = capability_need_at(i);
		uint64_t mask = 0;
		struct err err;

		assert_success(capabilities_parse(need->name, &mask, &err), err);
		assert_true(mask == need->capability && (all & mask) == 0);
		all |= mask;
		required |= need->required ? mask : 0;
		assert_false(need->required && wanted); /* those come first */
		wanted = !need->required;
		assert_true(need->use[0] != '\0' && need->without[0] != '\0');
	}
	assert_true(required == REQUIRED);
	/* What a profile has is in it, so that a container can be given it. */
	for (size_t i = 0; profile_at(i) != NULL; i++)
		assert_true((profile_at(i)->capabilities & ~all) == 0);
}

static void names_what_is_missing(void **state)
{
	(void)state;
	struct err err = { 0 };

	assert_success(capabilities_check_caller(REQUIRED, &err), err);
	for (size_t i = 0; capability_need_at(i)->required; i++) {
		const struct capability_need *need = capability_need_at(i);
		char says[128];

		(void)snprintf(says, sizeof(says), "does not have %s (%s)", need->name, need->use);
		assert_failure(capabilities_check_caller(capabilities_all() & ~need->capability, &err), err,
			       ERR_DENIED);
		assert_non_null(strstr(err.text, says));
		assert_non_null(strstr(err.text, "securityContext.capabilities.add"));
		assert_non_null(strstr(err.text, "--cap-add"));
	}
	assert_failure(capabilities_check_caller(0, &err), err, ERR_DENIED);
	assert_non_null(strstr(err.text, "SYS_ADMIN ("));
	assert_non_null(strstr(err.text, "SETPCAP (dropping capabilities for good);"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_table), cmocka_unit_test(names_what_is_missing) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
