/* SPDX-License-Identifier: Apache-2.0 */
/* containerd's containers and pods, in a state tree of a real one. */
#include "tests/unit/target/tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define TASKS "run/containerd/io.containerd.runtime.v2.task"
#define BACK "dddddddd00000000000000000000000000000000000000000000000000000001"
#define APP "eeeeeeee00000000000000000000000000000000000000000000000000000001"
#define SIDECAR "eeeeeeee00000000000000000000000000000000000000000000000000000002"
#define SANDBOX "eeeeeeee00000000000000000000000000000000000000000000000000000009"
#define DB "ffffffff00000000000000000000000000000000000000000000000000000001"

/* Every container is the same process: so each test lets only those run that it is about. */
static void runs(const struct tree *tree, const char *name_space, const char *id)
{
	char path[256];

	(void)snprintf(path, sizeof(path), TASKS "/%s/%s/init.pid", name_space, id);
	tree_write(tree, path, "%d", tree->pid);
	(void)snprintf(path, sizeof(path), "run/containerd/runc/%s", name_space);
	tree_runc(tree, path, id, tree->pid, tree->start_time, NULL);
}

static void ends(const struct tree *tree, const char *name_space, const char *id)
{
	char path[256];

	(void)snprintf(path, sizeof(path), TASKS "/%s/%s/init.pid", name_space, id);
	assert_int_equal(unlinkat(tree->host.root_fd, path, 0), 0);
}

static int setup(void **state)
{
	static const char *const all[][2] = { { "default", "web1" }, { "default", BACK },   { "k8s.io", APP },
					      { "k8s.io", SIDECAR }, { "k8s.io", SANDBOX }, { "k8s.io", DB } };
	int r = tree_setup(state);

	tree_copy(*state, "tests/fixtures/containerd");
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		ends(*state, all[i][0], all[i][1]);
	return r;
}

static void by_id_name_and_prefix(void **state)
{
	const struct tree *tree = *state;
	static const char *const texts[] = { BACK,
					     "dddddddd",
					     "d",
					     "back",
					     "containerd:back",
					     ("containerd://" BACK),
					     "containerd:default/back",
					     "containerd:default/dddd" };

	runs(tree, "default", BACK);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_resolves(tree, texts[i], "containerd", BACK);
	cleanup_resolved struct resolved resolved = tree_resolve(tree, "back");
	assert_string_equal(resolved.target.name, "back");
	assert_string_equal(resolved.target.scope, "default");
	assert_null(resolved.target.pod);
	assert_true(resolved.target.has_config);
	assert_string_equal(strv_env_get(&resolved.target.env, "GREETING"), "hello");
	assert_true(resolved.target.start_time == tree->start_time);
	assert_refused(tree, "containerd:other/back", ERR_NOT_FOUND, "no container \"back\" (looked at containerd)");
	assert_refused(tree, "containerd:a/b/back", ERR_USAGE, "namespace");
}

static void an_id_that_is_a_name(void **state)
{
	const struct tree *tree = *state;

	runs(tree, "default", "web1");
	assert_resolves(tree, "web1", "containerd", "web1");
	assert_resolves(tree, "front", "containerd", "web1");
	/* Without runc's state nothing but the cgroup shows that it is its process. */
	tree_runc(tree, "run/containerd/runc/default", "web1", tree->pid, tree->start_time + 1, NULL);
	assert_refused(tree, "web1", ERR_CHANGED, "containerd:default/web1 (front): ");
	ends(tree, "default", "web1");
	assert_refused(tree, "web1", ERR_GONE, "not running");
}

static void one_name_in_two_namespaces(void **state)
{
	const struct tree *tree = *state;

	runs(tree, "default", "web1");
	tree_write(tree, TASKS "/other/web1/config.json", "{}");
	tree_write(tree, TASKS "/other/web1/init.pid", "1");
	assert_refused(tree, "web1", ERR_AMBIGUOUS, "containerd:default/web1 (front)");
	assert_refused(tree, "web1", ERR_AMBIGUOUS, "containerd:other/web1");
	assert_resolves(tree, "containerd:default/web1", "containerd", "web1");
	assert_int_equal(setenv("CONTAINERD_NAMESPACE", "default", 1), 0);
	assert_resolves(tree, "containerd:web1", "containerd", "web1");
	assert_refused(tree, "web1", ERR_AMBIGUOUS, "containerd:other/web1");
	assert_int_equal(setenv("CONTAINERD_NAMESPACE", "../x", 1), 0);
	assert_refused(tree, "containerd:web1", ERR_USAGE, "no name");
	assert_int_equal(unsetenv("CONTAINERD_NAMESPACE"), 0);
}

/* What could be a prefix may be a name of nerdctl's, which then is the one that is meant. */
static void a_name_like_a_prefix(void **state)
{
	const struct tree *tree = *state;

	runs(tree, "default", BACK);
	tree_write(tree, TASKS "/default/web1/config.json", "{\"annotations\":{\"nerdctl/name\":\"dddd\"}}");
	assert_resolves(tree, "dddd", "containerd", BACK); /* nerdctl would have listed it */
	tree_write(tree, "var/lib/nerdctl/1935db59/names/default/dddd", "web1");
	assert_refused(tree, "dddd", ERR_GONE, "containerd:default/web1 (dddd): it is not running");
	/* Nothing else fits: found all the same. */
	tree_write(tree, TASKS "/default/web1/config.json", "{\"annotations\":{\"nerdctl/name\":\"beef\"}}");
	assert_refused(tree, "beef", ERR_GONE, "containerd:default/web1 (beef): it is not running");
}

static void another_state_folder(void **state)
{
	const struct tree *tree = *state;

	runs(tree, "default", "web1");
	tree_folder(tree, "srv");
	assert_int_equal(renameat(tree->host.root_fd, TASKS, tree->host.root_fd, "srv/io.containerd.runtime.v2.task"),
			 0);
	assert_refused(tree, "web1", ERR_NOT_FOUND, "web1");
	assert_int_equal(setenv("CONTAINERD_ADDRESS", "unix:///srv/containerd.sock", 1), 0);
	assert_resolves(tree, "web1", "containerd", "web1");
	assert_int_equal(unsetenv("CONTAINERD_ADDRESS"), 0);
}

static void pods(void **state)
{
	const struct tree *tree = *state;
	static const char *const texts[] = { "pod/web-0", "pod/shop/web-0", "pod/web-0/app", "pod/shop/web-0/app", APP,
					     "eeee" };

	runs(tree, "k8s.io", APP);
	for (size_t i = 0; i < ARRAY_SIZE(texts) - 1; i++)
		assert_resolves(tree, texts[i], "containerd", APP);
	assert_refused(tree, "eeee", ERR_AMBIGUOUS, "containerd:k8s.io/eeeeeeee0000 (pod/shop/web-0/app)");
	cleanup_resolved struct resolved resolved = tree_resolve(tree, "pod/web-0");
	assert_string_equal(resolved.target.pod, "shop/web-0/app");
	assert_string_equal(resolved.target.name, "app");
	assert_string_equal(resolved.target.image, "localhost/app:1");
	/* A container of a pod has no name of its own beside the pod's. */
	assert_refused(tree, "app", ERR_NOT_FOUND, "app");
	assert_refused(tree, "pod/other/web-0", ERR_NOT_FOUND,
		       "no container \"pod/other/web-0\" (looked at cri-o, containerd)");
	assert_refused(tree, "pod/web-0/other", ERR_NOT_FOUND, "web-0/other");
	assert_refused(tree, "pod/web", ERR_NOT_FOUND, "web");
	assert_refused(tree, "pod/db-0", ERR_NOT_FOUND, "db-0"); /* it has ended */
}

static void the_sandbox_when_asked_for(void **state)
{
	const struct tree *tree = *state;

	runs(tree, "k8s.io", SANDBOX);
	assert_resolves(tree, "pod/web-0/POD", "containerd", SANDBOX);
	assert_resolves(tree, "pod/shop/web-0/POD", "containerd", SANDBOX);
	assert_refused(tree, "pod/web-0", ERR_NOT_FOUND, "web-0");
}

static void a_pod_of_two_containers(void **state)
{
	const struct tree *tree = *state;

	runs(tree, "k8s.io", APP);
	tree_write(tree, TASKS "/k8s.io/" SIDECAR "/init.pid", "%d", getpid());
	assert_refused(tree, "pod/web-0", ERR_AMBIGUOUS, "(pod/shop/web-0/app)");
	assert_refused(tree, "pod/web-0", ERR_AMBIGUOUS, "(pod/shop/web-0/sidecar)");
	assert_resolves(tree, "pod/web-0/app", "containerd", APP);
}

static void dockers_own_is_docker(void **state)
{
	const struct tree *tree = *state;

	tree_docker(tree, ID_A, "web", tree->pid, tree->start_time);
	tree_write(tree, "run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby/" ID_A "/config.json", "{}");
	tree_write(tree, "run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby/" ID_A "/init.pid", "%d",
		   tree->pid);
	assert_resolves(tree, "aaaa", "docker", ID_A);
	assert_resolves(tree, ID_A, "docker", ID_A);
}

static void hostile_files(void **state)
{
	const struct tree *tree = *state;
	static const char *const pids[] = { "", "-1", "1 2", "0x1", "99999999999" };

	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		tree_write(tree, TASKS "/default/web1/init.pid", "%s", pids[i]);
		assert_refused(tree, "web1", ERR_MALFORMED, "holds no process id");
	}
	tree_write(tree, TASKS "/default/web1/config.json", "{\"annotations\":{\"nerdctl/name\":[\"front\"]}}");
	assert_refused(tree, "front", ERR_MALFORMED, "default/web1/config.json");
	tree_write(tree, TASKS "/default/web1/config.json", "{");
	runs(tree, "default", BACK);
	assert_resolves(tree, "back", "containerd", BACK);
	/* What is no name is not looked at. */
	tree_write(tree, TASKS "/default/.hidden/config.json", "{\"annotations\":{\"nerdctl/name\":\"back\"}}");
	assert_resolves(tree, "back", "containerd", BACK);
	assert_int_equal(symlinkat("../../default", tree->host.root_fd, TASKS "/default/link"), 0);
	assert_refused(tree, "back", ERR_REFUSED, "symbolic link");
}

static void all_of_them(void **state)
{
	const struct tree *tree = *state;

	runs(tree, "k8s.io", APP);
	assert_listed(tree, "containerd:k8s.io/" APP " app shop/web-0/app localhost/app:1 running; ", 1);
	assert_listed(tree, "containerd:k8s.io/" SANDBOX " - shop/web-0/POD - stopped; ", 1);
	assert_listed(tree, "containerd:default/web1 front - - stopped; ", 1);
	assert_listed(tree, "containerd:default/" BACK " back - - stopped; ", 1);
	assert_listed(tree, "; ", 6);
	/* Its folder among the known ones, named once more. */
	assert_int_equal(setenv("CONTAINERD_ADDRESS", "/run/containerd/containerd.sock", 1), 0);
	assert_listed(tree, "containerd:default/web1 front ", 1);
	assert_int_equal(unsetenv("CONTAINERD_ADDRESS"), 0);
}

/* Each bundle is read into the memory of the one before. */
static void without_a_bundle_there_is_no_name(void **state)
{
	const struct tree *tree = *state;

	for (unsigned i = 0; i < 4; i++) {
		char path[128];
		(void)snprintf(path, sizeof(path), TASKS "/k8s.io/bare%u", i);
		tree_folder(tree, path);
		(void)snprintf(path, sizeof(path), "containerd:k8s.io/bare%u bare%u - - stopped; ", i, i);
		assert_listed(tree, path, 1);
	}
}

static void damage_costs_its_own_row_or_namespace(void **state)
{
	const struct tree *tree = *state;

	runs(tree, "k8s.io", APP);
	tree_write(tree, TASKS "/default/web1/config.json", "{");
	tree_write(tree, TASKS "/k8s.io/" DB "/init.pid", "-1");
	tree_folder(tree, TASKS "/open/web");
	assert_int_equal(fchmodat(tree->host.root_fd, TASKS "/open", 0777, 0), 0);
	assert_listed(tree, "containerd: ", 3);
	assert_listed(tree, "containerd: /run/containerd/io.containerd.runtime.v2.task/default/web1/config.json: ", 1);
	assert_listed(tree, TASKS "/k8s.io/" DB "/init.pid holds no process id", 1);
	assert_listed(tree, "/open can be written by others", 1);
	assert_listed(tree, "containerd:k8s.io/" APP " app ", 1);
	assert_listed(tree, "containerd:default/" BACK " back ", 1);
}

static void large_and_deep_files(void **state)
{
	const struct tree *tree = *state;
	static const char *const paths[] = { TASKS "/default/web1/config.json", TASKS "/default/web1/init.pid",
					     "etc/docker/daemon.json", "run/systemd/machines/web1" };
	cleanup_free char *deep = calloc(10001, 1);

	assert_non_null(deep);
	runs(tree, "default", "web1");
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		tree_write(tree, paths[i], "{}");
		cleanup_close int fd = openat(tree->host.root_fd, paths[i], O_WRONLY | O_CLOEXEC);
		assert_int_equal(ftruncate(fd, 100 << 20), 0);
		assert_refused(tree, "web1", ERR_MALFORMED, "larger than 4194304 bytes");
		assert_int_equal(unlinkat(tree->host.root_fd, paths[i], 0), 0);
	}
	memset(deep, '[', 10000);
	runs(tree, "default", "web1");
	tree_write(tree, TASKS "/default/web1/config.json", "%s", deep);
	assert_refused(tree, "web1", ERR_MALFORMED, "64 levels");
}

/* Whoever may name a container could catch another's id. */
static void a_name_like_anothers_id(void **state)
{
	const struct tree *tree = *state;

	runs(tree, "default", BACK);
	tree_write(tree, TASKS "/default/web1/config.json", "{\"annotations\":{\"nerdctl/name\":\"" BACK "\"}}");
	tree_write(tree, "var/lib/nerdctl/1935db59/names/default/" BACK, "web1");
	assert_resolves(tree, BACK, "containerd", BACK);
	tree_docker(tree, ID_A, BACK, 0, 0);
	assert_resolves(tree, BACK, "containerd", BACK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(by_id_name_and_prefix),
		TEST(an_id_that_is_a_name),
		TEST(all_of_them),
		TEST(without_a_bundle_there_is_no_name),
		TEST(damage_costs_its_own_row_or_namespace),
		TEST(one_name_in_two_namespaces),
		TEST(a_name_like_a_prefix),
		TEST(another_state_folder),
		TEST(pods),
		TEST(the_sandbox_when_asked_for),
		TEST(a_pod_of_two_containers),
		TEST(dockers_own_is_docker),
		TEST(hostile_files),
		TEST(large_and_deep_files),
		TEST(a_name_like_anothers_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
