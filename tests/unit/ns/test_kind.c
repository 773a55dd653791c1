/* SPDX-License-Identifier: Apache-2.0 */
/* kind.c, set.c and enter.c, as far as they go without joining anything of somebody else's. */
#include "src/ns/kind.h"
#include "tests/unit/target/tree.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#define ALL (NS_BIT(NS_KIND_MAX) - 1)

static void every_kind_has_a_name_and_a_flag(void **state)
{
	(void)state;
	static const struct {
		enum ns_kind kind;
		const char *name;
		int flag;
	} rows[] = {
		{ NS_USER, "user", CLONE_NEWUSER },       { NS_PID, "pid", CLONE_NEWPID },
		{ NS_MNT, "mnt", CLONE_NEWNS },           { NS_NET, "net", CLONE_NEWNET },
		{ NS_UTS, "uts", CLONE_NEWUTS },          { NS_IPC, "ipc", CLONE_NEWIPC },
		{ NS_CGROUP, "cgroup", CLONE_NEWCGROUP }, { NS_TIME, "time", CLONE_NEWTIME },
	};
	assert_int_equal(ARRAY_SIZE(rows), NS_KIND_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_string_equal(ns_kind_name(rows[i].kind), rows[i].name);
		assert_int_equal(ns_kinds[rows[i].kind].clone_flag, rows[i].flag);
	}
}

static void parses_lists(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned kinds;
	} rows[] = {
		{ "pid", NS_BIT(NS_PID) },
		{ "mnt,pid", NS_BIT(NS_PID) | NS_BIT(NS_MNT) },
		{ "net,net", NS_BIT(NS_NET) },
		{ "user,pid,mnt,net,uts,ipc,cgroup,time", ALL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned kinds = 0;
		struct err err;
		assert_success(ns_parse_list(rows[i].text, &kinds, &err), err);
		assert_int_equal(kinds, rows[i].kinds);
	}
}

static void refuses_other_words(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "", "\"\"" },
		{ "pid,", "\"\"" },
		{ ",pid", "\"\"" },
		{ "pid,,net", "\"\"" },
		{ "PID", "\"PID\"" },
		{ "pid, net", "\" net\"" },
		{ "pi", "\"pi\"" },
		{ "pids", "\"pids\"" },
		{ "all", "\"all\"" },
		{ "pid:net", "\"pid:net\"" },
		{ "mnt,mount", "\"mount\"" },
		{ "0123456789012345678901234567890123456789", "\"01234567890123456789012345678901\"" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned kinds = 4711;
		struct err err;
		assert_failure(ns_parse_list(rows[i].text, &kinds, &err), err, ERR_USAGE);
		if (strstr(err.text, rows[i].says) == NULL)
			fail_msg("%s: %s", rows[i].text, err.text);
		assert_int_equal(kinds, 4711);
	}
}

static void formats_lists(void **state)
{
	(void)state;
	static const struct {
		unsigned kinds;
		size_t size;
		const char *text;
	} rows[] = {
		{ 0, 64, "none" },
		{ NS_BIT(NS_PID), 64, "pid" },
		{ NS_BIT(NS_TIME) | NS_BIT(NS_USER), 64, "user time" },
		{ ALL, 64, "user pid mnt net uts ipc cgroup time" },
		{ ALL, 9, "user pid" }, /* cut, and never written beyond */
		{ ALL, 1, "" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_free char *out = malloc(rows[i].size);
		assert_non_null(out);
		assert_ptr_equal(ns_format_list(rows[i].kinds, out, rows[i].size), out);
		assert_string_equal(out, rows[i].text);
	}
}

static void what_is_formatted_is_parsed(void **state)
{
	(void)state;
	for (unsigned kinds = 1; kinds <= ALL; kinds++) {
		char text[64];
		unsigned parsed = 0;
		struct err err;

		(void)ns_format_list(kinds, text, sizeof(text));
		for (char *c = text; *c != '\0'; c++)
			if (*c == ' ')
				*c = ',';
		assert_success(ns_parse_list(text, &parsed, &err), err);
		assert_int_equal(parsed, kinds);
	}
}

static void differing(void **state)
{
	(void)state;
	struct ns_set ours = { { 1, 2, 3, 4, 5, 6, 7, 0 } }, theirs = ours;

	assert_int_equal(ns_set_differing(&ours, &theirs), 0); /* no time namespaces here: nothing to join */
	for (int kind = 0; kind < NS_KIND_MAX; kind++) {
		theirs = ours;
		theirs.inode[kind] += UINT64_C(1) << 40;
		assert_int_equal(ns_set_differing(&ours, &theirs), NS_BIT(kind));
		assert_int_equal(ns_set_differing(&theirs, &ours), NS_BIT(kind));
	}
	for (int kind = 0; kind < NS_KIND_MAX; kind++)
		theirs.inode[kind] = 100 + (uint64_t)kind;
	assert_int_equal(ns_set_differing(&ours, &theirs), ALL);
}

/* A folder that looks like /proc/PID, with these links. */
static int set_of(const char *const links[NS_KIND_MAX], struct ns_set *ret, struct err *err)
{
	char folder[] = "/tmp/dbgattach-ns-XXXXXX", path[64];

	assert_non_null(mkdtemp(folder));
	cleanup_close int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(fd, "ns", 0700), 0);
	for (int kind = 0; kind < NS_KIND_MAX; kind++) {
		(void)snprintf(path, sizeof(path), "ns/%s", ns_kinds[kind].name);
		if (links[kind] != NULL)
			assert_int_equal(symlinkat(links[kind], fd, path), 0);
	}
	int result = ns_set_read(fd, ret, err);
	for (int kind = 0; kind < NS_KIND_MAX; kind++) {
		(void)snprintf(path, sizeof(path), "ns/%s", ns_kinds[kind].name);
		(void)unlinkat(fd, path, 0);
	}
	assert_int_equal(unlinkat(fd, "ns", AT_REMOVEDIR), 0);
	assert_int_equal(rmdir(folder), 0);
	return result;
}

#define LINKS(pid_link, time_link)                                                                                     \
	{                                                                                                              \
		"user:[1]", pid_link, "mnt:[3]", "net:[4]", "uts:[5]", "ipc:[6]", "cgroup:[7]", time_link              \
	}

static void reads_the_links(void **state)
{
	(void)state;
	static const struct {
		const char *links[NS_KIND_MAX];
		bool good;
		uint64_t pid, time;
	} rows[] = {
		{ LINKS("pid:[4026531836]", "time:[8]"), true, 4026531836, 8 },
		{ LINKS("pid:[18446744073709551615]", NULL), true, UINT64_MAX, 0 }, /* CONFIG_TIME_NS is off */
		{ LINKS(NULL, "time:[8]"), false, 0, 0 },
		{ LINKS("pid:[]", "time:[8]"), false, 0, 0 },
		{ LINKS("pid:[12", "time:[8]"), false, 0, 0 },
		{ LINKS("pid:[1x]", "time:[8]"), false, 0, 0 },
		{ LINKS("pid:[-1]", "time:[8]"), false, 0, 0 },
		{ LINKS("pid:[18446744073709551616]", "time:[8]"), false, 0, 0 },
		{ LINKS("p", "time:[8]"), false, 0, 0 },
		{ LINKS("]", "time:[8]"), false, 0, 0 },
		{ LINKS("pid:[2]", "time:[]"), false, 0, 0 },
		{ LINKS("0123456789012345678901234567890123456789012345678901234567890123456789]", NULL), false, 0, 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ns_set set = { { 0 } };
		struct err err = { 0 };
		int result = set_of(rows[i].links, &set, &err);

		if (!rows[i].good) {
			assert_true(result < 0 && err.text[0] != '\0');
			assert_true(set.inode[NS_USER] == 0);
			continue;
		}
		assert_success(result, err);
		assert_true(set.inode[NS_USER] == 1 && set.inode[NS_CGROUP] == 7);
		assert_true(set.inode[NS_PID] == rows[i].pid && set.inode[NS_TIME] == rows[i].time);
	}
}

static void our_own_are_what_stat_says(void **state)
{
	(void)state;
	cleanup_close int proc = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct ns_set set;
	struct stat stat;
	struct err err;

	assert_success(ns_set_read(proc, &set, &err), err);
	assert_int_equal(fstatat(proc, "ns/net", &stat, 0), 0);
	assert_true(set.inode[NS_NET] == stat.st_ino);
	assert_int_equal(fstatat(proc, "ns/pid", &stat, 0), 0);
	assert_true(set.inode[NS_PID] == stat.st_ino);
}

/* Process 1, or a kernel thread; where neither can be looked at, what is dangerous to mistake is not known. */
static void the_hosts(void **state)
{
	(void)state;
	cleanup_close int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int empty = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct ns_set ours = { { 1, 2, 3, 4, 5, 6, 7, 8 } };
	struct ns_set host, expected;
	struct err err;

	assert_failure(ns_set_read_host(-EBADF, &ours, &host, &err), err, ERR_SYSTEM);
	assert_success(ns_set_read_host(empty, &ours, &host, &err), err);
	assert_true(host.inode[NS_NET] == (geteuid() == 0 ? 0 : ours.inode[NS_NET]));
	assert_true(host.inode[NS_MNT] == ours.inode[NS_MNT] && host.inode[NS_PID] == ours.inode[NS_PID]);

	cleanup_close int first = open("/proc/1", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int thread = open("/proc/2", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (geteuid() != 0 || (ns_set_read(first, &expected, NULL) < 0 && ns_set_read(thread, &expected, NULL) < 0))
		skip_because("looking at process 1 needs root");
	assert_success(ns_set_read_host(proc, &ours, &host, &err), err);
	assert_memory_equal(&host, &expected, sizeof(host));
}

static void entering_nothing_and_nowhere(void **state)
{
	(void)state;
	struct err err = { 0 };

	assert_int_equal(ns_enter(-EBADF, 0, &err), 0);
	assert_failure(ns_enter(-EBADF, NS_BIT(NS_PID) | NS_BIT(NS_MNT), &err), err, ERR_SYSTEM);
	assert_non_null(strstr(err.text, "pid mnt"));
	assert_int_equal(err.errnum, EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_kind_has_a_name_and_a_flag),
					    cmocka_unit_test(parses_lists),
					    cmocka_unit_test(refuses_other_words),
					    cmocka_unit_test(formats_lists),
					    cmocka_unit_test(what_is_formatted_is_parsed),
					    cmocka_unit_test(differing),
					    cmocka_unit_test(reads_the_links),
					    cmocka_unit_test(our_own_are_what_stat_says),
					    cmocka_unit_test(the_hosts),
					    cmocka_unit_test(entering_nothing_and_nowhere) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
