/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From JSON to what a call is answered, without the kernel: each row is a profile, a call and the answer. That the machine
 * which runs them agrees with the kernel's is shown at the end, in a child that is under such a filter.
 */
#include "dbgattach/base/io.h"
#include "tests/unit/privilege/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void actions(void **state)
{
	(void)state;
	static const struct {
		const char *profile;
		int call;
		uint32_t answer;
	} rows[] = {
		{ PROFILE("ALLOW", RULE("read", "ERRNO", "")), SYS_read, ERRNO(EPERM) },
		{ PROFILE("ALLOW", RULE("read", "ERRNO", "")), SYS_write, ALLOW },
		{ PROFILE("ALLOW", RULE("read", "ERRNO", ",\"errnoRet\":0")), SYS_read, ERRNO(0) },
		{ PROFILE("ALLOW", RULE("read", "ERRNO", ",\"errnoRet\":38")), SYS_read, ERRNO(38) },
		{ PROFILE("ALLOW", RULE("read", "TRACE", ",\"errnoRet\":7")), SYS_read, SECCOMP_RET_TRACE | 7 },
		{ PROFILE("ALLOW", RULE("read", "KILL", "")), SYS_read, SECCOMP_RET_KILL_THREAD },
		{ PROFILE("ALLOW", RULE("read", "KILL_PROCESS", "")), SYS_read, SECCOMP_RET_KILL_PROCESS },
		{ PROFILE("ALLOW", RULE("read", "TRAP", "")), SYS_read, SECCOMP_RET_TRAP },
		{ PROFILE("ALLOW", RULE("read", "LOG", "")), SYS_read, SECCOMP_RET_LOG },
		{ PROFILE("ERRNO", RULE("write", "ALLOW", "")), SYS_read, ERRNO(EPERM) },
		{ PROFILE("ERRNO", RULE("write", "ALLOW", "")), SYS_write, ALLOW },
		{ PROFILE("KILL_PROCESS", RULE("write", "ALLOW", "")), SYS_read, SECCOMP_RET_KILL_PROCESS },
		/* newer than all that is named: it does not exist, as with runc, but where the default allows it */
		{ PROFILE("ERRNO", RULE("openat", "ALLOW", "")), SYS_openat2, ERRNO(ENOSYS) },
		{ PROFILE("KILL_PROCESS", RULE("openat", "ALLOW", "")), 5000, ERRNO(ENOSYS) },
		{ PROFILE("ALLOW", RULE("openat", "ERRNO", "")), SYS_openat2, ALLOW },
		{ PROFILE("KILL_PROCESS", ""), SYS_read, SECCOMP_RET_KILL_PROCESS }, /* nothing is named */
		/* unknown, and the default at least as strict */
		{ PROFILE("ERRNO", RULE("no_such_call", "ALLOW", "") "," RULE("write", "ALLOW", "")), SYS_write,
		  ALLOW },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct seccomp_data data = { .nr = rows[i].call, .arch = NATIVE_ARCH, .args = { 9 } };

		if (filter_answer(rows[i].profile, (struct seccomp_terms) { 0 }, &data) != rows[i].answer)
			fail_msg("row %zu", i);
	}
}

static void operators_and_arguments(void **state)
{
	(void)state;
#define OF(conditions) PROFILE("ALLOW", RULE("read", "ERRNO", ARGS(conditions)))
	static const struct {
		const char *profile;
		uint64_t args[6];
		bool refused;
	} rows[] = {
		{ OF(ARG(0, "NE", 5)), { 5 }, false },
		{ OF(ARG(0, "NE", 5)), { 6 }, true },
		{ OF(ARG(1, "LT", 5)), { 9, 4 }, true },
		{ OF(ARG(1, "LT", 5)), { 0, 5 }, false },
		{ OF(ARG(0, "LE", 5)), { 5 }, true },
		{ OF(ARG(0, "LE", 5)), { 6 }, false },
		{ OF(ARG(5, "EQ", 5)), { 0, 0, 0, 0, 0, 5 }, true },
		{ OF(ARG(5, "EQ", 5)), { 5 }, false },
		{ OF(ARG(0, "GE", 5)), { 5 }, true },
		{ OF(ARG(0, "GE", 5)), { 4 }, false },
		{ OF(ARG(0, "GT", 5)), { 6 }, true },
		{ OF(ARG(0, "GT", 5)), { 5 }, false },
		{ OF(MASKED(0, 240, 16)), { 0x1f }, true },
		{ OF(MASKED(0, 240, 16)), { 0x2f }, false },
		/* all 64 bits */
		{ OF(ARG(0, "EQ", 4294967296)), { UINT64_C(1) << 32 }, true },
		{ OF(ARG(0, "EQ", 4294967296)), { 0 }, false },
		{ OF(ARG(0, "GT", 18446744073709551614)), { UINT64_MAX }, true },
		{ OF(MASKED(0, 18446744069414584320, 0)), { UINT64_C(1) << 32 }, false },
		/* different arguments: all; the same one: any */
		{ OF(ARG(0, "EQ", 1) "," ARG(1, "EQ", 2)), { 1, 2 }, true },
		{ OF(ARG(0, "EQ", 1) "," ARG(1, "EQ", 2)), { 1, 3 }, false },
		{ OF(ARG(0, "EQ", 1) "," ARG(0, "EQ", 2)), { 2 }, true },
		{ OF(ARG(0, "EQ", 1) "," ARG(0, "EQ", 2)), { 3 }, false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct seccomp_data data = { .nr = SYS_read, .arch = NATIVE_ARCH };

		memcpy(data.args, rows[i].args, sizeof(rows[i].args));
		uint32_t expected = rows[i].refused ? ERRNO(EPERM) : ALLOW;
		if (filter_answer(rows[i].profile, (struct seccomp_terms) { 0 }, &data) != expected)
			fail_msg("row %zu", i);
	}
}

static void includes_and_excludes(void **state)
{
	(void)state;
#define WHEN(text) PROFILE("ERRNO", RULE("read", "ALLOW", "," text))
	static const struct {
		const char *profile;
		uint64_t capabilities;
		bool allowed;
	} rows[] = {
		{ WHEN("\"includes\":{\"caps\":[\"CAP_KILL\"]}"), CAPABILITY_BIT(CAP_KILL), true },
		{ WHEN("\"includes\":{\"caps\":[\"CAP_KILL\"]}"), CAPABILITY_BIT(CAP_CHOWN), false },
		{ WHEN("\"includes\":{\"caps\":[\"CAP_KILL\",\"CAP_CHOWN\"]}"), CAPABILITY_BIT(CAP_CHOWN), false },
		{ WHEN("\"excludes\":{\"caps\":[\"CAP_KILL\",\"CAP_CHOWN\"]}"), CAPABILITY_BIT(CAP_CHOWN), false },
		{ WHEN("\"excludes\":{\"caps\":[\"CAP_KILL\"]}"), CAPABILITY_BIT(CAP_CHOWN), true },
		{ WHEN("\"includes\":{\"arches\":[\"s390\",\"" GO_ARCH "\"]}"), 0, true },
		{ WHEN("\"includes\":{\"arches\":[\"s390\"]}"), 0, false },
		{ WHEN("\"excludes\":{\"arches\":[\"" GO_ARCH "\"]}"), 0, false },
		{ WHEN("\"excludes\":{\"arches\":[\"s390\"]}"), 0, true },
		{ WHEN("\"includes\":{\"minKernel\":\"4.8\"}"), 0, true },
		{ WHEN("\"includes\":{\"minKernel\":\"900.0\"}"), 0, false },
		{ WHEN("\"excludes\":{\"minKernel\":\"4.8\"}"), 0, false },
		{ WHEN("\"excludes\":{\"minKernel\":\"900.0\"}"), 0, true },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct seccomp_data data = { .nr = SYS_read, .arch = NATIVE_ARCH };
		const struct seccomp_terms terms = { .capabilities = rows[i].capabilities };
		uint32_t got = filter_answer(rows[i].profile, terms, &data);

		/* Without the rule nothing at all is named. */
		if ((got == ALLOW) != rows[i].allowed)
			fail_msg("row %zu: 0x%x", i, got);
	}
}

static void refused_by_name(void **state)
{
	(void)state;
	static const struct {
		const char *profile, *says;
		enum err_kind kind;
	} rows[] = {
		{ PROFILE("ALLOW", RULE("no_such_call", "ERRNO", "")), "does not know the system call no_such_call",
		  ERR_UNSUPPORTED },
		{ PROFILE("ERRNO", RULE("no_such_call", "KILL", "")), "no_such_call", ERR_UNSUPPORTED },
		{ PROFILE("ALLOW", RULE("read", "ERRNO", "") "," RULE("read", "LOG", ARGS(ARG(0, "EQ", 1)))),
		  "the rules for read contradict each other", ERR_MALFORMED },
		{ PROFILE("ERRNO", RULE("read", "ALLOW", "") "," RULE("read", "KILL", ARGS(ARG(0, "EQ", 1)))),
		  "the rules for read contradict each other", ERR_MALFORMED },
		{ PROFILE("ALLOW", RULE("read", "ERRNO", ",\"includes\":{\"caps\":[\"CAP_FLY\"]}")),
		  "the rule for read: \"CAP_FLY\"", ERR_USAGE },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_PDP11\"]}", "SCMP_ARCH_PDP11",
		  ERR_UNSUPPORTED },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct seccomp_program program = { 0 };
		char remark[SECCOMP_REMARK_MAX];
		struct err err = { 0 };

		assert_failure(filter_compile(rows[i].profile, (struct seccomp_terms) { 0 }, &program, remark, &err),
			       err, rows[i].kind);
		if (strstr(err.text, rows[i].says) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", err.text, rows[i].says);
		assert_null(program.code);
	}
}

#if defined(__x86_64__)
static void architectures(void **state)
{
	(void)state;
	static const struct {
		const char *head;
		bool native_only;
		uint32_t arch;
		int call;
		uint32_t answer;
	} rows[] = {
		{ "", false, AUDIT_ARCH_X86_64, SYS_read, ALLOW },
		{ "", false, AUDIT_ARCH_X86_64, SYS_write, ERRNO(EPERM) },
		{ "", false, AUDIT_ARCH_I386, 3, SECCOMP_RET_KILL_THREAD },
		{ "", false, AUDIT_ARCH_X86_64, 0x40000000, SECCOMP_RET_KILL_THREAD },
		{ "\"architectures\":[\"SCMP_ARCH_X86\"],", false, AUDIT_ARCH_I386, 3, ALLOW },
		{ "\"architectures\":[\"SCMP_ARCH_X86\"],", false, AUDIT_ARCH_I386, 4, ERRNO(EPERM) },
		{ "\"architectures\":[\"SCMP_ARCH_X86\"],", false, AUDIT_ARCH_X86_64, SYS_read, ALLOW },
		{ "\"architectures\":[\"SCMP_ARCH_X86\"],", false, AUDIT_ARCH_AARCH64, 3, SECCOMP_RET_KILL_THREAD },
		{ "\"architectures\":[\"SCMP_ARCH_X86\"],", true, AUDIT_ARCH_I386, 3, SECCOMP_RET_KILL_THREAD },
		{ "\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86_64\",\"subArchitectures\":[\"SCMP_ARCH_X32\","
		  "\"SCMP_ARCH_X86\"]}],",
		  false, AUDIT_ARCH_X86_64, 0x40000000, ALLOW },
		{ "\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86_64\",\"subArchitectures\":[\"SCMP_ARCH_X32\","
		  "\"SCMP_ARCH_X86\"]}],",
		  false, AUDIT_ARCH_X86_64, 0x40000001, ERRNO(EPERM) },
		{ "\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86_64\",\"subArchitectures\":[\"SCMP_ARCH_X32\","
		  "\"SCMP_ARCH_X86\"]}],",
		  false, AUDIT_ARCH_X86_64, SYS_read, ALLOW },
		{ "\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86_64\",\"subArchitectures\":[\"SCMP_ARCH_X32\","
		  "\"SCMP_ARCH_X86\"]}],",
		  false, AUDIT_ARCH_I386, 3, ALLOW },
		{ "\"archMap\":[{\"architecture\":\"SCMP_ARCH_AARCH64\",\"subArchitectures\":[\"SCMP_ARCH_ARM\"]}],",
		  false, AUDIT_ARCH_I386, 3, SECCOMP_RET_KILL_THREAD },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct seccomp_data data = { .nr = rows[i].call, .arch = rows[i].arch };
		cleanup_free char *text = NULL;

		assert_true(asprintf(&text,
				     "{%s\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[" RULE(
					     "read", "ALLOW", "") "," RULE("openat2", "ALLOW", "") "]}",
				     rows[i].head) > 0);
		uint32_t got =
			filter_answer(text, (struct seccomp_terms) { .native_only = rows[i].native_only }, &data);
		if (got != rows[i].answer)
			fail_msg("row %zu: 0x%x", i, got);
	}
}
#endif

static void podmans_own(void **state)
{
	(void)state;
	cleanup_buffer struct buffer text = { 0 };
	cleanup_close int fd = open("/usr/share/containers/seccomp.json", O_RDONLY | O_CLOEXEC);
	const struct seccomp_data setns = { .nr = SYS_setns, .arch = NATIVE_ARCH },
				  read = { .nr = SYS_read, .arch = NATIVE_ARCH };
	const struct seccomp_terms none = { 0 }, admin = { .capabilities = CAPABILITY_BIT(CAP_SYS_ADMIN) };

	if (fd < 0) {
		print_message("SKIPPED: Podman's seccomp.json is not installed\n");
		skip();
	}
	assert_int_equal(io_read_all(fd, SECCOMP_PROFILE_MAX, &text), 0);
	assert_int_equal(filter_answer(text.data, none, &setns), ERRNO(EPERM));
	assert_int_equal(filter_answer(text.data, admin, &setns), ALLOW);
	assert_int_equal(filter_answer(text.data, none, &read), ALLOW);
}

static void what_init_needs(void **state)
{
	(void)state;
	static const struct {
		const char *profile, *forbidden;
	} rows[] = {
		{ PROFILE("ALLOW", ""), NULL },
		{ PROFILE("LOG", ""), NULL },
		{ PROFILE("ALLOW", RULE("execve", "KILL", "")), NULL }, /* that is the command's own affair */
		{ PROFILE("ALLOW", RULE("kill", "ERRNO", "")), "kill" },
		{ PROFILE("ALLOW", RULE("execveat", "KILL", "")), "execveat" },
		{ PROFILE("ALLOW", RULE("wait4", "TRACE", "")), "wait4" },
		{ PROFILE("ALLOW", RULE("prctl", "ERRNO", ARGS(ARG(0, "EQ", 36)))),
		  "prctl" }, /* PR_SET_CHILD_SUBREAPER */
		{ PROFILE("ALLOW", RULE("prctl", "ERRNO", ARGS(ARG(0, "EQ", 99)))), NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct seccomp_programs programs = { .count = 1 };
		char remark[SECCOMP_REMARK_MAX];
		struct err err = { 0 };

		assert_success(
			filter_compile(rows[i].profile, (struct seccomp_terms) { 0 }, &programs.items[0], remark, &err),
			err);
		const char *forbidden = seccomp_forbids_session(&programs);
		if (rows[i].forbidden == NULL)
			assert_null(forbidden);
		else
			assert_string_equal(forbidden, rows[i].forbidden);
		seccomp_programs_done(&programs);
	}
}

/* Instructions that libseccomp does not write, but whoever wrote a filter by hand may have. */
static void the_machine(void **state)
{
	(void)state;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_STMT(BPF_ST, 3),
		BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 4),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_MEM, 3),
		BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
		BPF_STMT(BPF_ALU | BPF_SUB | BPF_K, 1),
		BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, 2),
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 2),
		BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 2),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 1),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff),
		BPF_STMT(BPF_ALU | BPF_OR | BPF_K, 0x100),
		BPF_STMT(BPF_ALU | BPF_NEG, 0),
		BPF_STMT(BPF_ALU | BPF_NEG, 0),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	const struct seccomp_program program = { .code = code, .length = ARRAY_SIZE(code) };
	const struct seccomp_data data = { .nr = 5 };

	/* (((5 + (5 << 4)) - 1) ^ 2) >> 1 & 0xff | 0x100 */
	assert_int_equal(seccomp_run(&program, &data), (((5 + (5 << 4)) - 1) ^ 2) >> 1 | 0x100);
	struct sock_filter endless[] = { BPF_STMT(BPF_JMP | BPF_JA, UINT32_MAX) };
	const struct seccomp_program out = { .code = endless, .length = 1 };
	assert_int_equal(seccomp_run(&out, &data), SECCOMP_RET_KILL_PROCESS);
}

/* In a child under the filters: the exit status says how far it came. */
static int under_filters(const struct seccomp_programs *programs)
{
	struct err err;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || privilege_set_filters(programs, &err) < 0)
		return 99;
	errno = 0;
	bool first = syscall(SYS_mkdirat, -1, NULL, 0) < 0 && errno == 77;
	errno = 0;
	bool second = syscall(SYS_fchdir, -1) < 0 && errno == 88;
	return first && second ? 0 : 1;
}

static void the_kernel_agrees(void **state)
{
	(void)state;
	struct seccomp_programs programs = { .count = 2 };
	char remark[SECCOMP_REMARK_MAX];
	struct err err;
	int status;

	assert_success(filter_compile(PROFILE("ALLOW", RULE("mkdirat", "ERRNO", ",\"errnoRet\":77")),
				      (struct seccomp_terms) { 0 }, &programs.items[0], remark, &err),
		       err);
	assert_success(
		filter_compile(
			"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],\"syscalls\":["
			"{\"name\":\"fchdir\",\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":88}]}",
			(struct seccomp_terms) { 0 }, &programs.items[1], remark, &err),
		err);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(under_filters(&programs));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	seccomp_programs_done(&programs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(actions),
		cmocka_unit_test(operators_and_arguments),
		cmocka_unit_test(includes_and_excludes),
		cmocka_unit_test(refused_by_name),
#if defined(__x86_64__)
		cmocka_unit_test(architectures),
#endif
		cmocka_unit_test(podmans_own),
		cmocka_unit_test(what_init_needs),
		cmocka_unit_test(the_machine),
		cmocka_unit_test(the_kernel_agrees),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
