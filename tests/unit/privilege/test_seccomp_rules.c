/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the default filter, and the generated filter at work in a child. */
#include "dbgattach/privilege.h"
#include "src/privilege/seccomp_rules.h"
#include "tests/unit/privilege/refused.h"
#include "tests/unit/target/tree.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static bool is_refused_always(const char *name)
{
	for (size_t i = 0; i < seccomp_rules_count; i++)
		if (strcmp(seccomp_rules[i].syscall, name) == 0 && seccomp_rules[i].mask == 0)
			return seccomp_rules[i].errnum == EPERM;
	return false;
}

static void the_table_is_sane(void **state)
{
	(void)state;
	for (size_t i = 0; i < seccomp_rules_count; i++) {
		const struct seccomp_rule *rule = &seccomp_rules[i];

		assert_true(rule->syscall != NULL && rule->syscall[0] != '\0');
		assert_true(rule->argument < 6);
		assert_int_equal(rule->value & ~rule->mask, 0); /* else it can never match */
		assert_int_equal(rule->errnum, strcmp(rule->syscall, "clone3") == 0 ? ENOSYS : EPERM);
		for (size_t k = 0; k < i; k++) {
			const struct seccomp_rule *other = &seccomp_rules[k];
			if (strcmp(rule->syscall, other->syscall) != 0)
				continue;
			if (rule->mask == 0 || other->mask == 0 ||
			    (rule->mask == other->mask && rule->value == other->value))
				fail_msg("%s comes twice", rule->syscall);
		}
	}
}

/* The generator skips a name that it does not know, so a misspelled one would be no rule at all. */
static void every_unconditional_rule_is_tried(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (!is_refused_always(refused[i].name))
			fail_msg("there is no rule for %s", refused[i].name);
	for (size_t i = 0; i < seccomp_rules_count; i++) {
		/* open_tree_attr is newer than some libseccomp, so what it answers (EPERM or ENOSYS) depends on the build. */
		bool found = seccomp_rules[i].mask != 0 || strcmp(seccomp_rules[i].syscall, "clone3") == 0 ||
			     strcmp(seccomp_rules[i].syscall, "open_tree_attr") == 0;
		for (size_t k = 0; k < ARRAY_SIZE(refused); k++)
			found = found || strcmp(refused[k].name, seccomp_rules[i].syscall) == 0;
		if (!found)
			fail_msg("%s is not tried", seccomp_rules[i].syscall);
	}
}

/* ---- the filter at work ---- */

#define RESULTS_MAX 128

/* Runs body in a child under the filter; its results and how it ended. */
static int in_child(bool filter, void (*body)(int *results), int *ret_results)
{
	int *shared = mmap(NULL, RESULTS_MAX * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;

	assert_true(shared != MAP_FAILED);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct err err;
		if (filter && (privilege_set_no_new_privs(&err) < 0 || privilege_set_default_filter(&err) < 0))
			_exit(99);
		body(shared);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	memcpy(ret_results, shared, RESULTS_MAX * sizeof(int));
	(void)munmap(shared, RESULTS_MAX * sizeof(int));
	return status;
}

/* All arguments are -1: bad pointers, bad fds, bad flags. What gets through to the kernel does nothing. */
static int try_call(long number)
{
	return syscall(number, -1L, -1L, -1L, -1L, -1L, -1L) < 0 ? errno : 0;
}

static void try_refused(int *results)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		results[i] = refused[i].number == ABSENT ? EPERM : try_call(refused[i].number);
}

/* vhangup takes no arguments that could make it fail: it is left out where nothing would stop it. */
static void try_unfiltered(int *results)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		results[i] = refused[i].number == ABSENT || refused[i].number == SYS_vhangup ?
				     -1 :
				     try_call(refused[i].number);
}

static void refuses_with_eperm(void **state)
{
	(void)state;
	int results[RESULTS_MAX], without[RESULTS_MAX];
	size_t told_apart = 0;

	assert_int_equal(in_child(true, try_refused, results), 0);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (results[i] != EPERM)
			fail_msg("%s: %s", refused[i].name, results[i] == 0 ? "success" : strerrorname_np(results[i]));
	/* It is the filter that says so: without it the same calls fail for another reason, at least for root. */
	assert_int_equal(in_child(false, try_unfiltered, without), 0);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		told_apart += without[i] != -1 && without[i] != EPERM;
	if (geteuid() == 0)
		assert_true(told_apart >= 30);
}

static void try_arguments(int *results)
{
	static const unsigned long flags[] = { CLONE_NEWUSER,   CLONE_NEWPID,
					       CLONE_NEWNS,     CLONE_NEWNET,
					       CLONE_NEWUTS,    CLONE_NEWIPC,
					       CLONE_NEWCGROUP, CLONE_NEWUSER | CLONE_NEWPID,
					       CLONE_NEWTIME };
	static const unsigned long requests[] = { TIOCSTI, TIOCLINUX };
	static const unsigned long high[] = { 0, 1UL << 32, 0xffffffffUL << 32, 1UL << 63 };

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		long pid = syscall(SYS_clone, flags[i] | SIGCHLD, 0, 0, 0, 0);
		if (pid == 0)
			_exit(0);
		*results++ = pid < 0 ? errno : 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		for (size_t k = 0; k < ARRAY_SIZE(high); k++)
			*results++ = syscall(SYS_ioctl, -1, requests[i] | high[k], "x") < 0 ? errno : 0;
	for (size_t k = 0; k < ARRAY_SIZE(high); k++)
		*results++ = syscall(SYS_socket, AF_VSOCK | high[k], SOCK_STREAM, 0) < 0 ? errno : 0;
	*results = -1;
}

static void refuses_by_argument(void **state)
{
	(void)state;
	int results[RESULTS_MAX];
	size_t count = 0;

	assert_int_equal(in_child(true, try_arguments, results), 0);
	for (; results[count] != -1; count++)
		if (results[count] != EPERM)
			fail_msg("call %zu: %d", count, results[count]);
	assert_int_equal(count, 9 + 8 + 4);
}

static void try_unknown(int *results)
{
	results[0] = try_call(SYS_clone3);
	results[1] = try_call(1000);
	results[2] = try_call(0x3fffffff);
	results[3] = try_call(OPEN_TREE_ATTR);
}

static void newer_calls_do_not_exist(void **state)
{
	(void)state;
	int results[RESULTS_MAX];

	assert_int_equal(in_child(true, try_unknown, results), 0);
	assert_int_equal(results[0], ENOSYS); /* libc falls back to clone, whose flags a filter can see */
	assert_int_equal(results[1], ENOSYS);
	assert_int_equal(results[2], ENOSYS);
	assert_true(results[3] == ENOSYS || results[3] == EPERM);
}

/* Each must work, or fail for a reason of its own. */
static void try_ordinary(int *results)
{
	int fds[2], status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 7 : 8);
	*results++ = pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7;
	*results++ = getpid() == (pid_t)syscall(SYS_getpid);
	*results++ = pipe2(fds, O_CLOEXEC) == 0 && write(fds[1], "x", 1) == 1;
	*results++ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0;
	*results++ = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0;
	*results++ = open("/dev/null", O_RDWR | O_CLOEXEC) >= 0;
	*results++ = kill(getpid(), 0) == 0;
	*results++ = ioctl(-1, TIOCGWINSZ, NULL) < 0 && errno == EBADF;
	*results++ = ioctl(-1, TIOCSTI + 1UL, NULL) < 0 && errno == EBADF;
	*results++ = try_call(SYS_process_vm_readv) != EPERM;
	*results++ = try_call(SYS_perf_event_open) != EPERM;
	*results++ = try_call(SYS_seccomp) == EINVAL; /* a foreign filter goes on top of ours */
	*results++ = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
	*results = -1;
}

static void ordinary_calls_work(void **state)
{
	(void)state;
	int results[RESULTS_MAX];
	size_t count = 0;

	assert_int_equal(in_child(true, try_ordinary, results), 0);
	for (; results[count] != -1; count++)
		if (results[count] != 1)
			fail_msg("call %zu does not work", count);
	assert_int_equal(count, 13);
}

#ifdef __x86_64__
static void try_i386(int *results)
{
	long result = 20; /* getpid */

	__asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
	results[0] = result > 0;
}

static void try_x32(int *results)
{
	results[0] = syscall(0x40000000L + SYS_getpid) > 0 ? 1 : errno;
}

static void foreign_architectures_are_killed(void **state)
{
	(void)state;
	int results[RESULTS_MAX];
	int status = in_child(true, try_x32, results);

	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	status = in_child(false, try_i386, results);
	if (status != 0 || results[0] != 1)
		skip_because("this kernel runs no 32-bit system calls");
	status = in_child(true, try_i386, results);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_sane),
		cmocka_unit_test(every_unconditional_rule_is_tried),
		cmocka_unit_test(refuses_with_eperm),
		cmocka_unit_test(refuses_by_argument),
		cmocka_unit_test(newer_calls_do_not_exist),
		cmocka_unit_test(ordinary_calls_work),
#ifdef __x86_64__
		cmocka_unit_test(foreign_architectures_are_killed),
#endif
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
