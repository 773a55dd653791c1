/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup.c over ordinary files in a temporary folder, which stand for the kernel's: what is read, written, killed and
 * removed. That the kernel obeys is for the tests with a real hierarchy.
 */
#include "dbgattach/ns.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct folder {
	char path[64];
	int fd;
};

static int folder_setup(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	assert_non_null(folder);
	strcpy(folder->path, "/tmp/dbgattach-cgroup-XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(folder->fd >= 0);
	*state = folder;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int folder_teardown(void **state)
{
	struct folder *folder = *state;
	int result = nftw(folder->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);

	close_quietly(folder->fd);
	free(folder);
	return result;
}

static void put(const struct folder *folder, const char *name, const char *text)
{
	cleanup_close int fd = openat(folder->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void assert_file(const struct folder *folder, const char *name, const char *expected)
{
	char text[64] = "";
	cleanup_close int fd = openat(folder->fd, name, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	assert_string_equal(text, expected);
}

/* A cgroup whose directory in one hierarchy is the folder. */
static struct cgroup cgroup_of(const struct folder *folder, enum cgroup_hierarchy hierarchy)
{
	struct cgroup cgroup;

	cgroup_init(&cgroup);
	cgroup.dir[hierarchy] = fcntl(folder->fd, F_DUPFD_CLOEXEC, 3);
	assert_true(cgroup.dir[hierarchy] >= 0);
	return cgroup;
}
#define cleanup_cgroup __attribute__((cleanup(cgroup_done)))

static pid_t child_start(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

static void assert_killed(pid_t pid, bool expected)
{
	int status = 0;
	pid_t ended = waitpid(pid, &status, expected ? 0 : WNOHANG);

	assert_int_equal(ended, expected ? pid : 0);
	if (expected)
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void reads_members(void **state)
{
	static const struct {
		const char *text;
		int count;
		pid_t first, second;
	} rows[] = {
		{ "", 0, -1, -1 },
		{ "7\n", 1, 7, -1 },
		{ "7\n8\n9\n", 3, 7, 8 },
		{ "7\n8", 2, 7, 8 },
		{ "0\n7\n0\n", 1, 7, -1 }, /* of a PID namespace that is not ours to see */
		{ "\n-1\nx\n2147483648\n99999999999999999999\n2147483647\n", 1, 2147483647, -1 },
	};
	cleanup_cgroup struct cgroup cgroup = cgroup_of(*state, CGROUP_PIDS);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		pid_t pids[3] = { -1, -1, -1 };
		put(*state, "cgroup.procs", rows[i].text);
		assert_int_equal(cgroup_members(&cgroup, pids, 2), rows[i].count);
		assert_int_equal(pids[0], rows[i].first);
		assert_int_equal(pids[1], rows[i].second);
		assert_int_equal(pids[2], -1);
	}
}

static void without_a_directory_there_is_nobody(void **state)
{
	struct cgroup cgroup;
	pid_t pid;

	cgroup_init(&cgroup);
	assert_int_equal(cgroup_members(&cgroup, &pid, 1), -ENOENT);
	assert_int_equal(cgroup_kill_others(&cgroup, 0), -ENOENT);
	assert_int_equal(cgroup_remove(&cgroup), 0);
	cleanup_cgroup struct cgroup empty = cgroup_of(*state, CGROUP_UNIFIED);
	assert_int_equal(cgroup_members(&empty, &pid, 1), -ENOENT);
}

static void kills_all_but_one(void **state)
{
	static const struct {
		enum cgroup_hierarchy hierarchy;
		const char *freezer, *before, *status, *frozen, *after, *left_frozen;
	} rows[] = {
		{ CGROUP_UNIFIED, "cgroup.freeze", "0", "cgroup.events", "populated 1\nfrozen 1\n", "0", "1" },
		/* The file is told FROZEN and then THAWED: the same length, so what is left is the last one. */
		{ CGROUP_FREEZER, "freezer.state", "THAWED", "freezer.state", "", "THAWED", "FROZEN" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_cgroup struct cgroup cgroup = cgroup_of(*state, rows[i].hierarchy);
		pid_t spare = child_start(), others[2] = { child_start(), child_start() };
		char members[64];

		put(*state, rows[i].freezer, rows[i].before);
		if (rows[i].frozen[0] != '\0')
			put(*state, rows[i].status, rows[i].frozen);
		(void)snprintf(members, sizeof(members), "%d\n%d\n%d\n", others[0], spare, others[1]);
		put(*state, "cgroup.procs", members);
		assert_int_equal(cgroup_kill_others(&cgroup, spare), 2);
		assert_killed(others[0], true);
		assert_killed(others[1], true);
		assert_killed(spare, false);
		assert_file(*state, rows[i].freezer, rows[i].after);

		(void)snprintf(members, sizeof(members), "%d\n", spare);
		put(*state, "cgroup.procs", members);
		/* Whoever froze it was killed before he could thaw it, and somebody has stopped the spare one. */
		put(*state, rows[i].freezer, rows[i].left_frozen);
		assert_int_equal(kill(spare, SIGSTOP), 0);
		assert_int_equal(waitpid(spare, NULL, WUNTRACED), spare);
		assert_int_equal(cgroup_kill_others(&cgroup, spare), 0);
		assert_file(*state, rows[i].freezer, rows[i].after);
		assert_int_equal(waitpid(spare, NULL, WCONTINUED), spare);
		assert_killed(spare, false);
		assert_int_equal(cgroup_kill_others(&cgroup, 0), 1);
		assert_killed(spare, true);
	}
}

/* What is not frozen in time cannot fork either: killing goes on. */
static void kills_what_does_not_freeze(void **state)
{
	cleanup_cgroup struct cgroup cgroup = cgroup_of(*state, CGROUP_UNIFIED);
	pid_t child = child_start();
	char members[16];

	put(*state, "cgroup.freeze", "0");
	put(*state, "cgroup.events", "populated 1\nfrozen 0\n");
	(void)snprintf(members, sizeof(members), "%d\n", child);
	put(*state, "cgroup.procs", members);
	assert_int_equal(cgroup_kill_others(&cgroup, 0), 1);
	assert_killed(child, true);
}

static void joins_v1_by_tasks(void **state)
{
	cleanup_cgroup struct cgroup cgroup = cgroup_of(*state, CGROUP_MEMORY);
	struct err err;

	put(*state, "tasks", "");
	put(*state, "cgroup.procs", "untouched");
	assert_success(cgroup_join_v1(&cgroup, &err), err);
	assert_file(*state, "tasks", "0");
	assert_file(*state, "cgroup.procs", "untouched");
	assert_int_equal(unlinkat(((struct folder *)*state)->fd, "tasks", 0), 0);
	assert_int_equal(cgroup_join_v1(&cgroup, &err), -ENOENT);
	assert_non_null(strstr(err.text, "sys/fs/cgroup/memory"));
	cleanup_cgroup struct cgroup unified = cgroup_of(*state, CGROUP_UNIFIED);
	assert_int_equal(cgroup_join_v1(&unified, &err), 0); /* it is born there */
}

static void removes_only_its_own(void **state)
{
	const struct folder *folder = *state;
	struct cgroup cgroup;

	cgroup_init(&cgroup);
	assert_int_equal(mkdirat(folder->fd, "dbgattach-1-a", 0700), 0);
	assert_int_equal(mkdirat(folder->fd, "dbgattach-2-b", 0700), 0);
	(void)snprintf(cgroup.session, sizeof(cgroup.session), "dbgattach-1-a");
	cgroup.root[CGROUP_PIDS] = fcntl(folder->fd, F_DUPFD_CLOEXEC, 3);
	cgroup.dir[CGROUP_PIDS] = openat(folder->fd, "dbgattach-1-a", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int root = cgroup.root[CGROUP_PIDS];
	assert_int_equal(cgroup_remove(&cgroup), 0);
	assert_int_equal(faccessat(folder->fd, "dbgattach-1-a", F_OK, 0), -1);
	assert_int_equal(faccessat(folder->fd, "dbgattach-2-b", F_OK, 0), 0);
	assert_int_equal(cgroup.dir[CGROUP_PIDS], -EBADF);
	assert_int_equal(fcntl(root, F_GETFD), -1);
	(void)unlinkat(folder->fd, "dbgattach-2-b", AT_REMOVEDIR);
}

static void verifies_every_directory(void **state)
{
	static const struct {
		const char *text, *missing;
	} rows[] = {
		{ "5:pids:/dbgattach-1-a\n4:memory:/dbgattach-1-a\n0::/\n", NULL },
		{ "5:pids:/sub/dbgattach-1-a\n4:cpu,memory:/dbgattach-1-a\n", NULL },
		{ "5:pids:/dbgattach-1-a\n4:memory:/\n", "memory" },
		{ "5:pids:/dbgattach-1-a\n", "memory" },
		{ "5:pids:/dbgattach-1-ab\n4:memory:/dbgattach-1-a\n", "pids" },
		{ "5:pids:/dbgattach-1-a/deeper\n4:memory:/dbgattach-1-a\n", "pids" },
		{ "", "pids" },
	};
	const struct folder *folder = *state;
	struct err err = { 0 };
	cleanup_cgroup struct cgroup cgroup = cgroup_of(folder, CGROUP_PIDS);

	(void)snprintf(cgroup.session, sizeof(cgroup.session), "dbgattach-1-a");
	cgroup.dir[CGROUP_MEMORY] = fcntl(folder->fd, F_DUPFD_CLOEXEC, 3);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		put(folder, "cgroup", rows[i].text);
		int result = cgroup_verify(&cgroup, folder->fd, &err);
		if (rows[i].missing == NULL) {
			assert_success(result, err);
		} else {
			assert_true(result < 0 && err.kind == ERR_REFUSED);
			assert_non_null(strstr(err.text, rows[i].missing));
		}
	}
}

/* An ordinary directory where a hierarchy should be mounted is none: nothing may be made in it. */
static void only_real_hierarchies(void **state)
{
	static const char *const places[] = { "sys",
					      "sys/fs",
					      "sys/fs/cgroup",
					      "sys/fs/cgroup/unified",
					      "sys/fs/cgroup/pids",
					      "sys/fs/cgroup/memory",
					      "sys/fs/cgroup/freezer" };
	const struct folder *folder = *state;
	struct cgroup cgroup;
	struct err err;

	cgroup_init(&cgroup);
	assert_failure(cgroup_make(&cgroup, folder->fd, "1-a", &err), err, ERR_UNSUPPORTED);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		assert_int_equal(mkdirat(folder->fd, places[i], 0700), 0);
	assert_failure(cgroup_make(&cgroup, folder->fd, "1-a", &err), err, ERR_UNSUPPORTED);
	assert_int_equal(cgroup_open(&cgroup, folder->fd, "1-a"), -ENOENT);
	for (size_t i = 2; i < ARRAY_SIZE(places); i++) {
		char path[64];
		(void)snprintf(path, sizeof(path), "%s/dbgattach", places[i]);
		assert_int_equal(faccessat(folder->fd, path, F_OK, 0), -1);
	}
	for (int i = 0; i < CGROUP_HIERARCHY_MAX; i++)
		assert_true(cgroup.root[i] < 0 && cgroup.dir[i] < 0);
}

static void names_that_are_too_long(void **state)
{
	const struct folder *folder = *state;
	struct cgroup cgroup;
	struct err err;
	char name[80];

	memset(name, '1', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	cgroup_init(&cgroup);
	assert_int_equal(cgroup_make(&cgroup, folder->fd, name, &err), -ENAMETOOLONG);
	assert_int_equal(cgroup_open(&cgroup, folder->fd, name), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_members, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(without_a_directory_there_is_nobody, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(kills_all_but_one, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(kills_what_does_not_freeze, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(joins_v1_by_tasks, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(removes_only_its_own, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(verifies_every_directory, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(only_real_hierarchies, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(names_that_are_too_long, folder_setup, folder_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
