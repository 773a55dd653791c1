/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/target/tree.h"

#include <fcntl.h>
#include <unistd.h>

#define STORE "var/lib/containers/storage/overlay-containers"
#define RUN_STORE "run/containers/storage/overlay-containers"
#define ROW(id, names) "{\"id\":\"" id "\",\"names\":" names ",\"metadata\":\"{\\\"image-name\\\":\\\"app:1\\\"}\"}"

static void write_config(const struct tree *tree, const char *store)
{
	char path[256];
	(void)snprintf(path, sizeof(path), "%s/" ID_A "/userdata/config.json", store);
	tree_write(tree, path, "{\"process\":{\"env\":[\"FOO=bar\",\"container=podman\"]},\"hostname\":\"box\"}");
}

static void by_name_alias_id_and_prefix(void **state)
{
	const struct tree *tree = *state;
	static const char *const texts[] = { "web", "alias", ID_A, "aaaaaaaa", "podman:web", "podman:a" };

	tree_write(tree, STORE "/containers.json",
		   "[" ROW(ID_C, "[\"other\"]") "," ROW(ID_A, "[\"web\",\"alias\"]") "]");
	tree_podman(tree, ID_A, tree->pid);
	tree_runc(tree, "run/runc", ID_A, tree->pid, tree->start_time, "/nowhere");
	write_config(tree, STORE);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_resolves(tree, texts[i], "podman", ID_A);

	cleanup_resolved struct resolved resolved = tree_resolve(tree, "alias");
	assert_string_equal(resolved.target.name, "web");
	assert_string_equal(resolved.target.image, "app:1");
	assert_true(resolved.target.has_config);
	assert_int_equal(resolved.target.env.count, 2);
	assert_true(resolved.target.start_time == tree->start_time);
	/* By the other name of the same container. */
	assert_resolves(tree, "runc:" ID_A, "runc", ID_A);
}

static void the_lists_of_short_lived_containers(void **state)
{
	const struct tree *tree = *state;

	tree_write(tree, STORE "/containers.json", "[]");
	tree_write(tree, STORE "/volatile-containers.json", "[" ROW(ID_A, "[\"job\"]") "]");
	tree_write(tree, RUN_STORE "/volatile-containers.json", "[" ROW(ID_B, "[\"transient\"]") "]");
	tree_podman(tree, ID_A, tree->pid);
	tree_podman(tree, ID_B, tree->pid);
	tree_crun(tree, ID_A, tree->pid, tree->start_time, NULL);
	tree_crun(tree, ID_B, tree->pid, tree->start_time, NULL);
	write_config(tree, RUN_STORE);
	assert_resolves(tree, "job", "podman", ID_A);
	assert_resolves(tree, "transient", "podman", ID_B);
	cleanup_resolved struct resolved resolved = tree_resolve(tree, "job");
	assert_true(resolved.target.has_config);
	cleanup_resolved struct resolved without = tree_resolve(tree, "transient");
	assert_false(without.target.has_config);
	assert_int_equal(without.target.env.count, 0);
}

static void the_pidfile_is_not_believed_alone(void **state)
{
	const struct tree *tree = *state;

	tree_write(tree, STORE "/containers.json", "[" ROW(ID_A, "[\"web\"]") "]");
	assert_refused(tree, "web", ERR_GONE, "it is not running");
	/* It stays behind when the container has ended; by now the pid may be anybody's. */
	tree_podman(tree, ID_A, tree->pid);
	assert_refused(tree, "web", ERR_CHANGED, "not in the container's cgroup");
	tree_runc(tree, "run/runc", ID_A, tree->pid, tree->start_time + 1, NULL);
	assert_refused(tree, "web", ERR_CHANGED, "another one than the runtime started");
	tree_runc(tree, "run/runc", ID_A, 1, tree->start_time, NULL);
	assert_refused(tree, "web", ERR_CHANGED, "being restarted");
}

static void hostile_pidfiles(void **state)
{
	const struct tree *tree = *state;
	static const char *const texts[] = { "", "\n", "-1", "1 2", "0x1", "1\n2", "99999999999", "4782x" };

	tree_write(tree, STORE "/containers.json", "[" ROW(ID_A, "[\"web\"]") "]");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		tree_write(tree, RUN_STORE "/" ID_A "/userdata/pidfile", "%s", texts[i]);
		assert_refused(tree, "web", ERR_MALFORMED, "holds no process id");
	}
}

static void the_list_is_parsed_only_when_it_can_match(void **state)
{
	const struct tree *tree = *state;

	tree_docker(tree, ID_A, "web", tree->pid, tree->start_time);
	tree_write(tree, STORE "/containers.json", "[{\"id\":\"broken");
	assert_resolves(tree, "web", "docker", ID_A);
	assert_refused(tree, "broken", ERR_MALFORMED, "containers.json: cannot be read at byte");
}

static void two_of_one_name_cannot_be_but_are_told(void **state)
{
	const struct tree *tree = *state;

	tree_write(tree, STORE "/containers.json", "[" ROW(ID_A, "[\"web\"]") "," ROW(ID_C, "[\"web\"]") "]");
	assert_refused(tree, "web", ERR_AMBIGUOUS, "podman:aaaaaaaa0000 (web), podman:cccccccc0000 (web)");
}

/* The same list, in a user's home; the process is the test's child, whose user namespace is nobody's. */
static void a_users_store_only_when_he_is_named(void **state)
{
	const struct tree *tree = *state;

	if (geteuid() != 0)
		skip_because("only root can look for another user's containers");
	tree_write(tree, "etc/passwd", "root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n");
	tree_write(tree, "home/user/.local/share/containers/storage/overlay-containers/containers.json",
		   "[" ROW(ID_A, "[\"web\"]") "]");
	tree_write(tree, "run/user/1000/containers/overlay-containers/" ID_A "/userdata/pidfile", "%d", tree->pid);
	tree_write(tree, "run/user/1000/crun/" ID_A "/status", "{\"pid\":%d,\"process-start-time\":%llu}", tree->pid,
		   (unsigned long long)tree->start_time);
	assert_refused(tree, "web", ERR_NOT_FOUND, "web");
	assert_refused(tree, "podman:web", ERR_NOT_FOUND, "web");
	assert_refused(tree, ID_A, ERR_NOT_FOUND, ID_A);
	assert_refused(tree, "podman:root/web", ERR_NOT_FOUND, "web");
	assert_refused(tree, "podman:other/web", ERR_NOT_FOUND, "no user \"other\"");
	assert_refused(tree, "podman:user/other", ERR_NOT_FOUND, "other");
	/* Found; but the file could name anybody's process. */
	assert_refused(tree, "podman:user/web", ERR_REFUSED, "podman:user/aaaaaaaa0000 (web): process");
	assert_refused(tree, "podman:1000/web", ERR_REFUSED, "no user namespace of user 1000");
	assert_refused(tree, "podman:user/aaaa", ERR_REFUSED, "no user namespace of user 1000");
	/* Nor may others have a hand in it. */
	assert_int_equal(fchownat(tree->host.root_fd, "run/user/1000/crun/" ID_A "/status", 1001, 0, 0), 0);
	assert_refused(tree, "podman:user/web", ERR_REFUSED, "belongs to user 1001");
	assert_int_equal(fchownat(tree->host.root_fd, "run/user/1000/crun/" ID_A "/status", 1000, 0, 0), 0);
	assert_refused(tree, "podman:user/web", ERR_REFUSED, "no user namespace of user 1000");
	assert_refused(tree, "podman:/run/x/web", ERR_USAGE, "is a user");
	assert_listed(tree, "; ", 0);
}

#define CRIO(id, name)                                                                                                 \
	"{\"id\":\"" id "\",\"names\":[\"" name "\"],\"metadata\":\"{\\\"pod-id\\\":\\\"" ID_C                         \
	"\\\",\\\"image-name\\\":\\\"app:1\\\",\\\"name\\\":\\\"" name "\\\"}\"}"

static void pods_of_crio(void **state)
{
	const struct tree *tree = *state;
	static const char *const texts[] = { "pod/web-0", "pod/shop/web-0", "pod/web-0/app",  "pod/shop/web-0/app",
					     ID_A,        "cri-o:aaaa",     ("cri-o://" ID_A) };

	tree_write(
		tree, STORE "/containers.json",
		"[" CRIO(ID_A, "k8s_app_web-0_shop_12345678-0000_1") "," CRIO(
			ID_B, "k8s_app_web-0_shop_12345678-0000_0") "," CRIO(ID_C,
									     "k8s_POD_web-0_shop_12345678-0000_0") "]");
	tree_podman(tree, ID_A, tree->pid);
	tree_podman(tree, ID_B, 4194304); /* it has ended, and was started again */
	tree_runc(tree, "run/runc", ID_A, tree->pid, tree->start_time, "/nowhere");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (strcmp(texts[i], "cri-o:aaaa") != 0)
			assert_resolves(tree, texts[i], "cri-o", ID_A);
	assert_refused(tree, "cri-o:aaaa", ERR_AMBIGUOUS, "cri-o:aaaaaaaa0000 (pod/shop/web-0/app)");
	assert_refused(tree, "podman:aaaa", ERR_NOT_FOUND, "aaaa");
	cleanup_resolved struct resolved resolved = tree_resolve(tree, "pod/web-0");
	assert_string_equal(resolved.target.pod, "shop/web-0/app");
	assert_string_equal(resolved.target.name, "app");
	assert_listed(tree, "cri-o:" ID_A " app shop/web-0/app app:1 running; ", 1);
	assert_listed(tree, "cri-o:" ID_B " app shop/web-0/app app:1 stopped; ", 1);
	assert_listed(tree, "cri-o:" ID_C " POD shop/web-0/POD app:1 stopped; ", 1);
	assert_listed(tree, "; ", 3);
	assert_refused(tree, "pod/web-0/POD", ERR_NOT_FOUND, "web-0/POD");
	tree_podman(tree, ID_C, tree->pid);
	tree_runc(tree, "run/runc", ID_C, tree->pid, tree->start_time, "/nowhere");
	assert_resolves(tree, "pod/web-0/POD", "cri-o", ID_C);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(by_name_alias_id_and_prefix),
		TEST(the_lists_of_short_lived_containers),
		TEST(the_pidfile_is_not_believed_alone),
		TEST(hostile_pidfiles),
		TEST(the_list_is_parsed_only_when_it_can_match),
		TEST(two_of_one_name_cannot_be_but_are_told),
		TEST(a_users_store_only_when_he_is_named),
		TEST(pods_of_crio),
	};
	if (geteuid() != 0)
		return skip_all("a plain user looks for his own containers, not for root's");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
