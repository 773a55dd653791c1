/* SPDX-License-Identifier: Apache-2.0 */
/* What no state file tells of: LXC's monitors, nspawn, the id in a cgroup. In a procfs of our own making. */
#include "tests/unit/target/tree.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT "0\t0\t0\t0"

struct made {
	pid_t pid;
	const char *uid, *nspid, *comm, *command;
	size_t command_length;
	const char *children, *cgroup;
	pid_t parent;
	uint64_t start_time;
};

static void make(const struct tree *tree, const struct made *made)
{
	char path[96];

	tree_status(tree, made->pid, made->uid, made->nspid);
	(void)snprintf(path, sizeof(path), "proc/%d/stat", made->pid);
	tree_write(tree, path, "%d (x) S %d 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %" PRIu64 " 0 0\n", made->pid,
		   made->parent, made->start_time);
	(void)snprintf(path, sizeof(path), "proc/%d/comm", made->pid);
	tree_write(tree, path, "%s\n", made->comm ? made->comm : "x");
	(void)snprintf(path, sizeof(path), "proc/%d/cgroup", made->pid);
	tree_write(tree, path, "0::%s\n", made->cgroup ? made->cgroup : "/");
	(void)snprintf(path, sizeof(path), "proc/%d/cmdline", made->pid);
	tree_put(tree, path, made->command ? made->command : "", made->command_length);
	(void)snprintf(path, sizeof(path), "proc/%d/task/%d/children", made->pid, made->pid);
	tree_write(tree, path, "%s", made->children ? made->children : "");
}

/* The test's child, as the procfs shows it. */
static void contain(const struct tree *tree, pid_t parent, const char *nspid, const char *cgroup)
{
	make(tree, &(struct made) { .pid = tree->pid,
				    .uid = ROOT,
				    .nspid = nspid,
				    .parent = parent,
				    .cgroup = cgroup,
				    .start_time = tree->start_time });
	char path[96];
	(void)snprintf(path, sizeof(path), "proc/%d/ns", tree->pid);
	tree_folder(tree, path);
	(void)snprintf(path, sizeof(path), "proc/%d/ns/user", tree->pid);
	if (faccessat(tree->host.root_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		assert_int_equal(symlinkat("/proc/self/ns/user", tree->host.root_fd, path), 0);
}

static int setup(void **state)
{
	int r = tree_setup(state);
	struct tree *tree = *state;

	tree_folder(tree, "proc");
	close(tree->host.proc_fd);
	tree->host.proc_fd = openat(tree->host.root_fd, "proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return r;
}

static void monitor(const struct tree *tree, const char *uid, const char *nspid, const char *title)
{
	char children[32];

	(void)snprintf(children, sizeof(children), "4 %d 5 ", tree->pid);
	make(tree, &(struct made) { .pid = 77,
				    .uid = uid,
				    .nspid = nspid,
				    .command = title,
				    .command_length = strlen(title) + 1,
				    .children = children });
}

static void a_monitor_names_its_container(void **state)
{
	const struct tree *tree = *state;
	static const char title[] = "[lxc monitor] /var/lib/lxc web";

	monitor(tree, ROOT, "77", title);
	contain(tree, 77, "99\t1", "/lxc.payload.web");
	assert_resolves(tree, "web", "lxc", "web");
	assert_resolves(tree, "lxc:web", "lxc", "web");
	assert_resolves(tree, "lxc://web", "lxc", "web");
	tree_folder(tree, "run/lxc");
	assert_listed(tree, "lxc:web web - - running; ", 1);
	assert_listed(tree, "; ", 1);
	assert_refused(tree, "lxc:we", ERR_NOT_FOUND, "looked at lxc)");
	assert_refused(tree, "lxc:webb", ERR_NOT_FOUND, "looked at lxc)");
	assert_refused(tree, "nspawn:web", ERR_NOT_FOUND, "looked at nspawn)");
	/* Somebody else's process, one in a container, another title. */
	monitor(tree, "0\t0\t0\t1000", "77", title);
	assert_refused(tree, "lxc:web", ERR_NOT_FOUND, "web");
	monitor(tree, ROOT, "77\t5", title);
	assert_refused(tree, "lxc:web", ERR_NOT_FOUND, "web");
	monitor(tree, ROOT, "77", "[lxc monitor] /var/lib/lxc ../web");
	assert_refused(tree, "lxc:web", ERR_NOT_FOUND, "web");
}

static void the_child_must_be_the_monitors(void **state)
{
	const struct tree *tree = *state;
	static const char title[] = "[lxc monitor] /var/lib/lxc web";

	monitor(tree, ROOT, "77", title);
	contain(tree, 78, "99\t1", NULL); /* the number is another's by now */
	assert_refused(tree, "lxc:web", ERR_NOT_FOUND, "web");
	contain(tree, 77, "99", NULL); /* a hook, in no PID namespace of its own */
	assert_refused(tree, "lxc:web", ERR_NOT_FOUND, "web");
	contain(tree, 77, "99\t1", NULL);
	assert_resolves(tree, "lxc:web", "lxc", "web");
}

static void lxc_beside_another_runtime(void **state)
{
	const struct tree *tree = *state;

	static const char *const places[] = { "var/lib/lxc/web", "sys/fs/cgroup/unified/lxc.payload.web",
					      "sys/fs/cgroup/lxc.payload.web" };

	tree_docker(tree, ID_A, "web", 0, 0);
	/* Wherever it has its folder: by its cgroup it is known before the processes are looked at. */
	monitor(tree, ROOT, "77", "[lxc monitor] /srv/lxc web");
	contain(tree, 77, "99\t1", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		assert_refused(tree, "web", ERR_GONE, "docker:aaaaaaaa0000 (web)");
		tree_folder(tree, places[i]);
		assert_refused(tree, "web", ERR_AMBIGUOUS, "docker:aaaaaaaa0000 (web), lxc:web");
		assert_int_equal(unlinkat(tree->host.root_fd, places[i], AT_REMOVEDIR), 0);
	}
}

static void a_users_monitor(void **state)
{
	const struct tree *tree = *state;

	if (geteuid() != 0)
		skip_because("only root can look for another user's containers");
	tree_write(tree, "etc/passwd", "user:x:1000:1000::/home/user:/bin/sh\n");
	monitor(tree, "1000\t1000\t1000\t1000", "77", "[lxc monitor] /home/user/.local/share/lxc web");
	contain(tree, 77, "99\t1", NULL);
	assert_refused(tree, "lxc:web", ERR_NOT_FOUND, "web");
	assert_refused(tree, "web", ERR_NOT_FOUND, "web");
	assert_refused(tree, "lxc:user/web", ERR_REFUSED, "lxc:user/web: process");
}

#define NSPAWN "systemd-nspawn\0-D\0/srv/x\0-M\0web\0/app"

/* The supervisor of a machine whose first process is the tree's. */
static struct made supervisor(const struct tree *tree, char children[static 32])
{
	(void)snprintf(children, 32, "%d ", tree->pid);
	return (struct made) { .pid = 77,
			       .uid = ROOT,
			       .nspid = "77",
			       .comm = "systemd-nspawn",
			       .command = NSPAWN,
			       .command_length = sizeof(NSPAWN),
			       .children = children };
}

static void an_unregistered_machine(void **state)
{
	const struct tree *tree = *state;
	char children[32];
	struct made nspawn = supervisor(tree, children);

	make(tree, &nspawn);
	contain(tree, 77, "99\t1", NULL);
	assert_resolves(tree, "web", "nspawn", "web");
	assert_resolves(tree, "nspawn:web", "nspawn", "web");
	tree_docker(tree, ID_A, "web", 0, 0);
	assert_refused(tree, "web", ERR_GONE, "docker:"); /* nspawn's folder is not there: one round is enough */
	tree_folder(tree, "run/systemd/nspawn/propagate/web");
	assert_refused(tree, "web", ERR_AMBIGUOUS, "docker:aaaaaaaa0000 (web), nspawn:web");
	assert_listed(tree, "nspawn:web web - - running; ", 1);
	nspawn.comm = "sh";
	make(tree, &nspawn);
	assert_refused(tree, "nspawn:web", ERR_NOT_FOUND, "web");
}

static void a_registered_machine(void **state)
{
	const struct tree *tree = *state;

	tree_copy(tree, "tests/fixtures/nspawn");
	tree_write(tree, "run/systemd/machines/web", "NAME=web\nSCOPE=machine-web.scope\nLEADER=%d\nCLASS=container\n",
		   tree->pid);
	contain(tree, 1, "99\t1", "/machine.slice/machine-web.scope/payload");
	assert_resolves(tree, "web", "nspawn", "web");
	assert_resolves(tree, "nspawn:web", "nspawn", "web");
	assert_listed(tree, "nspawn:web web - - running; ", 1);
	contain(tree, 1, "99\t1", "/user.slice");
	assert_refused(tree, "web", ERR_CHANGED, "nspawn:web: process");
	assert_listed(tree, "nspawn:web web - - stopped; ", 1);
	/* Moved into another cgroup, it is still its supervisor's child; another machine's it must not be. */
	char children[32];
	struct made nspawn = supervisor(tree, children);
	make(tree, &nspawn);
	assert_refused(tree, "nspawn:web", ERR_CHANGED, "nspawn:web: process");
	contain(tree, 77, "99\t1", "/user.slice");
	assert_resolves(tree, "nspawn:web", "nspawn", "web");
	assert_listed(tree, "nspawn:web web - - running; ", 1);
	nspawn.command = "systemd-nspawn\0-M\0other";
	nspawn.command_length = sizeof("systemd-nspawn\0-M\0other");
	make(tree, &nspawn);
	assert_refused(tree, "nspawn:web", ERR_CHANGED, "nspawn:web: process");
	contain(tree, 1, "99\t1", "/machine.slice/systemd-nspawn@web.service/payload");
	assert_refused(tree, "web", ERR_CHANGED, "nspawn:web: process");
	tree_write(tree, "run/systemd/machines/web", "SCOPE=systemd-nspawn@web.service\nLEADER=%d\nCLASS=container\n",
		   tree->pid);
	assert_resolves(tree, "web", "nspawn", "web");
	tree_write(tree, "run/systemd/machines/web", "NAME=web\nLEADER=%d\nCLASS=vm\n", tree->pid);
	assert_refused(tree, "web", ERR_NOT_FOUND, "web");
	assert_listed(tree, "; ", 0);
	tree_write(tree, "run/systemd/machines/web", "NAME=web\nLEADER=x\nCLASS=container\n");
	assert_refused(tree, "web", ERR_MALFORMED, "/run/systemd/machines/web: line 2");
	assert_listed(tree, "nspawn: /run/systemd/machines/web: line 2", 1);
}

static void the_id_in_a_cgroup(void **state)
{
	const struct tree *tree = *state;
	static const struct {
		const char *cgroup, *runtime;
	} rows[] = {
		{ "/kubepods/burstable/pod1/" ID_A, "cgroup" },
		{ "/../../../pod1/" ID_A, "cgroup" },
		{ "/kubepods.slice/cri-containerd-" ID_A ".scope", "containerd" },
		{ "/kubepods.slice/crio-" ID_A ".scope", "cri-o" },
		{ "/system.slice/docker-" ID_A ".scope/init", "docker" },
		{ "/machine.slice/libpod-" ID_A ".scope", "podman" },
		{ "/docker/" ID_C "/kubepods/" ID_A, "cgroup" },
	};

	tree_write(tree, "etc/passwd", "user:x:1000:1000::/home/user:/bin/sh\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		contain(tree, 1, "99\t1", rows[i].cgroup);
		assert_resolves(tree, ID_A, rows[i].runtime, ID_A);
		assert_resolves(tree, "aaaaaaaa0000", rows[i].runtime, ID_A);
		assert_refused(tree, "aaaaaaaa000", ERR_NOT_FOUND, "aaaaaaaa000");
		assert_refused(tree, "podman:user/" ID_A, ERR_NOT_FOUND, ID_A);
		assert_refused(tree, "runc:/run/x/" ID_A, ERR_NOT_FOUND, ID_A);
		assert_refused(tree, "lxc:" ID_A, ERR_NOT_FOUND, ID_A);
		assert_refused(tree, "pod/" ID_A, ERR_NOT_FOUND, ID_A);
		assert_refused(tree, ID_B, ERR_NOT_FOUND, ID_B);
	}
	contain(tree, 1, "99\t1", "/kubepods.slice/crio-" ID_A ".scope");
	assert_resolves(tree, "cri-o://" ID_A, "cri-o", ID_A);
	assert_refused(tree, "docker:" ID_A, ERR_NOT_FOUND, ID_A);
}

static void the_oldest_of_a_cgroup(void **state)
{
	const struct tree *tree = *state;
	struct made other = { .pid = 77,
			      .uid = ROOT,
			      .nspid = "77\t1",
			      .parent = 1,
			      .cgroup = "/docker/" ID_A,
			      .start_time = tree->start_time + 1 };

	/* What exec put there has the same parent and may have pid 1 inside, too. */
	make(tree, &other);
	contain(tree, 1, "99\t7", "/docker/" ID_A);
	assert_resolves(tree, ID_A, "cgroup", ID_A);
	/* A container that names a cgroup of its own like another's id is not taken for it, however old it is. */
	other.start_time = 1;
	other.cgroup = "/docker/" ID_C "/" ID_A;
	make(tree, &other);
	assert_resolves(tree, ID_A, "cgroup", ID_A);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_monitor_names_its_container),
		TEST(the_child_must_be_the_monitors),
		TEST(lxc_beside_another_runtime),
		TEST(a_users_monitor),
		TEST(an_unregistered_machine),
		TEST(a_registered_machine),
		TEST(the_id_in_a_cgroup),
		TEST(the_oldest_of_a_cgroup),
	};
	if (geteuid() != 0)
		return skip_all("a plain user looks for his own containers, not for root's");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
