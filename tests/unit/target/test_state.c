/* SPDX-License-Identifier: Apache-2.0 */
/* Which state files are trusted. */
#include "tests/unit/target/tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define DOCKER "var/lib/docker"
#define CONTAINERS DOCKER "/containers"
#define CONFIG CONTAINERS "/" ID_A "/config.v2.json"

static void links_in_a_containers_folder_are_refused(void **state)
{
	const struct tree *tree = *state;
	static const char *const paths[] = { CONFIG, CONTAINERS "/" ID_A };
	int root = tree->host.root_fd;

	tree_docker(tree, ID_A, "web", tree->pid, tree->start_time);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		assert_int_equal(renameat(root, paths[i], root, "moved"), 0);
		assert_int_equal(symlinkat("/moved", root, paths[i]), 0);
		assert_refused(tree, "web", ERR_REFUSED, "symbolic link");
		assert_refused(tree, ID_A, ERR_REFUSED, "symbolic link");
		assert_int_equal(unlinkat(root, paths[i], 0), 0);
		assert_int_equal(renameat(root, "moved", root, paths[i]), 0);
		assert_resolves(tree, "web", "docker", ID_A);
	}
}

/* /var/lib/docker on another disk. */
static void roots_links_above_are_followed(void **state)
{
	const struct tree *tree = *state;
	static const struct {
		const char *path, *target;
	} rows[] = {
		{ CONTAINERS, "/moved" },  { DOCKER, "/moved" }, { "var/lib", "/moved" },          { "var", "moved" },
		{ DOCKER, "../../moved" }, { "var", "/hop" },    { CONTAINERS, "../../../moved" },
	};
	int root = tree->host.root_fd;

	tree_docker(tree, ID_A, "web", tree->pid, tree->start_time);
	assert_int_equal(symlinkat("moved", root, "hop"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(renameat(root, rows[i].path, root, "moved"), 0);
		assert_int_equal(symlinkat(rows[i].target, root, rows[i].path), 0);
		assert_resolves(tree, "web", "docker", ID_A);
		assert_resolves(tree, ID_A, "docker", ID_A);
		assert_int_equal(unlinkat(root, rows[i].path, 0), 0);
		assert_refused(tree, "web", ERR_NOT_FOUND, "web");
		assert_int_equal(symlinkat("/nowhere", root, rows[i].path), 0);
		assert_refused(tree, "web", ERR_NOT_FOUND, "web");
		assert_int_equal(unlinkat(root, rows[i].path, 0), 0);
		assert_int_equal(renameat(root, "moved", root, rows[i].path), 0);
	}
}

static void links_that_others_could_have_made_are_refused(void **state)
{
	const struct tree *tree = *state;
	static const char *const targets[] = { "/loop", "/a/../moved", "/moved/.." };
	int root = tree->host.root_fd;

	tree_docker(tree, ID_A, "web", tree->pid, tree->start_time);
	assert_int_equal(renameat(root, DOCKER, root, "moved"), 0);
	assert_int_equal(symlinkat("/moved", root, DOCKER), 0);
	assert_int_equal(fchmodat(root, "var/lib", 01777, 0), 0);
	assert_refused(tree, "web", ERR_REFUSED, "symbolic link");
	assert_int_equal(fchmodat(root, "var/lib", 0755, 0), 0);
	assert_resolves(tree, "web", "docker", ID_A);
	if (geteuid() == 0) {
		assert_int_equal(fchownat(root, DOCKER, 1000, 1000, AT_SYMLINK_NOFOLLOW), 0);
		assert_refused(tree, "web", ERR_REFUSED, "symbolic link");
		assert_int_equal(fchownat(root, DOCKER, 0, 0, AT_SYMLINK_NOFOLLOW), 0);
		assert_int_equal(fchownat(root, "var/lib", 1000, 1000, 0), 0);
		assert_refused(tree, "web", ERR_REFUSED, "symbolic link");
		assert_int_equal(fchownat(root, "var/lib", 0, 0, 0), 0);
	}
	assert_int_equal(symlinkat("loop", root, "loop"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		assert_int_equal(unlinkat(root, DOCKER, 0), 0);
		assert_int_equal(symlinkat(targets[i], root, DOCKER), 0);
		assert_refused(tree, "web", ERR_REFUSED, "symbolic link");
	}
}

static void what_others_can_write_is_refused(void **state)
{
	const struct tree *tree = *state;
	static const struct {
		const char *path;
		mode_t bad, good;
	} rows[] = {
		{ CONFIG, 0620, 0600 },
		{ CONFIG, 0602, 0600 },
		{ CONTAINERS, 0770, 0755 },
		{ CONTAINERS, 01777, 0710 },
		{ "run/docker/runtime-runc/moby/" ID_A "/state.json", 0666, 0600 },
	};

	tree_docker(tree, ID_A, "web", tree->pid, tree->start_time);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(fchmodat(tree->host.root_fd, rows[i].path, rows[i].bad, 0), 0);
		assert_refused(tree, "web", ERR_REFUSED, "can be written by others");
		assert_int_equal(fchmodat(tree->host.root_fd, rows[i].path, rows[i].good, 0), 0);
		assert_resolves(tree, "web", "docker", ID_A);
	}
}

static void another_owner_is_refused(void **state)
{
	const struct tree *tree = *state;
	static const char *const paths[] = { CONFIG, CONTAINERS, "run/docker/runtime-runc/moby/" ID_A "/state.json" };

	if (geteuid() != 0)
		skip_because("only root can give a file away");
	tree_docker(tree, ID_A, "web", tree->pid, tree->start_time);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		assert_int_equal(fchownat(tree->host.root_fd, paths[i], 1000, 0, 0), 0);
		assert_refused(tree, "web", ERR_REFUSED, "belongs to user 1000, not to root");
		/* A host's root that belongs to somebody does not make him root. */
		assert_int_equal(fchownat(tree->host.root_fd, "", 1000, 0, AT_EMPTY_PATH), 0);
		assert_refused(tree, "web", ERR_REFUSED, "belongs to user 1000, not to root");
		assert_int_equal(fchownat(tree->host.root_fd, "", 0, 0, AT_EMPTY_PATH), 0);
		assert_int_equal(fchownat(tree->host.root_fd, paths[i], 0, 0, 0), 0);
	}
	assert_resolves(tree, "web", "docker", ID_A);
}

static void large_files_are_refused(void **state)
{
	const struct tree *tree = *state;

	tree_docker(tree, ID_A, "web", tree->pid, tree->start_time);
	cleanup_close int fd = openat(tree->host.root_fd, CONFIG, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 5 << 20), 0);
	assert_refused(tree, "web", ERR_MALFORMED, "larger than 4194304 bytes");
	assert_int_equal(ftruncate(fd, 4 << 20), 0); /* as much as may be, but NULs are no JSON */
	assert_refused(tree, "web", ERR_MALFORMED, "config.v2.json: line 1");
}

static void only_regular_files_are_read(void **state)
{
	const struct tree *tree = *state;
	int root = tree->host.root_fd;

	tree_folder(tree, CONTAINERS "/" ID_A);
	assert_int_equal(mkfifoat(root, CONFIG, 0600), 0);
	assert_refused(tree, "web", ERR_REFUSED, "not a regular file"); /* and does not hang */
	assert_int_equal(unlinkat(root, CONFIG, 0), 0);
	tree_folder(tree, CONFIG);
	assert_refused(tree, "web", ERR_REFUSED, "not a regular file");
	assert_int_equal(unlinkat(root, CONFIG, AT_REMOVEDIR), 0);
	tree_write(tree, "run/runc", "a file in a folder's place");
	assert_refused(tree, "web", ERR_SYSTEM, "/run/runc: Not a directory");
}

/* In a child that gave root away: 0 when the resolver said "denied". */
static int resolve_as_nobody(const struct tree *tree)
{
	struct resolved resolved;

	if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
		return 2;
	resolved = tree_resolve(tree, "web");
	if (resolved.result >= 0 || resolved.err.kind != ERR_DENIED)
		return 1;
	return 0;
}

static void without_the_right_to_read(void **state)
{
	const struct tree *tree = *state;
	int status;

	if (geteuid() != 0)
		skip_because("only root can become another user");
	tree_docker(tree, ID_A, "web", tree->pid, tree->start_time);
	assert_int_equal(fchmodat(tree->host.root_fd, DOCKER, 0710, 0), 0);
	assert_int_equal(fchmodat(tree->host.root_fd, ".", 0755, 0), 0);
	pid_t pid = fork();
	if (pid == 0)
		_exit(resolve_as_nobody(tree));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void deep_and_long_json(void **state)
{
	const struct tree *tree = *state;
	cleanup_free char *deep = calloc(100001, 1);

	assert_non_null(deep);
	memset(deep, '[', 100000);
	tree_write(tree, CONFIG, "%s", deep);
	assert_refused(tree, "aaaa", ERR_MALFORMED, "64 levels");
	tree_write(tree, "run/runc/web/state.json", "%s", deep);
	assert_refused(tree, "runc:web", ERR_MALFORMED, "cannot be read at byte");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(links_in_a_containers_folder_are_refused),
		TEST(roots_links_above_are_followed),
		TEST(links_that_others_could_have_made_are_refused),
		TEST(what_others_can_write_is_refused),
		TEST(another_owner_is_refused),
		TEST(large_files_are_refused),
		TEST(only_regular_files_are_read),
		TEST(without_the_right_to_read),
		TEST(deep_and_long_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
