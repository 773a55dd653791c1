/* SPDX-License-Identifier: Apache-2.0 */
/* How near to the target's limits a child comes, that has limits of its own and may not raise them. */
#include "dbgattach/privilege.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/capability.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct row {
	enum likeness likeness;
	__rlimit_resource_t resource;
	struct rlimit own, target, is;
	int result;
};

/* Without CAP_SYS_RESOURCE, whoever runs the tests. */
static bool gives_up_capabilities(void)
{
	cap_t none = cap_init();
	bool good = none != NULL && cap_set_proc(none) == 0;

	(void)cap_free(none);
	return good;
}

static int in_child(const struct row *row)
{
	struct proc_limits target;
	struct rlimit is;
	struct err err;

	if (setrlimit(row->resource, &row->own) < 0 || !gives_up_capabilities())
		return 2;
	for (__rlimit_resource_t resource = 0; resource < RLIM_NLIMITS; resource++)
		if (getrlimit(resource, &target.limit[resource]) < 0)
			return 2;
	target.limit[row->resource] = row->target;
	int result = privilege_raise_limits(&target, row->likeness, &err);
	if (result == 0)
		result = privilege_set_limits(&target, row->likeness, &err);
	if (getrlimit(row->resource, &is) < 0)
		return 2;
	return result == row->result &&
			       (result < 0 || (is.rlim_cur == row->is.rlim_cur && is.rlim_max == row->is.rlim_max)) ?
		       0 :
		       1;
}

static void limits(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ LIKENESS_SAFE, RLIMIT_NOFILE, { 50, 200 }, { 20, 100 }, { 20, 100 }, 0 },
		{ LIKENESS_SAFE, RLIMIT_NOFILE, { 50, 200 }, { 300, 400 }, { 200, 200 }, 0 },
		{ LIKENESS_SAFE, RLIMIT_NOFILE, { 50, 200 }, { 50, 200 }, { 50, 200 }, 0 },
		{ LIKENESS_SAFE, RLIMIT_CORE, { 50, 200 }, { 50, 100 }, { 0, 0 }, 0 },
		{ LIKENESS_NEAR, RLIMIT_NOFILE, { 50, 200 }, { 300, 400 }, { 200, 200 }, 0 },
		{ LIKENESS_NEAR, RLIMIT_CORE, { 50, 200 }, { 50, 100 }, { 50, 100 }, 0 },
		{ LIKENESS_EXACT, RLIMIT_CORE, { 50, 200 }, { 50, 100 }, { 50, 100 }, 0 },
		{ LIKENESS_EXACT, RLIMIT_NOFILE, { 50, 200 }, { 300, 400 }, { 0, 0 }, -EPERM },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		pid_t child = fork();
		int status;

		assert_true(child >= 0);
		if (child == 0)
			_exit(in_child(&rows[i]));
		assert_int_equal(waitpid(child, &status, 0), child);
		if (status != 0)
			fail_msg("row %zu: 0x%x", i, status);
	}
}

/* What is written for each; a folder stands for /proc/self. */
static void oom_score(void **state)
{
	(void)state;
	static const struct {
		enum likeness likeness;
		int target;
		const char *written;
	} rows[] = {
		{ LIKENESS_SAFE, 7, "7" },    { LIKENESS_SAFE, -7, "0" },       { LIKENESS_NEAR, -7, "-7" },
		{ LIKENESS_EXACT, -7, "-7" }, { LIKENESS_EXACT, 1000, "1000" },
	};
	char folder[] = "/tmp/dbgattach-limits-XXXXXX", text[8];
	struct err err = { 0 };

	assert_non_null(mkdtemp(folder));
	cleanup_close int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_close int fd = openat(folder_fd, "oom_score_adj", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		memset(text, 0, sizeof(text));
		assert_success(privilege_set_oom_score(folder_fd, rows[i].target, rows[i].likeness, &err), err);
		assert_true(read(fd, text, sizeof(text) - 1) > 0);
		assert_string_equal(text, rows[i].written);
	}
	(void)unlinkat(folder_fd, "oom_score_adj", 0);
	assert_failure(privilege_set_oom_score(folder_fd, 0, LIKENESS_NEAR, &err), err, ERR_SYSTEM);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(limits), cmocka_unit_test(oom_score) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
