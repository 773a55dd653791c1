/* SPDX-License-Identifier: Apache-2.0 */
/* The generated filter read as the kernel would, which needs none: a cross build's has to be right before it meets its kernel. */
#include "dbgattach/privilege.h"
#include "src/privilege/seccomp_arch.h"
#include "tests/unit/privilege/refused.h"
#include "tests/unit/target/tree.h"

#include <sched.h>

static struct sock_filter code[] = {
#include "gen/seccomp_default.inc"
};

static uint32_t answer(uint32_t arch, long number, uint64_t argument)
{
	const struct seccomp_program program = { .code = code, .length = ARRAY_SIZE(code) };
	const struct seccomp_data data = { .nr = (int)number, .arch = arch, .args = { argument } };

	return seccomp_run(&program, &data);
}

static void refuses(void **state)
{
	(void)state;
	size_t tried = 0;

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		if (refused[i].number == ABSENT)
			continue;
		if (answer(NATIVE_ARCH, refused[i].number, 0) != (SECCOMP_RET_ERRNO | EPERM))
			fail_msg("%s is not refused", refused[i].name);
		tried++;
	}
	assert_true(tried > 30);
	assert_int_equal(answer(NATIVE_ARCH, SYS_clone, CLONE_NEWUSER), SECCOMP_RET_ERRNO | EPERM);
	assert_int_equal(answer(NATIVE_ARCH, SYS_clone3, 0), SECCOMP_RET_ERRNO | ENOSYS);
}

static void allows(void **state)
{
	(void)state;
	static const long ordinary[] = { SYS_read,   SYS_write, SYS_openat, SYS_execve, SYS_exit_group,
					 SYS_ptrace, SYS_kill,  SYS_socket, SYS_wait4,  SYS_clone };

	for (size_t i = 0; i < ARRAY_SIZE(ordinary); i++)
		assert_int_equal(answer(NATIVE_ARCH, ordinary[i], 0), SECCOMP_RET_ALLOW);
}

static void knows_no_newer_calls(void **state)
{
	(void)state;
	assert_int_equal(answer(NATIVE_ARCH, 1000, 0), SECCOMP_RET_ERRNO | ENOSYS);
}

static void kills_foreign_architectures(void **state)
{
	(void)state;
	static const uint32_t arches[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64, AUDIT_ARCH_I386, AUDIT_ARCH_ARM };
	size_t own = 0;

	for (size_t i = 0; i < ARRAY_SIZE(arches); i++) {
		if (arches[i] == NATIVE_ARCH)
			own++;
		else
			assert_int_equal(answer(arches[i], SYS_read, 0), SECCOMP_RET_KILL_PROCESS);
	}
	assert_int_equal(own, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses),
		cmocka_unit_test(allows),
		cmocka_unit_test(knows_no_newer_calls),
		cmocka_unit_test(kills_foreign_architectures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
