/* SPDX-License-Identifier: Apache-2.0 */
/* The check from outside, over status files as the kernel writes them: each single deviation is named. */
#include "dbgattach/privilege.h"
#include "tests/unit/unit.h"

#include <fcntl.h>

#define TEXT_MAX 4096

static const char good[] =
	"Name:\tdbgattach-init\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t100\nNgid:\t0\nPid:\t100\nPPid:\t99\n"
	"TracerPid:\t0\nUid:\t1000\t1000\t1000\t1000\nGid:\t1001\t1001\t1001\t1001\nFDSize:\t64\n"
	"Groups:\t1001 2002 \nNSpid:\t100\t7\nCapInh:\t0000000000000001\nCapPrm:\t0000000000000002\n"
	"CapEff:\t0000000000000004\nCapBnd:\t0000000000000008\nCapAmb:\t0000000000000010\n"
	"NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n";

static const gid_t groups[] = { 1001, 2002 };

static const struct privilege_expectation expected = {
	.uid = 1000,
	.gid = 1001,
	.groups = groups,
	.groups_count = 2,
	.sets = { .inheritable = 1, .permitted = 2, .effective = 4, .bounding = 8, .ambient = 16 },
	.seccomp_filters = 1,
};

static int folder;

static int folder_setup(void **state)
{
	static char path[] = "/tmp/dbgattach-verify-XXXXXX";

	assert_non_null(mkdtemp(path));
	folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	*state = path;
	return folder < 0;
}

static int folder_teardown(void **state)
{
	(void)unlinkat(folder, "status", 0);
	close_quietly(folder);
	return rmdir(*state);
}

/* The good file with a piece replaced, "" for what is to be taken out whole. */
static int verify(const char *from, const char *to, const struct privilege_expectation *plan, struct err *err)
{
	char text[TEXT_MAX];
	const char *at = strstr(good, from);

	assert_non_null(at);
	assert_null(*from == '\0' ? NULL : strstr(at + 1, from)); /* once only */
	int length = snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
	cleanup_close int fd = openat(folder, "status", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, (size_t)length), length);
	return privilege_verify(folder, plan, err);
}

static void what_was_planned_passes(void **state)
{
	(void)state;
	struct err err;
	assert_success(verify("", "", &expected, &err), err);
}

static void each_deviation_is_named(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to, *says;
	} rows[] = {
		{ "Uid:\t1000\t1000\t1000", "Uid:\t0\t1000\t1000", ": uid is 0x0, not 0x3e8" },
		{ "Uid:\t1000\t1000\t1000", "Uid:\t1000\t0\t1000", ": effective uid is 0x0, not 0x3e8" },
		{ "Uid:\t1000\t1000\t1000", "Uid:\t1000\t1000\t0", ": saved uid is 0x0, not 0x3e8" },
		{ "Gid:\t1001\t1001\t1001", "Gid:\t0\t1001\t1001", ": gid is 0x0, not 0x3e9" },
		{ "Gid:\t1001\t1001\t1001", "Gid:\t1001\t0\t1001", ": effective gid is 0x0, not 0x3e9" },
		{ "Gid:\t1001\t1001\t1001", "Gid:\t1001\t1001\t0", ": saved gid is 0x0, not 0x3e9" },
		{ "Groups:\t1001 2002 ", "Groups:\t ", ": number of groups is 0x0, not 0x2" },
		{ "Groups:\t1001 ", "Groups:\t0 1001 ", ": number of groups is 0x3, not 0x2" },
		{ "Groups:\t1001 ", "Groups:\t0 ", ": supplementary group is 0x0, not 0x3e9" },
		{ "2002 ", "2003 ", ": supplementary group is 0x7d3, not 0x7d2" },
		{ "CapInh:\t0000000000000001", "CapInh:\t0000000000000000", ": inheritable set is 0x0, not 0x1" },
		{ "CapPrm:\t0000000000000002", "CapPrm:\t0000000000000003", ": permitted set is 0x3, not 0x2" },
		{ "CapEff:\t0000000000000004", "CapEff:\t0000000000200004", ": effective set is 0x200004, not 0x4" },
		{ "CapBnd:\t0000000000000008", "CapBnd:\t000001ffffffffff",
		  ": bounding set is 0x1ffffffffff, not 0x8" },
		{ "CapAmb:\t0000000000000010", "CapAmb:\t8000000000000010",
		  ": ambient set is 0x8000000000000010, not 0x10" },
		{ "NoNewPrivs:\t1", "NoNewPrivs:\t0", ": no_new_privs is 0x0, not 0x1" },
		{ "NoNewPrivs:\t1\n", "", ": no_new_privs is" },
		{ "Seccomp:\t2", "Seccomp:\t0", ": seccomp mode is 0x0, not 0x2" },
		{ "Seccomp:\t2", "Seccomp:\t1", ": seccomp mode is 0x1, not 0x2" },
		{ "Seccomp:\t2\n", "", ": seccomp mode is" },
		{ "Seccomp_filters:\t1", "Seccomp_filters:\t0", ": seccomp filters is 0x0, not 0x1" },
		{ "Seccomp_filters:\t1", "Seccomp_filters:\t2", ": seccomp filters is 0x2, not 0x1" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err err = { 0 };
		assert_failure(verify(rows[i].from, rows[i].to, &expected, &err), err, ERR_REFUSED);
		if (strstr(err.text, rows[i].says) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", err.text, rows[i].says);
	}
}

static void filters_are_counted(void **state)
{
	(void)state;
	static const struct {
		int filters;
		const char *from, *to;
		bool good;
	} rows[] = {
		{ 1, "", "", true },
		{ 2, "", "", false }, /* one is the caller's: ours is missing */
		{ 2, "Seccomp_filters:\t1", "Seccomp_filters:\t2", true },
		{ 1, "Seccomp_filters:\t1", "Seccomp_filters:\t2", false },
		{ 1, "Seccomp_filters:\t1\n", "", true }, /* a kernel that does not count */
		{ 0, "Seccomp:\t2\nSeccomp_filters:\t1\n", "Seccomp:\t0\nSeccomp_filters:\t0\n", true },
		{ 0, "Seccomp:\t2\nSeccomp_filters:\t1\n", "Seccomp:\t0\n", true },
		{ 0, "", "", false },
		{ 1, "Seccomp:\t2\nSeccomp_filters:\t1\n", "Seccomp:\t0\nSeccomp_filters:\t0\n", false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct privilege_expectation plan = expected;
		struct err err = { 0 };

		plan.seccomp_filters = rows[i].filters;
		int result = verify(rows[i].from, rows[i].to, &plan, &err);
		if (rows[i].good)
			assert_success(result, err);
		else
			assert_failure(result, err, ERR_REFUSED);
	}
}

static void what_cannot_be_read_does_not_pass(void **state)
{
	(void)state;
	struct err err = { 0 };

	assert_failure(verify("CapEff:", "CapEfff:", &expected, &err), err, ERR_MALFORMED);
	assert_failure(verify("Seccomp_filters:\t1\n", "Seccomp_filters:\t1", &expected, &err), err, ERR_MALFORMED);
	assert_failure(verify("NoNewPrivs:\t1", "NoNewPrivs:\tx", &expected, &err), err, ERR_MALFORMED);
	assert_int_equal(unlinkat(folder, "status", 0), 0);
	assert_failure(privilege_verify(folder, &expected, &err), err, ERR_SYSTEM);
	assert_failure(privilege_verify(-EBADF, &expected, &err), err, ERR_SYSTEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_planned_passes),
		cmocka_unit_test(each_deviation_is_named),
		cmocka_unit_test(filters_are_counted),
		cmocka_unit_test(what_cannot_be_read_does_not_pass),
	};
	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
