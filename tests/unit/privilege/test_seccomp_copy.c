/* SPDX-License-Identifier: Apache-2.0 */
/* Why a copy is refused: which right is missing follows from the errno. What is copied the system tests see. */
#include "dbgattach/privilege.h"
#include "dbgattach/sys/pidfd.h"
#include "tests/unit/unit.h"

#include <signal.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process that anybody of the same user may trace, Yama or not, and that is traced already where that is asked for. */
static pid_t start_target(bool traced)
{
	int ready[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
		if (traced && ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
			_exit(1);
		(void)!write(ready[1], "x", 1);
		for (;;)
			(void)pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	(void)close(ready[1]);
	return pid;
}

static void refusals_name_the_right(void **state)
{
	(void)state;
	static const struct {
		bool traced;
		const char *says;
	} rows[] = { { false, "CAP_SYS_ADMIN" }, { true, "another tracer" } };

	cap_t before = cap_get_proc(), none = cap_init();
	assert_true(before != NULL && none != NULL);
	cap_flag_value_t set;
	/* What is permitted stays: it comes back at the end. */
	for (cap_value_t value = 0; value < cap_max_bits(); value++)
		if (cap_get_flag(before, value, CAP_PERMITTED, &set) == 0)
			assert_int_equal(cap_set_flag(none, CAP_PERMITTED, 1, &value, set), 0);
	assert_int_equal(cap_set_proc(none), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct seccomp_programs programs = { 0 };
		struct err err = { 0 };
		pid_t pid = start_target(rows[i].traced);
		cleanup_close int pidfd = sys_pidfd_open(pid, 0);

		assert_true(pidfd >= 0);
		int result = seccomp_copy(pid, pidfd, &programs, &err);
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		assert_failure(result, err, ERR_DENIED);
		if (strstr(err.text, rows[i].says) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", err.text, rows[i].says);
	}
	assert_int_equal(cap_set_proc(before), 0);
	(void)cap_free(before);
	(void)cap_free(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(refusals_name_the_right) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
