/* SPDX-License-Identifier: Apache-2.0 */
/* The choice between runtimes, and what is said where there is none. */
#include "tests/unit/target/tree.h"

#include <inttypes.h>

static void a_host_without_runtimes(void **state)
{
	const struct tree *tree = *state;

	assert_refused(
		tree, "web", ERR_NOT_FOUND,
		"no container \"web\" (looked at docker, podman, cri-o, containerd, runc, crun, youki, lxc, nspawn)");
	assert_refused(tree, "123", ERR_NOT_FOUND,
		       "(looked at docker, podman, cri-o, containerd, runc, crun, youki, lxc, nspawn); for a process "
		       "id use pid:123");
	assert_refused(tree, "podman:web", ERR_NOT_FOUND, "no container \"web\" (looked at podman)");
	assert_refused(tree, "qemu:web", ERR_USAGE, "unknown runtime \"qemu\" (known: docker, podman, ");
	assert_refused(tree, "../web", ERR_USAGE, "names no container");
	cleanup_resolved struct resolved resolved = tree_resolve(tree, "web");
	assert_null(strstr(resolved.err.text, "pid:"));
}

static void one_name_in_two_runtimes(void **state)
{
	const struct tree *tree = *state;

	tree_docker(tree, ID_A, "web", tree->pid, tree->start_time);
	tree_crun(tree, "web", 1, 1, NULL);
	assert_refused(tree, "web", ERR_AMBIGUOUS, "\"web\" fits 2 containers: docker:aaaaaaaa0000 (web), crun:web");
	assert_resolves(tree, "docker:web", "docker", ID_A);
	assert_resolves(tree, "aaaaaaaa0000", "docker", ID_A);
}

static void one_process_in_two_runtimes_is_one_container(void **state)
{
	const struct tree *tree = *state;

	tree_runc(tree, "run/runc", "web", tree->pid, tree->start_time, NULL);
	tree_crun(tree, "web", tree->pid, tree->start_time, NULL);
	assert_resolves(tree, "web", "runc", "web");
	assert_resolves(tree, "crun:web", "crun", "web");
}

static void a_name_beats_a_prefix_across_runtimes(void **state)
{
	const struct tree *tree = *state;

	tree_docker(tree, ID_A, "web", 0, 0);
	tree_crun(tree, "aaaa", tree->pid, tree->start_time, NULL);
	assert_resolves(tree, "aaaa", "crun", "aaaa");
}

static void ten_matches_are_listed(void **state)
{
	const struct tree *tree = *state;

	for (int i = 0; i < 13; i++) {
		char id[65], name[16];
		(void)snprintf(id, sizeof(id), "ab%010d%052d", i, i);
		(void)snprintf(name, sizeof(name), "name%d", i);
		tree_docker(tree, id, name, 0, 0);
	}
	assert_refused(tree, "ab", ERR_AMBIGUOUS, "\"ab\" fits 13 containers: docker:ab");
	assert_refused(tree, "ab", ERR_AMBIGUOUS, " and 3 more");
}

static void names_are_escaped(void **state)
{
	const struct tree *tree = *state;

	tree_docker(tree, ID_A, "\\u001b[2J\\u202e", 0, 0);
	assert_refused(tree, "aaaa", ERR_GONE, "docker:aaaaaaaa0000 (\\x1b[2J\\xe2\\x80\\xae): it is not running");
	tree_docker(tree, ID_B, "\\n", 0, 0);
	assert_refused(tree, "aaaa", ERR_AMBIGUOUS, "\\x0a");
}

static void by_pid(void **state)
{
	const struct tree *tree = *state;
	char text[64];
	struct err err = { 0 };
	uint64_t inode;

	(void)snprintf(text, sizeof(text), "pid:%d", tree->pid);
	assert_resolves(tree, text, "pid", text);
	cleanup_resolved struct resolved resolved = tree_resolve(tree, text);
	assert_false(resolved.target.has_config);
	assert_true(resolved.target.start_time == tree->start_time);
	assert_refused(tree, "pid:4194304", ERR_GONE, "process 4194304 is not running");

	if (pin_pidfd_inode(&resolved.pin, &inode, &err) < 0) {
		(void)snprintf(text, sizeof(text), "pid:%d:1", tree->pid);
		assert_refused(tree, text, ERR_UNSUPPORTED, "6.9");
		return;
	}
	char id[32];
	(void)snprintf(id, sizeof(id), "pid:%d", tree->pid);
	(void)snprintf(text, sizeof(text), "pid:%d:%" PRIu64, tree->pid, inode);
	assert_resolves(tree, text, "pid", id);
	(void)snprintf(text, sizeof(text), "pid:%d:%" PRIu64, tree->pid, inode + 1);
	assert_refused(tree, text, ERR_CHANGED, "another one than was meant");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_host_without_runtimes),
		TEST(one_name_in_two_runtimes),
		TEST(one_process_in_two_runtimes_is_one_container),
		TEST(a_name_beats_a_prefix_across_runtimes),
		TEST(ten_matches_are_listed),
		TEST(names_are_escaped),
		TEST(by_pid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
