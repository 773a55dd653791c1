/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/target/tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void runc_by_name(void **state)
{
	const struct tree *tree = *state;

	tree_runc(tree, "run/runc", "web", tree->pid, tree->start_time, "/srv/web");
	tree_write(tree, "srv/web/config.json", "{\"process\":{\"env\":[\"FOO=bar\"]}}");
	assert_resolves(tree, "web", "runc", "web");
	assert_resolves(tree, "runc:web", "runc", "web");
	assert_resolves(tree, "runc:/run/runc/web", "runc", "web");
	cleanup_resolved struct resolved resolved = tree_resolve(tree, "web");
	assert_true(resolved.target.has_config);
	assert_string_equal(strv_env_get(&resolved.target.env, "FOO"), "bar");
	assert_null(resolved.target.name);
	assert_refused(tree, "crun:web", ERR_NOT_FOUND, "(looked at crun)");
}

static void crun_by_name(void **state)
{
	const struct tree *tree = *state;

	tree_crun(tree, "web", tree->pid, tree->start_time, "/srv/web");
	tree_write(tree, "srv/web/config.json", "{\"process\":{\"env\":[\"FOO=bar\"]}}");
	assert_resolves(tree, "web", "crun", "web");
	cleanup_resolved struct resolved resolved = tree_resolve(tree, "crun:web");
	assert_true(resolved.target.has_config);
	tree_crun(tree, "web", 0, 0, NULL);
	assert_refused(tree, "web", ERR_GONE, "crun:web: it is not running");
}

static void a_prefix_is_taken_of_random_ids_only(void **state)
{
	const struct tree *tree = *state;

	tree_runc(tree, "run/runc", ID_A, tree->pid, tree->start_time, NULL);
	tree_runc(tree, "run/runc", "beef-of-another-team", tree->pid, tree->start_time, NULL);
	assert_resolves(tree, "aaaa", "runc", ID_A);
	assert_refused(tree, "beef", ERR_NOT_FOUND, "no container \"beef\"");
	assert_refused(tree, "AAAA", ERR_NOT_FOUND, "no container \"AAAA\"");
}

static void another_folder(void **state)
{
	const struct tree *tree = *state;

	tree_runc(tree, "srv/state", "web", tree->pid, tree->start_time, NULL);
	assert_resolves(tree, "runc:/srv/state/web", "runc", "web");
	assert_refused(tree, "web", ERR_NOT_FOUND, "web");
	assert_refused(tree, "crun:/srv/state/web", ERR_NOT_FOUND, "web");
	assert_refused(tree, "runc:srv/state/web", ERR_USAGE, "absolute path");
	assert_refused(tree, "docker:/srv/state/web", ERR_USAGE, "without a folder");
	assert_refused(tree, "runc:/nowhere/web", ERR_NOT_FOUND, "web");
}

static void a_config_that_is_not_there_or_not_trusted(void **state)
{
	const struct tree *tree = *state;
	static const char *const bundles[] = { "",           "relative",       "/missing", "/../../etc",
					       "/malformed", "/writable/link", "/writable" };

	tree_write(tree, "malformed/config.json", "{");
	tree_write(tree, "good/config.json", "{\"process\":{\"env\":[\"FOO=bar\"]}}");
	tree_write(tree, "writable/config.json", "{\"process\":{\"env\":[\"FOO=bar\"]}}");
	assert_int_equal(fchmodat(tree->host.root_fd, "writable", 0777, 0), 0);
	assert_int_equal(symlinkat("/good", tree->host.root_fd, "writable/link"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bundles); i++) {
		tree_runc(tree, "run/runc", "web", tree->pid, tree->start_time, bundles[i]);
		cleanup_resolved struct resolved resolved = tree_resolve(tree, "web");
		assert_success(resolved.result, resolved.err);
		if (resolved.target.has_config)
			fail_msg("%s was trusted", bundles[i]);
		assert_int_equal(resolved.target.env.count, 0);
	}
}

static void hostile_states(void **state)
{
	const struct tree *tree = *state;

	tree_write(tree, "run/runc/web/state.json", "{\"id\":\"db\",\"init_process_pid\":1,\"init_process_start\":2}");
	assert_refused(tree, "web", ERR_MALFORMED, "another container");
	tree_write(tree, "run/runc/web/state.json",
		   "{\"id\":\"web\",\"init_process_pid\":-1,\"init_process_start\":2}");
	assert_refused(tree, "web", ERR_MALFORMED, "/run/runc/web/state.json: cannot be read at byte");
	tree_write(tree, "run/runc/web/state.json", "%s", "");
	assert_refused(tree, "web", ERR_MALFORMED, "state.json");
	tree_runc(tree, "run/runc", "web", tree->pid, tree->start_time + 1, NULL);
	assert_refused(tree, "web", ERR_CHANGED, "runc:web: process");
	tree_folder(tree, "run/runc/empty");
	assert_refused(tree, "empty", ERR_NOT_FOUND, "empty");
}

/* It states no start time: a process is its own where the cgroup says so. */
static void youki_by_name(void **state)
{
	struct tree *tree = *state;
	char path[64];

	tree_write(tree, "run/youki/web/state.json", "{\"id\":\"web\",\"pid\":%d,\"bundle\":\"/srv/web\"}", tree->pid);
	assert_refused(tree, "youki:web", ERR_CHANGED, "youki:web: process");
	(void)snprintf(path, sizeof(path), "proc/%d/stat", tree->pid);
	tree_write(tree, path, "%d (app) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n", tree->pid);
	close(tree->host.proc_fd);
	tree->host.proc_fd = openat(tree->host.root_fd, "proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(path, sizeof(path), "proc/%d/cgroup", tree->pid);
	tree_write(tree, path, "0::/:youki:web\n");
	assert_resolves(tree, "web", "youki", "web");
	assert_resolves(tree, "youki:/run/youki/web", "youki", "web");
	tree_write(tree, path, "0::/:youki:website\n");
	assert_refused(tree, "web", ERR_CHANGED, "not in the container's cgroup");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(runc_by_name),
		TEST(crun_by_name),
		TEST(a_prefix_is_taken_of_random_ids_only),
		TEST(another_folder),
		TEST(a_config_that_is_not_there_or_not_trusted),
		TEST(hostile_states),
		TEST(youki_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
