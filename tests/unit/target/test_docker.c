/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/target/tree.h"

#include <fcntl.h>

static void by_name_id_and_prefix(void **state)
{
	const struct tree *tree = *state;
	static const char *const texts[] = { "web", ID_A, "aaaaaaaa0", "a", "docker:web", ("docker://" ID_A) };

	tree_docker(tree, ID_A, "web", tree->pid, tree->start_time);
	tree_docker(tree, ID_C, "other", 0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_resolves(tree, texts[i], "docker", ID_A);

	cleanup_resolved struct resolved resolved = tree_resolve(tree, "web");
	assert_string_equal(resolved.target.name, "web");
	assert_string_equal(resolved.target.image, "app");
	assert_true(resolved.target.start_time == tree->start_time);
	assert_true(resolved.target.has_config);
	assert_false(resolved.target.paused);
	assert_string_equal(strv_env_get(&resolved.target.env, "FOO"), "bar");
	assert_string_equal(strv_env_get(&resolved.target.env, "PATH"),
			    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	assert_string_equal(strv_env_get(&resolved.target.env, "HOSTNAME"), "aaaaaaaa0000");
}

static void its_own_path_and_hostname_stay(void **state)
{
	const struct tree *tree = *state;

	tree_docker(tree, ID_A, "web", tree->pid, tree->start_time);
	tree_write(tree, "var/lib/docker/containers/" ID_A "/config.v2.json",
		   "{\"State\":{\"Running\":true,\"Paused\":true,\"Pid\":%d},\"ID\":\"" ID_A "\",\"Name\":\"/web\","
		   "\"Config\":{\"Hostname\":\"box\",\"Env\":[\"PATH=/opt/bin\",\"HOSTNAME=mine\"]}}",
		   tree->pid);
	cleanup_resolved struct resolved resolved = tree_resolve(tree, "web");
	assert_success(resolved.result, resolved.err);
	assert_int_equal(resolved.target.env.count, 2);
	assert_string_equal(strv_env_get(&resolved.target.env, "PATH"), "/opt/bin");
	assert_string_equal(strv_env_get(&resolved.target.env, "HOSTNAME"), "mine");
	assert_true(resolved.target.paused);
	assert_null(resolved.target.image);
}

static void a_name_beats_anothers_prefix(void **state)
{
	const struct tree *tree = *state;

	tree_docker(tree, ID_A, "web", 0, 0);
	tree_docker(tree, ID_C, "aaaa", tree->pid, tree->start_time);
	assert_resolves(tree, "aaaa", "docker", ID_C);
	assert_refused(tree, "aaa", ERR_GONE, "docker:aaaaaaaa0000 (web)");
}

static void a_whole_id_beats_a_name(void **state)
{
	const struct tree *tree = *state;

	/* Else a container could be caught by naming another like its id. */
	tree_docker(tree, ID_A, "web", tree->pid, tree->start_time);
	tree_docker(tree, ID_C, ID_A, 0, 0);
	assert_resolves(tree, ID_A, "docker", ID_A);
	/* A whole id that nobody has may be a name. */
	tree_docker(tree, ID_C, ID_B, tree->pid, tree->start_time);
	assert_resolves(tree, ID_B, "docker", ID_C);
}

static void a_short_id_beats_a_name(void **state)
{
	const struct tree *tree = *state;

	tree_docker(tree, ID_A, "web", tree->pid, tree->start_time);
	tree_docker(tree, ID_C, "aaaaaaaa0000", tree->pid, tree->start_time);
	assert_resolves(tree, "aaaaaaaa0000", "docker", ID_A);
	/* Shorter, or where no id begins so, it may be a name. */
	tree_docker(tree, ID_C, "aaaaaaaa000", tree->pid, tree->start_time);
	assert_resolves(tree, "aaaaaaaa000", "docker", ID_C);
	tree_docker(tree, ID_C, "bbbbbbbb0000", tree->pid, tree->start_time);
	assert_resolves(tree, "bbbbbbbb0000", "docker", ID_C);
	tree_docker(tree, ID_B, "db", 0, 0);
	assert_refused(tree, "aaaaaaaa0000", ERR_AMBIGUOUS, "(db)");
}

static void a_prefix_of_two_is_ambiguous(void **state)
{
	const struct tree *tree = *state;

	tree_docker(tree, ID_A, "web", tree->pid, tree->start_time);
	tree_docker(tree, ID_B, "db", 0, 0);
	assert_refused(tree, "aaaa", ERR_AMBIGUOUS, "docker:aaaaaaaa0000 (db)");
	assert_refused(tree, "aaaa", ERR_AMBIGUOUS, "docker:aaaaaaaa0000 (web)");
	assert_resolves(tree, "web", "docker", ID_A);
}

/* pod/... does not lead to it, so its name stands beside its id. */
static void a_container_with_a_pods_labels(void **state)
{
	const struct tree *tree = *state;
	tree_docker(tree, ID_A, "other", 0, 0);
	tree_write(tree, "var/lib/docker/containers/" ID_B "/config.v2.json",
		   "{\"State\":{\"Running\":false,\"Pid\":0},\"ID\":\"" ID_B "\",\"Name\":\"/web\",\"Config\":{"
		   "\"Image\":\"app\",\"Labels\":{\"io.kubernetes.pod.name\":\"web-0\","
		   "\"io.kubernetes.pod.namespace\":\"shop\",\"io.kubernetes.container.name\":\"app\"}}}");
	assert_refused(tree, "aaaa", ERR_AMBIGUOUS, "docker:aaaaaaaa0000 (web)");
	assert_listed(tree, "docker:" ID_B " web shop/web-0/app app stopped; ", 1);
}

static void a_whole_id_reads_no_other_file(void **state)
{
	const struct tree *tree = *state;

	tree_docker(tree, ID_A, "web", tree->pid, tree->start_time);
	tree_folder(tree, "var/lib/docker/containers/" ID_B "/config.v2.json"); /* a folder: reading it is refused */
	assert_resolves(tree, ID_A, "docker", ID_A);
	assert_refused(tree, "web", ERR_REFUSED, "not a regular file");
}

static void what_does_not_match_is_not_parsed(void **state)
{
	const struct tree *tree = *state;

	tree_docker(tree, ID_A, "web", tree->pid, tree->start_time);
	tree_write(tree, "var/lib/docker/containers/" ID_B "/config.v2.json", "%s", "");
	tree_write(tree, "var/lib/docker/containers/" ID_C "/config.v2.json", "{\"Name\":\"/webx\"");
	tree_write(tree, "var/lib/docker/containers/not-an-id/config.v2.json", "{");
	tree_folder(tree, "var/lib/docker/containers/dddddddd00000000000000000000000000000000000000000000000000000004");
	assert_resolves(tree, "web", "docker", ID_A);
	/* What may be meant must be readable. */
	assert_refused(tree, "c", ERR_MALFORMED, ID_C "/config.v2.json: line 1");
	tree_write(tree, "var/lib/docker/containers/" ID_C "/config.v2.json", "{\"Name\":\"/web\"");
	assert_refused(tree, "web", ERR_MALFORMED, ID_C "/config.v2.json: line 1");
}

static void the_prefilter_is_confirmed(void **state)
{
	const struct tree *tree = *state;

	/* The bytes of the name in another place than the name's. */
	tree_write(tree, "var/lib/docker/containers/" ID_A "/config.v2.json",
		   "{\"State\":{\"Running\":true,\"Pid\":%d},\"ID\":\"" ID_A
		   "\",\"X\":{\"Name\":\"/db\"},\"Name\":\"/web\"}",
		   tree->pid);
	assert_refused(tree, "db", ERR_NOT_FOUND, "no container \"db\"");
}

static void the_file_must_be_that_of_its_folder(void **state)
{
	const struct tree *tree = *state;

	tree_write(tree, "var/lib/docker/containers/" ID_A "/config.v2.json",
		   "{\"State\":{\"Running\":true,\"Pid\":%d},\"ID\":\"" ID_B "\",\"Name\":\"/web\"}", tree->pid);
	assert_refused(tree, "web", ERR_MALFORMED, "another container");
}

static void the_process_must_be_the_containers(void **state)
{
	const struct tree *tree = *state;

	tree_docker(tree, ID_A, "web", 0, 0);
	assert_refused(tree, "web", ERR_GONE, "docker:aaaaaaaa0000 (web): it is not running");
	tree_docker(tree, ID_A, "web", tree->pid, tree->start_time + 1);
	assert_refused(tree, "web", ERR_CHANGED, "it started at another time");
	tree_docker(tree, ID_A, "web", tree->pid, tree->start_time);
	tree_runc(tree, "run/docker/runtime-runc/moby", ID_A, 1, tree->start_time, NULL);
	assert_refused(tree, "web", ERR_CHANGED, "being restarted");
	tree_write(tree, "run/docker/runtime-runc/moby/" ID_A "/state.json", "{}");
	assert_refused(tree, "web", ERR_MALFORMED, "init_process_pid");
	tree_docker(tree, ID_A, "web", 4194304, 0);
	assert_refused(tree, "web", ERR_GONE, "4194304");
}

static void without_a_start_time_the_cgroup_decides(void **state)
{
	struct tree *tree = *state;
	static const struct {
		const char *cgroup;
		bool taken;
	} rows[] = {
		{ "0::/docker/" ID_A "\n", true },
		{ "0::/system.slice/docker-" ID_A ".scope/init\n", true },
		{ "0::/docker/" ID_B "\n", false },
		{ "0::/user.slice\n", false },
		{ "", false },
	};
	char path[64];

	/* A procfs of our own making: the process's stat as it is, its cgroup as the row says. */
	(void)snprintf(path, sizeof(path), "proc/%d/stat", tree->pid);
	tree_write(tree, path, "%d (app) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n", tree->pid);
	close(tree->host.proc_fd);
	tree->host.proc_fd = openat(tree->host.root_fd, "proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	tree_docker(tree, ID_A, "web", tree->pid, 0);
	(void)snprintf(path, sizeof(path), "proc/%d/cgroup", tree->pid);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		tree_write(tree, path, "%s", rows[i].cgroup);
		if (rows[i].taken)
			assert_resolves(tree, "web", "docker", ID_A);
		else
			assert_refused(tree, "web", ERR_CHANGED, "not in the container's cgroup");
	}
}

static void crun_in_runcs_place(void **state)
{
	const struct tree *tree = *state;

	tree_docker(tree, ID_A, "web", tree->pid, 0);
	tree_write(tree, "run/docker/runtime-runc/moby/" ID_A "/status", "{\"pid\":%d,\"process-start-time\":%llu}",
		   tree->pid, (unsigned long long)tree->start_time);
	assert_resolves(tree, "web", "docker", ID_A);
}

static void move_data(const struct tree *tree, const char *to)
{
	assert_int_equal(renameat(tree->host.root_fd, "var/lib/docker", tree->host.root_fd, to), 0);
}

static void where_the_configuration_says(void **state)
{
	const struct tree *tree = *state;
	static const char *const bad[] = { "{", "[]", "{\"data-root\":\"relative\"}", "{\"data-root\":7}" };

	tree_docker(tree, ID_A, "web", tree->pid, 0);
	tree_runc(tree, "srv/exec/runtime-runc/moby", ID_A, tree->pid, tree->start_time, NULL);
	move_data(tree, "srv/data");
	assert_refused(tree, "web", ERR_NOT_FOUND, "web");
	tree_write(tree, "etc/docker/daemon.json",
		   "{\"data-root\":\"/srv/data\",\"exec-root\":\"/srv/exec\",\"debug\":true}");
	assert_resolves(tree, "web", "docker", ID_A);
	assert_resolves(tree, ID_A, "docker", ID_A);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		tree_write(tree, "etc/docker/daemon.json", "%s", bad[i]);
		assert_refused(tree, "web", ERR_MALFORMED, "/etc/docker/daemon.json: ");
	}
	tree_write(tree, "etc/docker/daemon.json", "{}");
	assert_refused(tree, "web", ERR_NOT_FOUND, "web");
}

/* A procfs of our own making, with a daemon in it. */
static void daemon_runs(struct tree *tree, const char *comm, const char *uid, const char *nspid)
{
	static const char line[] = "/usr/bin/dockerd\0--data-root\0/srv/data\0--exec-root=/srv/exec";

	tree_write(tree, "run/docker.pid", "77\n");
	tree_write(tree, "proc/77/comm", "%s\n", comm);
	tree_status(tree, 77, uid, nspid);
	tree_write(tree, "proc/77/cmdline", "%s", "");
	cleanup_close int fd = openat(tree->host.root_fd, "proc/77/cmdline", O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(fd, line, sizeof(line)), sizeof(line));
	char path[64];
	(void)snprintf(path, sizeof(path), "proc/%d/stat", tree->pid);
	tree_write(tree, path, "%d (app) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %llu 0 0\n", tree->pid,
		   (unsigned long long)tree->start_time);
	(void)snprintf(path, sizeof(path), "proc/%d/cgroup", tree->pid);
	tree_write(tree, path, "0::/\n");
	close(tree->host.proc_fd);
	tree->host.proc_fd = openat(tree->host.root_fd, "proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void where_the_daemon_was_told(void **state)
{
	struct tree *tree = *state;

	tree_docker(tree, ID_A, "web", tree->pid, 0);
	tree_runc(tree, "srv/exec/runtime-runc/moby", ID_A, tree->pid, tree->start_time, NULL);
	tree_write(tree, "etc/docker/daemon.json", "{\"data-root\":\"/nowhere\"}");
	move_data(tree, "srv/data");
	daemon_runs(tree, "dockerd", "0\t0\t0\t0", "77");
	assert_resolves(tree, "web", "docker", ID_A);
	/* Who only has the daemon's number, or its name, is not believed. */
	daemon_runs(tree, "sh", "0\t0\t0\t0", "77");
	assert_refused(tree, "web", ERR_NOT_FOUND, "web");
	daemon_runs(tree, "dockerd", "0\t1000\t0\t0", "77");
	assert_refused(tree, "web", ERR_NOT_FOUND, "web");
	daemon_runs(tree, "dockerd", "0\t0\t0\t0", "77\t1");
	assert_refused(tree, "web", ERR_NOT_FOUND, "web");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(by_name_id_and_prefix),
		TEST(its_own_path_and_hostname_stay),
		TEST(a_name_beats_anothers_prefix),
		TEST(a_whole_id_beats_a_name),
		TEST(a_short_id_beats_a_name),
		TEST(a_prefix_of_two_is_ambiguous),
		TEST(a_container_with_a_pods_labels),
		TEST(a_whole_id_reads_no_other_file),
		TEST(what_does_not_match_is_not_parsed),
		TEST(the_prefilter_is_confirmed),
		TEST(the_file_must_be_that_of_its_folder),
		TEST(the_process_must_be_the_containers),
		TEST(without_a_start_time_the_cgroup_decides),
		TEST(crun_in_runcs_place),
		TEST(where_the_configuration_says),
		TEST(where_the_daemon_was_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
