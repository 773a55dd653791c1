/* SPDX-License-Identifier: Apache-2.0 */
/* Names, masks and the five sets; and, in children, that the sets come out as they were planned. */
#include "dbgattach/format/proc_status.h"
#include "dbgattach/base/io.h"
#include "dbgattach/privilege.h"
#include "tests/unit/target/tree.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define CAP(name) CAPABILITY_BIT(CAP_##name)

static void parses_names(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint64_t mask;
	} rows[] = {
		{ "NET_ADMIN", CAP(NET_ADMIN) },
		{ "net_admin", CAP(NET_ADMIN) },
		{ "CAP_NET_ADMIN", CAP(NET_ADMIN) },
		{ "cap_net_admin", CAP(NET_ADMIN) },
		{ "Cap_Net_Admin", CAP(NET_ADMIN) },
		{ "CHOWN", CAP(CHOWN) },
		{ "CHECKPOINT_RESTORE", CAP(CHECKPOINT_RESTORE) },
		{ "SYS_PTRACE", CAP(SYS_PTRACE) },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t mask = 0;
		struct err err;
		assert_success(capabilities_parse(rows[i].name, &mask, &err), err);
		assert_true(mask == rows[i].mask);
	}
	static const char *const all[] = { "ALL", "all", "All" };
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		uint64_t mask = 0;
		struct err err;
		assert_success(capabilities_parse(all[i], &mask, &err), err);
		assert_true(mask == capabilities_all());
	}
}

static void assert_no_names(const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t mask = 4711;
		struct err err = { 0 };
		if (capabilities_parse(names[i], &mask, &err) == 0)
			fail_msg("\"%s\" is taken for 0x%jx", names[i], (uintmax_t)mask);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_true(mask == 4711);
	}
}

static void refuses_other_names(void **state)
{
	(void)state;
	static const char *const names[] = { "",
					     "cap_",
					     "NET",
					     "NET_ADMINS",
					     "NETADMIN",
					     "21",
					     "cap_21",
					     "0x1",
					     "CAP_CAP_KILL",
					     "CAP_ALL",
					     "none",
					     " KILL",
					     "-KILL",
					     "+kill",
					     "cap_kill2",
					     "kill_kill",
					     "0123456789012345678901234567890123456789",
					     "cap_abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz" };
	assert_no_names(names, ARRAY_SIZE(names));
}

/* Half of what was typed must not be taken for all of it: "--cap-drop NET_RAW,SYS_PTRACE" would keep SYS_PTRACE. */
static void refuses_what_follows_a_name(void **state)
{
	(void)state;
	static const char *const names[] = { "KILL,NET_RAW", "KILL ",  "KILL=ep",       "KILL\n",
					     "KILL+",        "KILL;x", "cap_kill,chown" };
	assert_no_names(names, ARRAY_SIZE(names));
}

static void formats_masks(void **state)
{
	(void)state;
	static const struct {
		uint64_t mask;
		size_t size;
		const char *text;
	} rows[] = {
		{ 0, 64, "none" },
		{ CAP(KILL), 64, "KILL" },
		{ CAP(SYS_PTRACE) | CAP(CHOWN), 64, "CHOWN SYS_PTRACE" },
		{ CAP(SYS_PTRACE) | CAP(CHOWN), 16, "CHOWN SYS_PTRAC" }, /* cut, and never written beyond */
		{ CAP(KILL), 1, "" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_free char *out = malloc(rows[i].size);
		assert_non_null(out);
		assert_ptr_equal(capabilities_format(rows[i].mask, out, rows[i].size), out);
		assert_int_equal(strncasecmp(out, rows[i].text, strlen(rows[i].text)), 0);
		assert_int_equal(strlen(out), strlen(rows[i].text));
	}
	char text[1024];
	assert_string_equal(capabilities_format(capabilities_all(), text, sizeof(text)), "all");
	assert_null(strstr(capabilities_format(capabilities_all() & ~CAP(KILL), text, sizeof(text)), "KILL"));
	assert_non_null(strstr(text, "CHECKPOINT_RESTORE"));
}

/* A kernel newer than libcap has capabilities that libcap knows by number only. */
static void formats_unknown_bits(void **state)
{
	(void)state;
	char text[1024];

	capabilities_format(CAP(KILL) | UINT64_C(1) << 63, text, sizeof(text));
	assert_int_equal(strncmp(text, "KILL ", 5), 0);
	assert_true(strlen(text) > 5);
	for (const char *c = text; *c != '\0'; c++)
		assert_true(*c >= 0x20 && *c < 0x7f);
}

static void sets_of_a_session(void **state)
{
	(void)state;
	static const struct {
		bool root;
		uint64_t mask, added;
		struct capability_sets sets;
	} rows[] = {
		/*                                inh perm eff bnd amb */
		{ true, 0, 0, { 0, 0, 0, 0, 0 } },  { true, 7, 0, { 0, 7, 7, 7, 0 } },
		{ true, 7, 4, { 0, 7, 7, 7, 0 } },  { false, 7, 0, { 0, 0, 0, 0, 0 } },
		{ false, 7, 4, { 4, 4, 4, 4, 4 } },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct capability_sets sets = capability_sets_of_session(rows[i].root, rows[i].mask, rows[i].added);
		assert_memory_equal(&sets, &rows[i].sets, sizeof(sets));
	}
}

static struct proc_status own_status(void)
{
	cleanup_buffer struct buffer text = { 0 };
	struct proc_status status;
	struct err err;

	assert_int_equal(io_read_file_at(AT_FDCWD, "/proc/self/status", 1 << 20, &text), 0);
	assert_success(proc_status_parse(text.data, text.length, &status, &err), err);
	return status;
}

static void permitted_is_the_kernels(void **state)
{
	(void)state;
	struct proc_status status = own_status();
	uint64_t mask = 0;
	struct err err;

	assert_success(capabilities_permitted(&mask, &err), err);
	assert_true(mask == status.cap_permitted);
	proc_status_done(&status);
}

/* In a child: becomes the session as the steps do it. The exit status names the first thing that is wrong. */
static int become(uid_t uid, const struct capability_sets *sets)
{
	struct err err = { 0 };

	const gid_t group = 5;

	if (privilege_set_groups(&group, 1, &err) < 0 || privilege_drop_bounding(sets->bounding, &err) < 0 ||
	    privilege_set_ids(uid, 5, &err) < 0 || privilege_set_capabilities(sets, &err) < 0 ||
	    privilege_set_undumpable(&err) < 0 || privilege_set_no_new_privs(&err) < 0)
		return 1;
	if (prctl(PR_GET_DUMPABLE) != 0 || prctl(PR_GET_KEEPCAPS) != 0)
		return 2;
	/* Undumpable, its own /proc is root's; so the sets are asked for by prctl and by capget only. */
	for (int i = 0; i <= CAP_LAST_CAP; i++)
		if (prctl(PR_CAPBSET_READ, i) != (int)(sets->bounding >> i & 1) ||
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) != (int)(sets->ambient >> i & 1))
			return 3;
	uint64_t permitted;
	if (capabilities_permitted(&permitted, &err) < 0 || permitted != sets->permitted)
		return 4;
	gid_t groups[2];
	if (getuid() != uid || geteuid() != uid || getgid() != 5 || getgroups(2, groups) != 1 || groups[0] != 5)
		return 5;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 6;
}

static void becomes_the_session(void **state)
{
	(void)state;
	static const struct {
		uid_t uid;
		uint64_t mask, added;
	} rows[] = { { 0, CAP(KILL) | CAP(CHOWN), 0 },
		     { 0, 0, 0 },
		     { 65532, CAP(KILL) | CAP(CHOWN), 0 },
		     { 65532, CAP(KILL), CAP(KILL) } };
	struct err err;
	uint64_t permitted;

	assert_success(capabilities_permitted(&permitted, &err), err);
	if ((permitted & (CAP(SETPCAP) | CAP(SETUID) | CAP(SETGID) | CAP(KILL) | CAP(CHOWN))) !=
	    (CAP(SETPCAP) | CAP(SETUID) | CAP(SETGID) | CAP(KILL) | CAP(CHOWN)))
		skip_because("becoming another user needs root");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct capability_sets sets = capability_sets_of_session(rows[i].uid == 0, rows[i].mask, rows[i].added);
		int status;
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0)
			_exit(become(rows[i].uid, &sets));
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

/* Alone, without an id change that would bring it about by itself. */
static void undumpable(void **state)
{
	(void)state;
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct err err;
		(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
		_exit(privilege_set_undumpable(&err) == 0 && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(parses_names),
					    cmocka_unit_test(refuses_other_names),
					    cmocka_unit_test(refuses_what_follows_a_name),
					    cmocka_unit_test(formats_masks),
					    cmocka_unit_test(formats_unknown_bits),
					    cmocka_unit_test(sets_of_a_session),
					    cmocka_unit_test(permitted_is_the_kernels),
					    cmocka_unit_test(becomes_the_session),
					    cmocka_unit_test(undumpable) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
