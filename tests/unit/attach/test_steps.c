/* SPDX-License-Identifier: Apache-2.0 */
/* The laws of the order. A changed order that breaks none of them is as good as this one. */
#include "src/attach/steps.h"
#include "tests/unit/unit.h"

#ifdef DBG_TEST_BUILD
#include <signal.h>
#include <sys/wait.h>
#endif

enum process { MONITOR, ENTRY };

static const struct {
	enum process process;
	const char *before, *after, *because;
} laws[] = {
	{ MONITOR, "resolve", "facts", "facts are read through the pin" },
	{ MONITOR, "facts", "plan", "the plan is made of facts and of nothing else" },
	{ MONITOR, "plan", "toolbox", "nothing is made for the session before all is decided" },
	{ MONITOR, "plan", "notes", "what deviates is in the plan" },
	{ MONITOR, "notes", "toolbox", "what deviates is told before anything is done" },
	{ MONITOR, "notes", "filter", "who stops the target for a moment says so before" },
	{ MONITOR, "plan", "filter", "where the filter comes from is the plan's choice" },
	{ MONITOR, "filter", "entry", "the entering process has the filters in its memory" },
	{ MONITOR, "filter", "cgroup", "the copy is made before there is anything to take away" },
	{ MONITOR, "notes", "terminal", "in raw mode a line would not start at the left" },
	{ MONITOR, "launcher", "terminal", "what the entering process has to say is told before raw mode" },
	{ MONITOR, "plan", "cgroup", "its limits are the plan's" },
	{ MONITOR, "resolve", "guardian", "without a target there is nothing to guard, and a name is refused at once" },
	{ MONITOR, "toolbox", "channels", "the terminal is one of the session's own devpts" },
	{ MONITOR, "toolbox", "terminal", "what fails without raw mode is told on a terminal that wraps its lines" },
	{ MONITOR, "guardian", "cgroup",
	  "whoever is killed after making the cgroup must have somebody who removes it" },
	{ MONITOR, "guardian", "terminal", "whoever is killed in raw mode must have somebody who restores it" },
	{ MONITOR, "guardian", "entry", "whoever is killed with a session must have somebody who ends it" },
	{ MONITOR, "cgroup", "entry", "the entering process is born in it" },
	{ MONITOR, "toolbox", "entry", "it inherits the mounts" },
	{ MONITOR, "channels", "entry", "it inherits stdio, the start pipe and the wire" },
	{ MONITOR, "plan", "entry", "it does what the plan says" },
	{ MONITOR, "entry", "launcher", "nobody else becomes the launcher" },
	{ MONITOR, "launcher", "init", "before the launcher's exit there is no init to find" },
	{ MONITOR, "init", "verify", "what is verified is init" },
	{ MONITOR, "verify", "start", "a session that is not as planned runs nothing" },
	{ MONITOR, "terminal", "start", "the command's first byte must meet a raw terminal" },
	{ MONITOR, "start", "relay", "the relay waits for a command that must have been let go" },

	{ ENTRY, "stdio", "join", "a process that may hang must not hold the caller's stdio" },
	{ ENTRY, "detach", "join", "the caller's attributes must not show inside" },
	{ ENTRY, "detach", "keyring", "undumpable before there is anything of the session to be read" },
	{ ENTRY, "keyring", "join", "a keyring counts against the user namespace that it is made in" },
	{ ENTRY, "keyring", "seccomp", "the filter refuses keyctl" },
	{ ENTRY, "root", "join", "after it the way to the target's root leads through the target's own /proc" },
	{ ENTRY, "root", "ids", "the target's /proc/PID/root needs ptrace rights over it" },
	{ ENTRY, "join", "unshare", "the copy must be one of the target's mount namespace" },
	{ ENTRY, "unshare", "view", "what is mounted must not reach the target" },
	{ ENTRY, "view", "pivot", "there is nothing to pivot into before" },
	{ ENTRY, "view", "ids", "mounting needs SYS_ADMIN" },
	{ ENTRY, "view", "caps", "mounting needs SYS_ADMIN" },
	{ ENTRY, "pivot", "caps", "pivot_root needs SYS_ADMIN" },
	{ ENTRY, "pivot", "workdir", "the working directory is one of the session's tree" },
	{ ENTRY, "pivot", "close", "the proof holds on to the root's fd" },
	{ ENTRY, "groups", "ids", "setgroups needs SETGID in force" },
	{ ENTRY, "bounding", "caps", "dropping from the bounding set needs SETPCAP" },
	{ ENTRY, "view", "limits", "the target's limit of open files may be smaller than what the view needs" },
	{ ENTRY, "close", "limits", "the target's limit of open files may be smaller than what is open" },
	{ ENTRY, "bounding", "ids", "a change of ids takes SETPCAP out of force" },
	{ ENTRY, "pivot", "ids", "a change of ids takes SYS_ADMIN out of force" },
	{ ENTRY, "limits", "launcher", "the session starts with them" },
	{ ENTRY, "ids", "caps", "setresuid needs SETUID, and would clear the sets" },
	{ ENTRY, "groups", "caps", "setgroups needs SETGID" },
	{ ENTRY, "caps", "workdir", "it is entered with the session's own rights" },
	{ ENTRY, "ids", "workdir", "it is entered with the session's own ids" },
	{ ENTRY, "join", "ids", "the ids are those of the target's user namespace" },
	{ ENTRY, "caps", "label",
	  "to be set it needs no capability, and what came before may need what its policy forbids" },
	{ ENTRY, "workdir", "label", "the working directory is entered before the target's policy counts" },
	{ ENTRY, "detach", "label", "its fd of the host's /proc/self is opened there" },
	{ ENTRY, "label", "no-new-privs", "a policy may count the transition as one more privilege" },
	{ ENTRY, "label", "close", "it writes through the host's /proc" },
	{ ENTRY, "label", "seccomp", "it opens and writes" },
	{ ENTRY, "no-new-privs", "seccomp", "without SYS_ADMIN the kernel takes a filter only then" },
	{ ENTRY, "caps", "seccomp", "the filter is the session's, not that of what makes it" },
	{ ENTRY, "root", "close", "it opens" },
	{ ENTRY, "view", "close", "it opens" },
	{ ENTRY, "workdir", "close", "it opens the launcher" },
	{ ENTRY, "close", "seccomp", "a caller's own filter may be stricter; close_range must have run" },
	{ ENTRY, "seccomp", "launcher", "the exec is the first thing that the filter sees" },
	{ ENTRY, "no-new-privs", "launcher", "no file capability may count at the exec" },
	{ ENTRY, "close", "launcher", "what is open at the exec stays open in the session" },
};

static const struct step *steps_of(enum process process, size_t *ret_count)
{
	*ret_count = process == MONITOR ? monitor_steps_count : entry_steps_count;
	return process == MONITOR ? monitor_steps : entry_steps;
}

static size_t position(enum process process, const char *name)
{
	size_t count;
	const struct step *steps = steps_of(process, &count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(steps[i].name, name) == 0)
			return i;
	fail_msg("there is no step \"%s\"", name);
	return 0;
}

static void laws_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(laws); i++)
		if (position(laws[i].process, laws[i].before) >= position(laws[i].process, laws[i].after))
			fail_msg("%s does not come before %s: %s", laws[i].before, laws[i].after, laws[i].because);
}

/* Every step must be bound by a law: one that may stand anywhere has no reason to be a step. */
static void laws_cover_every_step(void **state)
{
	(void)state;
	for (enum process process = MONITOR; process <= ENTRY; process++) {
		size_t count;
		const struct step *steps = steps_of(process, &count);

		for (size_t i = 0; i < count; i++) {
			bool named = false;
			for (size_t k = 0; k < ARRAY_SIZE(laws); k++)
				named = named ||
					(laws[k].process == process && (strcmp(laws[k].before, steps[i].name) == 0 ||
									strcmp(laws[k].after, steps[i].name) == 0));
			if (!named)
				fail_msg("no law names %s", steps[i].name);
		}
	}
}

static void first_and_last(void **state)
{
	(void)state;
	assert_int_equal(position(MONITOR, "resolve"), 0);
	assert_int_equal(position(MONITOR, "relay"), monitor_steps_count - 1);
	assert_int_equal(position(ENTRY, "stdio"), 0);
	assert_int_equal(position(ENTRY, "seccomp"), entry_steps_count - 2);
	assert_int_equal(position(ENTRY, "launcher"), entry_steps_count - 1);
}

/* As part of PROCESS/STEP and of a comma-separated list of options. */
static void names_are_unique_words(void **state)
{
	(void)state;
	for (enum process process = MONITOR; process <= ENTRY; process++) {
		size_t count;
		const struct step *steps = steps_of(process, &count);

		assert_true(count > 0);
		for (size_t i = 0; i < count; i++) {
			assert_int_equal(position(process, steps[i].name), i);
			assert_true(steps[i].name[0] != '\0');
			assert_int_equal(steps[i].name[strspn(steps[i].name, "abcdefghijklmnopqrstuvwxyz-")], '\0');
			assert_non_null(steps[i].run);
			assert_true(steps[i].reason != NULL && strlen(steps[i].reason) >= 10);
		}
	}
	/* The barrier behind the last step. */
	for (size_t i = 0; i < monitor_steps_count; i++)
		assert_string_not_equal(monitor_steps[i].name, "end");
}

/* DBG_BARRIER names that are relied upon elsewhere. */
static void barriers_have_their_steps(void **state)
{
	(void)state;
	static const struct {
		enum process process;
		const char *steps[24];
	} barriers[] = {
		{ MONITOR,
		  { "resolve", "facts", "plan", "notes", "filter", "toolbox", "channels", "guardian", "cgroup",
		    "terminal", "entry", "launcher", "init", "verify", "start", "relay" } },
		{ ENTRY,
		  { "stdio", "detach", "keyring", "root", "join", "unshare", "view", "pivot", "workdir", "groups",
		    "bounding", "limits", "ids", "caps", "label", "no-new-privs", "close", "seccomp", "launcher" } },
	};
	for (size_t i = 0; i < ARRAY_SIZE(barriers); i++) {
		size_t count, named = 0;

		(void)steps_of(barriers[i].process, &count);
		for (; barriers[i].steps[named] != NULL; named++)
			(void)position(barriers[i].process, barriers[i].steps[named]);
		assert_int_equal(named, count);
	}
}

/* ---- the runner ---- */

static char trace[64];
static bool failing;

static void told(struct attach *attach, size_t index)
{
	char text[] = { '<', (char)('0' + index), '\0' };

	assert_null(attach);
	strcat(trace, text);
}

static int run_a(struct attach *attach, struct err *err)
{
	(void)attach;
	(void)err;
	strcat(trace, "a");
	return 0;
}

static int run_b(struct attach *attach, struct err *err)
{
	(void)attach;
	strcat(trace, "b");
	return failing ? err_set(err, ERR_GONE, "b failed") : 1; /* positive is no failure */
}

static const struct step made_steps[] = { { "a", run_a, "-" }, { "b", run_b, "-" }, { "c", run_a, "-" } };

static void runs_in_order_to_the_first_failure(void **state)
{
	(void)state;
	struct err err = { 0 };

	trace[0] = '\0';
	failing = false;
	assert_success(steps_run("made", made_steps, ARRAY_SIZE(made_steps), NULL, told, &err), err);
	assert_string_equal(trace, "<0a<1b<2a");
	trace[0] = '\0';
	failing = true;
	assert_failure(steps_run("made", made_steps, ARRAY_SIZE(made_steps), NULL, told, &err), err, ERR_GONE);
	assert_string_equal(err.text, "b failed");
	assert_string_equal(trace, "<0a<1b");
	trace[0] = '\0';
	assert_int_equal(steps_run("made", made_steps, 0, NULL, told, &err), 0);
	assert_string_equal(trace, "");
}

#ifdef DBG_TEST_BUILD
static int run_exit(struct attach *attach, struct err *err)
{
	(void)attach;
	(void)err;
	_exit(7);
}

static void stops_at_the_barrier(void **state)
{
	(void)state;
	static const struct step steps[] = { { "first", run_a, "-" }, { "stop", run_exit, "-" } };
	struct err err;
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		(void)setenv("DBG_BARRIER", "made/stop", 1);
		(void)steps_run("other", steps, 1, NULL, told, &err);
		(void)steps_run("made", steps, ARRAY_SIZE(steps), NULL, told, &err);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, WUNTRACED), child);
	assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	assert_int_equal(kill(child, SIGCONT), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(laws_hold),
		cmocka_unit_test(laws_cover_every_step),
		cmocka_unit_test(first_and_last),
		cmocka_unit_test(names_are_unique_words),
		cmocka_unit_test(barriers_have_their_steps),
		cmocka_unit_test(runs_in_order_to_the_first_failure),
#ifdef DBG_TEST_BUILD
		cmocka_unit_test(stops_at_the_barrier),
#endif
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
