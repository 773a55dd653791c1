/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/format/proc_status.h"
#include "tests/unit/unit.h"

#define HEAD                                                                                                           \
	"Name:\tapp\nUmask:\t0027\nState:\tS "                                                                         \
	"(sleeping)\nTgid:\t4782\nNgid:\t0\nPid:\t4782\nPPid:\t4763\nTracerPid:\t0\n"
#define IDS "Uid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t4294967294\nFDSize:\t64\n"
#define GROUPS "Groups:\t5 65532 4294967294 \n"
#define NS "NStgid:\t4782\t1\nNSpid:\t4782\t17\t1\nVmPeak:\t     184 kB\n"
#define CAPS                                                                                                           \
	"CapInh:\t0000000000000001\nCapPrm:\t0000000000000002\nCapEff:\t000001ffffffffff\nCapBnd:\tffffffffffffffff\n" \
	"CapAmb:\t0000000000000000\n"
#define TAIL "NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t3\nMems_allowed_list:\t0\n"

static const char real[] = HEAD IDS GROUPS NS CAPS TAIL;

static void reads_all(void **state)
{
	(void)state;
	struct proc_status status;
	struct err err;
	cleanup_free char *bytes = unit_exact(real, sizeof(real) - 1);

	assert_success(proc_status_parse(bytes, sizeof(real) - 1, &status, &err), err);
	assert_int_equal(status.state, 'S');
	assert_int_equal(status.umask, 027);
	assert_int_equal(status.tgid, 4782);
	assert_int_equal(status.ppid, 4763);
	assert_int_equal(status.nspid, 1);
	assert_int_equal(status.nspid_levels, 3);
	assert_memory_equal(status.uid, ((uid_t[]) { 1, 2, 3, 4 }), sizeof(status.uid));
	assert_memory_equal(status.gid, ((gid_t[]) { 5, 6, 7, 4294967294 }), sizeof(status.gid));
	assert_int_equal(status.groups_count, 3);
	assert_memory_equal(status.groups, ((gid_t[]) { 5, 65532, 4294967294 }), 3 * sizeof(gid_t));
	assert_true(status.cap_inheritable == 1 && status.cap_permitted == 2);
	assert_true(status.cap_effective == 0x1ffffffffff && status.cap_bounding == UINT64_MAX);
	assert_true(status.cap_ambient == 0);
	assert_int_equal(status.no_new_privs, 1);
	assert_int_equal(status.seccomp, 2);
	assert_int_equal(status.seccomp_filters, 3);
	proc_status_done(&status);
}

static void old_kernels_leave_things_unknown(void **state)
{
	(void)state;
	static const char old[] = "Name:\tx\nState:\tR (running)\nTgid:\t1\nPPid:\t0\n" IDS "Groups:\t \n" CAPS;
	struct proc_status status;
	struct err err;

	assert_success(proc_status_parse(old, sizeof(old) - 1, &status, &err), err);
	assert_int_equal(status.umask, (mode_t)-1);
	assert_int_equal(status.nspid, 0);
	assert_int_equal(status.nspid_levels, 0);
	assert_int_equal(status.groups_count, 0);
	assert_int_equal(status.no_new_privs, -1);
	assert_int_equal(status.seccomp, -1);
	assert_int_equal(status.seccomp_filters, -1);
	proc_status_done(&status);
}

static void a_name_adds_no_lines(void **state)
{
	(void)state;
	/* The kernel prints a newline in a name as \n, and a backslash as two characters too. */
	static const char text[] = "Name:\tx\\nCapEff:\\t\n"
				   "State:\tS (s)\nTgid:\t1\nPPid:\t0\n" IDS GROUPS CAPS;
	struct proc_status status;
	struct err err;
	assert_success(proc_status_parse(text, sizeof(text) - 1, &status, &err), err);
	assert_true(status.cap_effective == 0x1ffffffffff);
	proc_status_done(&status);
}

static void refuses(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"\n",
		"no colon\n",
		HEAD,
		HEAD IDS GROUPS,
		HEAD IDS CAPS,
		HEAD GROUPS CAPS,
		IDS GROUPS CAPS,
		HEAD IDS GROUPS CAPS "CapEff:\tffffffffffffffff\n",
		HEAD IDS GROUPS CAPS "Uid:\t0\t0\t0\t0\n",
		HEAD IDS "Groups:\t1 x\n" CAPS,
		HEAD IDS "Groups:\t-1\n" CAPS,
		HEAD IDS "Groups:\t4294967296\n" CAPS,
		HEAD "Uid:\t1\t2\t3\nGid:\t1\t2\t3\t4\n" GROUPS CAPS,
		HEAD "Uid:\t1\t2\t3\t4\t5\nGid:\t1\t2\t3\t4\n" GROUPS CAPS,
		HEAD IDS GROUPS CAPS "NoNewPrivs:\tyes\n",
		HEAD IDS GROUPS CAPS "Seccomp:\t99999999999\n",
		HEAD IDS GROUPS CAPS "NSpid:\t\n",
		HEAD IDS GROUPS CAPS "NSpid:\t1\t0x1\n",
		"Umask:\t0088\n" IDS GROUPS CAPS,
		HEAD IDS GROUPS "CapInh:\t1\n",
		HEAD IDS GROUPS "CapInh:\t000000000000000G\n",
		HEAD IDS GROUPS "CapInh:\t00000000000000001\n",
		"Name:\tx\nState:\tS\nTgid:\t99999999999\nPPid:\t0\n" IDS GROUPS CAPS,
		HEAD IDS GROUPS CAPS "NoNewPrivs:\t1",
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct proc_status status = { 0 };
		struct err err = { 0 };
		cleanup_free char *bytes = unit_exact(texts[i], strlen(texts[i]));
		if (proc_status_parse(bytes, strlen(texts[i]), &status, &err) >= 0)
			fail_msg("row %zu was taken", i);
		assert_int_equal(err.kind, ERR_MALFORMED);
		assert_null(status.groups);
	}
}

static void groups_have_a_limit(void **state)
{
	(void)state;
	for (size_t count = PROC_STATUS_GROUPS_MAX; count <= PROC_STATUS_GROUPS_MAX + 1; count++) {
		struct proc_status status = { 0 };
		struct err err;
		cleanup_free char *text = calloc(count * 2 + 2000, 1);
		assert_non_null(text);
		char *at = stpcpy(text, HEAD IDS "Groups:\t");
		for (size_t i = 0; i < count; i++)
			at = stpcpy(at, "7 ");
		strcpy(at, "\n" CAPS);
		int r = proc_status_parse(text, strlen(text), &status, &err);
		if (count <= PROC_STATUS_GROUPS_MAX) {
			assert_success(r, err);
			assert_int_equal(status.groups_count, count);
		} else {
			assert_failure(r, err, ERR_MALFORMED);
		}
		proc_status_done(&status);
	}
}

static void parse_cut(const char *bytes, size_t length)
{
	struct proc_status status = { 0 };
	struct err err = { 0 };
	/* Cut at the end of an optional line it is that of an older kernel; a value is never a shorter one. */
	if (proc_status_parse(bytes, length, &status, &err) == 0) {
		assert_int_equal(bytes[length - 1], '\n');
		assert_int_equal(status.groups_count, 3);
		assert_true(status.cap_effective == 0x1ffffffffff);
		proc_status_done(&status);
	} else {
		assert_int_equal(err.kind, ERR_MALFORMED);
	}
}

static void survives_every_cut(void **state)
{
	(void)state;
	unit_each_cut(real, sizeof(real) - 1, parse_cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all),
		cmocka_unit_test(old_kernels_leave_things_unknown),
		cmocka_unit_test(a_name_adds_no_lines),
		cmocka_unit_test(refuses),
		cmocka_unit_test(groups_have_a_limit),
		cmocka_unit_test(survives_every_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
