/* SPDX-License-Identifier: Apache-2.0 */
/* Every container once, whoever knows it; what is damaged costs its own row; what has ended is not told of as running. */
#include "tests/unit/target/tree.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

struct seen {
	char text[1024]; /* "docker web running; " ... in the order of the walk */
	char damage[2048];
	unsigned damaged;
	int64_t since;
	uid_t uid;
	int refuse; /* what the visitor returns */
};

static int entry(const struct target_entry *entry, void *context, struct err *err)
{
	static const char *const states[] = { "stopped", "running", "paused" };
	struct seen *seen = context;
	size_t used = strlen(seen->text);

	(void)snprintf(seen->text + used, sizeof(seen->text) - used, "%s %s %s; ", entry->target->runtime,
		       entry->target->name != NULL ? entry->target->name : "-", states[entry->state]);
	assert_true((entry->pin != NULL) == (entry->state != TARGET_STOPPED));
	seen->since = entry->since;
	seen->uid = entry->uid;
	return seen->refuse < 0 ? err_set(err, ERR_SYSTEM, "no more") : 0;
}

static void damaged(const char *runtime, const struct err *why, void *context)
{
	struct seen *seen = context;
	size_t used = strlen(seen->damage);

	seen->damaged++;
	(void)snprintf(seen->damage + used, sizeof(seen->damage) - used, "%s %s; ", runtime, why->text);
}

static struct seen list(const struct tree *tree, const char *runtime, bool stopped)
{
	struct seen seen = { 0 };
	const struct target_visitor visitor = { entry, damaged, &seen };
	struct err err = { 0 };

	assert_success(target_list(&tree->host, runtime, stopped, &visitor, &err), err);
	return seen;
}

static void podman_list_file(const struct tree *tree, const char *text)
{
	tree_write(tree, "var/lib/containers/storage/overlay-containers/containers.json", "%s", text);
}

static void nothing_is_installed(void **state)
{
	struct seen seen = list(*state, NULL, true);

	assert_string_equal(seen.text, "");
	assert_int_equal(seen.damaged, 0);
}

static void what_runs_and_what_does_not(void **state)
{
	const struct tree *tree = *state;

	tree_docker(tree, ID_A, "web", tree->pid, tree->start_time);
	tree_docker(tree, ID_C, "old", 0, 0);
	struct seen seen = list(tree, NULL, false);
	assert_string_equal(seen.text, "docker web running; ");
	assert_int_equal(seen.uid, geteuid());
	assert_in_range(seen.since, time(NULL) - 60, time(NULL) + 2);
	assert_int_equal(seen.damaged, 0);

	seen = list(tree, NULL, true);
	assert_non_null(strstr(seen.text, "docker web running; "));
	assert_non_null(strstr(seen.text, "docker old stopped; "));
}

static void a_pid_of_another_process_is_stopped(void **state)
{
	const struct tree *tree = *state;

	/* Neither its cgroup nor a start time shows that the child is the container's. */
	tree_docker(tree, ID_A, "reused", tree->pid, 0);
	tree_runc(tree, "run/runc", "older", tree->pid, tree->start_time - 1, NULL);
	struct seen seen = list(tree, NULL, true);
	assert_string_equal(seen.text, "docker reused stopped; runc older stopped; ");
	assert_string_equal(list(tree, NULL, false).text, "");
}

static void who_stands_first_speaks_for_it(void **state)
{
	const struct tree *tree = *state;

	podman_list_file(tree, "[{\"id\":\"" ID_A "\",\"names\":[\"db\"]}]");
	tree_podman(tree, ID_A, tree->pid);
	tree_runc(tree, "run/runc", ID_A, tree->pid, tree->start_time, NULL);
	assert_string_equal(list(tree, NULL, false).text, "podman db running; ");
	assert_string_equal(list(tree, "runc", false).text, "runc - running; ");
}

static void one_process_is_one_container(void **state)
{
	const struct tree *tree = *state;

	tree_runc(tree, "run/runc", "mine", tree->pid, tree->start_time, NULL);
	tree_crun(tree, "theirs", tree->pid, tree->start_time, NULL);
	assert_string_equal(list(tree, NULL, true).text, "runc mine running; ");
}

static void a_stale_pid_hides_nobody(void **state)
{
	const struct tree *tree = *state;

	/* Podman's container has ended, and runc's has its pid now. */
	podman_list_file(tree, "[{\"id\":\"" ID_A "\",\"names\":[\"db\"]}]");
	tree_podman(tree, ID_A, tree->pid);
	tree_runc(tree, "run/runc", "mine", tree->pid, tree->start_time, NULL);
	assert_string_equal(list(tree, NULL, true).text, "podman db stopped; runc mine running; ");
}

static void damage_costs_its_own_row(void **state)
{
	const struct tree *tree = *state;

	tree_docker(tree, ID_A, "web", tree->pid, tree->start_time);
	tree_write(tree, "var/lib/docker/containers/" ID_B "/config.v2.json", "{\"ID\":");
	tree_docker(tree, ID_C, "old", 0, 0);
	podman_list_file(tree, "[{\"id\":\"short\"},{\"id\":\"" ID_B "\",\"names\":[\"db\"]}]");
	tree_write(tree, "run/runc/bad/state.json", "%s", "[]");
	tree_crun(tree, "fine", 0x7ffffff, 1, NULL);
	struct seen seen = list(tree, NULL, true);
	assert_non_null(strstr(seen.text, "docker web running; "));
	assert_non_null(strstr(seen.text, "docker old stopped; "));
	assert_non_null(strstr(seen.text, "podman db stopped; "));
	assert_non_null(strstr(seen.text, "crun fine stopped; "));
	assert_int_equal(seen.damaged, 3);
	assert_non_null(strstr(seen.damage, "docker /var/lib/docker/containers/" ID_B));
	assert_non_null(strstr(seen.damage, "podman "));
	assert_non_null(strstr(seen.damage, "runc /run/runc/bad/state.json"));
}

static void what_others_can_write_costs_its_runtime(void **state)
{
	const struct tree *tree = *state;

	tree_docker(tree, ID_A, "web", tree->pid, tree->start_time);
	tree_folder(tree, "run/runc");
	assert_int_equal(fchmodat(tree->host.root_fd, "run/runc", 0777, 0), 0);
	struct seen seen = list(tree, NULL, false);
	assert_string_equal(seen.text, "docker web running; ");
	assert_int_equal(seen.damaged, 1);
	assert_non_null(strstr(seen.damage, "runc "));
}

static void names_that_cannot_be_typed_are_no_containers(void **state)
{
	const struct tree *tree = *state;

	tree_runc(tree, "run/runc", "a b", tree->pid, tree->start_time, NULL);
	tree_runc(tree, "run/runc", ".hidden", tree->pid, tree->start_time, NULL);
	assert_string_equal(list(tree, NULL, true).text, "");
}

static void a_visitor_that_has_enough(void **state)
{
	const struct tree *tree = *state;
	struct seen seen = { .refuse = -1 };
	const struct target_visitor visitor = { entry, damaged, &seen };
	struct err err = { 0 };

	tree_docker(tree, ID_A, "web", tree->pid, tree->start_time);
	tree_runc(tree, "run/runc", "mine", 0x7ffffff, 1, NULL);
	assert_true(target_list(&tree->host, NULL, true, &visitor, &err) < 0);
	assert_string_equal(err.text, "no more");
	assert_string_equal(seen.text, "docker web running; ");
	assert_int_equal(seen.damaged, 0);
}

static void only_known_runtimes(void **state)
{
	const struct tree *tree = *state;
	const struct target_visitor visitor = { entry, damaged, NULL };
	struct err err = { 0 };
	bool found = true;

	assert_true(target_list(&tree->host, "rkt", true, &visitor, &err) < 0);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(target_runtime_at(&tree->host, 0, &found), "docker");
	assert_false(found);
	tree_docker(tree, ID_A, "web", 0, 0);
	assert_non_null(target_runtime_at(&tree->host, 0, &found));
	assert_true(found);
	assert_null(target_runtime_at(&tree->host, 1000, &found));
}

static void references_can_be_pasted(void **state)
{
	static const struct {
		const char *runtime, *id, *scope, *reference;
	} rows[] = {
		{ "docker", ID_A, NULL, "docker:" ID_A },
		{ "containerd", "web", "default", "containerd:default/web" },
		{ "runc", "web", "/srv/state", "runc:/srv/state/web" },
		{ "runc", "web", "/", "runc:/web" },
		{ "podman", ID_A, "user", "podman:user/" ID_A },
		{ "pid", "pid:7", NULL, "pid:7" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_free char *id = strdup(rows[i].id), *scope = rows[i].scope ? strdup(rows[i].scope) : NULL;
		const struct target target = { .runtime = rows[i].runtime, .id = id, .scope = scope };
		char out[TARGET_REFERENCE_MAX];
		struct reference reference;
		struct err err = { 0 };

		assert_int_equal(target_reference(&target, out, sizeof(out)), 0);
		assert_string_equal(out, rows[i].reference);
		assert_success(reference_parse(out, &reference, &err), err);
		assert_string_equal(reference.runtime, rows[i].runtime);
		assert_string_equal(reference.scope, scope ? scope : "");
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_installed),
		TEST(what_runs_and_what_does_not),
		TEST(a_pid_of_another_process_is_stopped),
		TEST(who_stands_first_speaks_for_it),
		TEST(one_process_is_one_container),
		TEST(a_stale_pid_hides_nobody),
		TEST(damage_costs_its_own_row),
		TEST(what_others_can_write_costs_its_runtime),
		TEST(names_that_cannot_be_typed_are_no_containers),
		TEST(a_visitor_that_has_enough),
		TEST(only_known_runtimes),
		TEST(references_can_be_pasted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
