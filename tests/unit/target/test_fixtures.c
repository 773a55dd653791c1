/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every runtime really writes: state trees of real ones (tests/fixtures/capture), with the test's child as their process;
 * and the same when somebody has had his hands in.
 */
#include "tests/unit/target/tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID "1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f"
#define HUGE_FILE (100 << 20)
#define DEEP 10000

/* A file that tells of the container, and a member of it with another type than it has. */
struct file {
	const char *path, *member, *wrong;
};

static const struct fixture {
	const char *name, *runtime, *id, *image;
	const char *texts[7]; /* each of them means it; the first is used where one is enough */
	const char *env;      /* GREETING's value; NULL: nothing states an environment */
	struct file files[3];
	const char *bundle; /* config.json: damaged, it costs the environment only */
	bool processes;     /* its /proc is in there too */
	uid_t user;
} fixtures[] = {
	{ .name = "docker",
	  .runtime = "docker",
	  .id = ID,
	  .image = "app:1",
	  .texts = { "docker:1f1f1f1f1f1f", "web", "docker:web", ID, "1f1f1f1f1f1f", ("docker://" ID), "1f" },
	  .env = "hello",
	  .files = { { "var/lib/docker/containers/" ID "/config.v2.json", "\"Running\":true", "\"Running\":[]" } } },
	{ .name = "podman",
	  .runtime = "podman",
	  .id = ID,
	  .image = "localhost/app:1",
	  .texts = { "podman:web", "web", ID, "1f1f1f1f1f1f", "podman:1f" },
	  .env = "hello",
	  .files = { { "var/lib/containers/storage/overlay-containers/containers.json", "[\"web\"]", "\"web\"" },
		     { "run/runc/" ID "/state.json", "\"id\":\"" ID "\"", "\"id\":1" } },
	  .bundle = "var/lib/containers/storage/overlay-containers/" ID "/userdata/config.json" },
	{ .name = "podman-crun",
	  .runtime = "podman",
	  .id = ID,
	  .image = "localhost/app:1",
	  .texts = { "podman:web", "web", ID, "1f1f1f1f1f1f", "podman:1f" },
	  .env = "hello",
	  .files = { { "var/lib/containers/storage/overlay-containers/containers.json", "[\"web\"]", "\"web\"" },
		     { "run/crun/" ID "/status", "\"pid\":", "\"pid\": \"1\", \"no\":" } },
	  .bundle = "var/lib/containers/storage/overlay-containers/" ID "/userdata/config.json" },
	{ .name = "podman-rootless",
	  .runtime = "podman",
	  .id = ID,
	  .image = "localhost/app:1",
	  .texts = { "podman:dbgtest/web", "podman:54321/web", "podman:dbgtest/" ID, "podman:dbgtest/1f1f" },
	  .env = "hello",
	  .files = { { "home/dbgtest/.local/share/containers/storage/vfs-containers/containers.json", "[\"web\"]",
		       "\"web\"" },
		     { "run/user/54321/crun/" ID "/status", "\"pid\":", "\"pid\": \"1\", \"no\":" } },
	  .bundle = "home/dbgtest/.local/share/containers/storage/vfs-containers/" ID "/userdata/config.json",
	  .user = 54321 },
	{ .name = "runc",
	  .runtime = "runc",
	  .id = "web",
	  .texts = { "runc:web", "web", "runc:/run/runc/web" },
	  .env = "hello",
	  .files = { { "run/runc/web/state.json", "\"init_process_start\":", "\"init_process_start\":\"x\",\"no\":" } },
	  .bundle = "srv/web/config.json" },
	{ .name = "crun",
	  .runtime = "crun",
	  .id = "web",
	  .texts = { "crun:web", "web", "crun:/run/crun/web" },
	  .env = "hello",
	  .files = { { "run/crun/web/status", "\"pid\":", "\"pid\": \"1\", \"no\":" } },
	  .bundle = "srv/web/config.json" },
	{ .name = "lxc", .runtime = "lxc", .id = "web", .texts = { "lxc:web", "web" }, .processes = true },
	{ .name = "nspawn",
	  .runtime = "nspawn",
	  .id = "web",
	  .texts = { "nspawn:web", "web" },
	  .files = { { "run/systemd/machines/web", "LEADER=", "LEADER=x" } },
	  .processes = true },
};

static void prepare(const struct fixture *fixture, struct tree *tree)
{
	char path[64];

	if (fixture->user != 0)
		tree_child_of(tree, fixture->user);
	(void)snprintf(path, sizeof(path), "tests/fixtures/%s", fixture->name);
	tree_copy(tree, path);
	if (!fixture->processes)
		return;
	(void)snprintf(path, sizeof(path), "proc/%d/ns", tree->pid);
	tree_folder(tree, path);
	(void)snprintf(path, sizeof(path), "proc/%d/ns/user", tree->pid);
	assert_int_equal(symlinkat("/proc/self/ns/user", tree->host.root_fd, path), 0);
	close(tree->host.proc_fd);
	tree->host.proc_fd = openat(tree->host.root_fd, "proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(tree->host.proc_fd >= 0);
}

static void each_fixture(void (*test)(const struct fixture *fixture, struct tree *tree))
{
	for (size_t i = 0; i < ARRAY_SIZE(fixtures); i++) {
		void *state;

		print_message("%s\n", fixtures[i].name);
		assert_int_equal(tree_setup(&state), 0);
		prepare(&fixtures[i], state);
		test(&fixtures[i], state);
		assert_int_equal(tree_teardown(&state), 0);
	}
}

static void check_one(const struct fixture *fixture, const struct tree *tree, const char *text)
{
	cleanup_resolved struct resolved resolved = tree_resolve(tree, text);
	const struct target *target = &resolved.target;
	bool is_named_by_id = strcmp(fixture->id, "web") == 0;

	if (resolved.result < 0)
		fail_msg("%s: %s", text, resolved.err.text);
	assert_string_equal(target->runtime, fixture->runtime);
	assert_string_equal(target->id, fixture->id);
	assert_string_equal(is_named_by_id ? target->id : target->name, "web");
	assert_string_equal(target->image ? target->image : "", fixture->image ? fixture->image : "");
	assert_int_equal(target->user, fixture->user);
	assert_null(target->pod);
	assert_false(target->paused);
	assert_int_equal(target->pid, tree->pid);
	assert_int_equal(resolved.pin.pid, tree->pid);
	assert_true(resolved.pin.start_time == tree->start_time);
	assert_int_equal(target->has_config, fixture->env != NULL);
	if (fixture->env)
		assert_string_equal(strv_env_get(&target->env, "GREETING"), fixture->env);
}

static void check_facts(const struct fixture *fixture, struct tree *tree)
{
	char row[300];

	for (size_t i = 0; i < ARRAY_SIZE(fixture->texts) && fixture->texts[i]; i++)
		check_one(fixture, tree, fixture->texts[i]);
	/* A user's are for who names him. */
	(void)snprintf(row, sizeof(row), "%s:%s web - %s running; ", fixture->runtime, fixture->id,
		       fixture->image ? fixture->image : "-");
	assert_listed(tree, row, fixture->user == 0);
	assert_listed(tree, "; ", fixture->user == 0);
}

static void what_real_ones_write(void **state)
{
	(void)state;
	each_fixture(check_facts);
}

/* What they have written down is of a process that has ended, whose number another has by now. */
static void check_reuse(const struct fixture *fixture, struct tree *tree)
{
	struct tree before = *tree;
	char text[64];

	if (fixture->processes)
		return; /* the supervisor's child is looked for when it is asked for */
	before.start_time++;
	(void)snprintf(text, sizeof(text), "tests/fixtures/%s", fixture->name);
	tree_copy(&before, text);
	assert_refused(tree, fixture->texts[0], ERR_CHANGED, "started");
}

static void anothers_process_by_now(void **state)
{
	(void)state;
	each_fixture(check_reuse);
}

/* ---- hostile ones ---------------------------------------------------------------------------------------------- */

static void remove_file(const struct tree *tree, const char *path)
{
	assert_int_equal(unlinkat(tree->host.root_fd, path, 0), 0);
}

static void put_text(const struct tree *tree, const char *path, const char *text)
{
	remove_file(tree, path); /* also where it is a link by now */
	tree_put(tree, path, text, strlen(text));
}

/* The original, somewhere else. */
static void make_link(const struct tree *tree, const struct file *file, const char *text)
{
	tree_put(tree, "elsewhere", text, strlen(text));
	remove_file(tree, file->path);
	assert_int_equal(symlinkat("/elsewhere", tree->host.root_fd, file->path), 0);
}

static void make_huge(const struct tree *tree, const struct file *file, const char *text)
{
	put_text(tree, file->path, text);
	cleanup_close int fd = openat(tree->host.root_fd, file->path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, HUGE_FILE), 0);
}

/* Nothing is wrong with it but that: one member more, or one element. */
static void make_deep(const struct tree *tree, const struct file *file, const char *text)
{
	cleanup_free char *open = calloc(DEEP + 1, 1), *close = calloc(DEEP + 1, 1);

	assert_non_null(open);
	assert_non_null(close);
	memset(open, '[', DEEP);
	memset(close, ']', DEEP);
	cleanup_free char *deep =
		text_printf("%c%s%s%s,%s", text[0], text[0] == '{' ? "\"deep\":" : "", open, close, text + 1);
	put_text(tree, file->path, deep);
}

/* The end is missing, and nothing that is looked for before parsing. */
static void make_short(const struct tree *tree, const struct file *file, const char *text)
{
	cleanup_free char *cut = strndup(text, (size_t)(strrchr(text, '}') - text));

	put_text(tree, file->path, cut);
}

static void make_wrong(const struct tree *tree, const struct file *file, const char *text)
{
	const char *at = strstr(text, file->member);

	assert_non_null(at);
	cleanup_free char *wrong =
		text_printf("%.*s%s%s", (int)(at - text), text, file->wrong, at + strlen(file->member));
	put_text(tree, file->path, wrong);
}

static const struct damage {
	void (*make)(const struct tree *tree, const struct file *file, const char *text);
	enum err_kind kind;
	const char *says;
	bool json; /* of JSON alone */
} damages[] = {
	{ make_link, ERR_REFUSED, "symbolic link", false },
	{ make_huge, ERR_MALFORMED, "larger than", false },
	{ make_deep, ERR_MALFORMED, "", true },
	{ make_short, ERR_MALFORMED, "", true },
	{ make_wrong, ERR_MALFORMED, "", false },
};

static void check_damages(const struct fixture *fixture, struct tree *tree)
{
	for (size_t i = 0; i < ARRAY_SIZE(fixture->files) && fixture->files[i].path; i++) {
		const struct file *file = &fixture->files[i];
		cleanup_free char *text = tree_get(tree, file->path);

		for (size_t k = 0; k < ARRAY_SIZE(damages); k++) {
			if (damages[k].json && fixture->processes)
				continue;
			damages[k].make(tree, file, text);
			assert_refused(tree, fixture->texts[0], damages[k].kind, damages[k].says);
			put_text(tree, file->path, text);
		}
		check_one(fixture, tree, fixture->texts[0]);
	}
}

static void damaged_state_is_told(void **state)
{
	(void)state;
	each_fixture(check_damages);
}

/* The container is entered all the same, and nothing of what cannot be trusted is taken over. */
static void check_bundle(const struct fixture *fixture, struct tree *tree)
{
	const struct file file = { fixture->bundle, "\"env\":", "\"env\":1,\"no\":" };

	if (fixture->bundle == NULL)
		return;
	cleanup_free char *text = tree_get(tree, file.path);
	for (size_t k = 0; k < ARRAY_SIZE(damages); k++) {
		damages[k].make(tree, &file, text);
		cleanup_resolved struct resolved resolved = tree_resolve(tree, fixture->texts[0]);
		if (resolved.result < 0)
			fail_msg("%s: %s", fixture->texts[0], resolved.err.text);
		assert_int_equal(resolved.target.pid, tree->pid);
		assert_false(resolved.target.has_config);
		assert_int_equal(resolved.target.env.count, 0);
		put_text(tree, file.path, text);
	}
	check_one(fixture, tree, fixture->texts[0]);
}

static void a_damaged_bundle_costs_the_environment(void **state)
{
	(void)state;
	each_fixture(check_bundle);
}

/* Whoever may name a container could catch another's id. */
static void check_name_like_id(const struct fixture *fixture, struct tree *tree)
{
	char text[128];

	if (strcmp(fixture->id, ID) != 0)
		return;
	/* One of Docker's, and one of the same list where there is a list. */
	tree_docker(tree, ID_A, ID, getpid(), 1);
	if (strcmp(fixture->runtime, "podman") == 0) {
		const char *list = fixture->files[0].path;
		cleanup_free char *old = tree_get(tree, list);
		cleanup_free char *new = text_printf("[{\"id\":\"" ID_B "\",\"names\":[\"" ID "\"]},%s", old + 1);
		put_text(tree, list, new);
	}
	(void)snprintf(text, sizeof(text), "%s%s", fixture->user != 0 ? "podman:dbgtest/" : "", ID);
	check_one(fixture, tree, text);
	(void)snprintf(text, sizeof(text), "%s:%s%s", fixture->runtime, fixture->user != 0 ? "dbgtest/" : "", ID);
	check_one(fixture, tree, text);
}

static void a_name_like_anothers_id(void **state)
{
	(void)state;
	each_fixture(check_name_like_id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_real_ones_write),    cmocka_unit_test(anothers_process_by_now),
		cmocka_unit_test(damaged_state_is_told),   cmocka_unit_test(a_damaged_bundle_costs_the_environment),
		cmocka_unit_test(a_name_like_anothers_id),
	};
	if (geteuid() != 0)
		return skip_all("a plain user looks for his own containers, not for root's");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
