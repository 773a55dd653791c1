/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/target/tree.h"

#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static pid_t child_start(void)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

int tree_setup(void **state)
{
	struct tree *tree = calloc(1, sizeof(*tree));
	struct pin pin = PIN_INIT;
	struct err err;

	assert_non_null(tree);
	(void)umask(022);
	strcpy(tree->path, "/tmp/dbgattach-target-XXXXXX");
	assert_non_null(mkdtemp(tree->path));
	tree->host.root_fd = open(tree->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	tree->host.proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(tree->host.root_fd >= 0 && tree->host.proc_fd >= 0);
	tree->pid = child_start();
	assert_success(pin_open(&tree->host, tree->pid, 0, &pin, &err), err);
	tree->start_time = pin.start_time;
	pin_done(&pin);
	*state = tree;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int tree_teardown(void **state)
{
	struct tree *tree = *state;
	(void)kill(tree->pid, SIGKILL);
	(void)waitpid(tree->pid, NULL, 0);
	host_done(&tree->host);
	int r = nftw(tree->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(tree);
	return r;
}

void tree_folder(const struct tree *tree, const char *path)
{
	for (const char *slash = path; slash; slash = strchr(slash + 1, '/')) {
		cleanup_free char *above = strndup(path, (size_t)(slash - path));
		if (above[0] && mkdirat(tree->host.root_fd, above, 0755) < 0)
			assert_int_equal(errno, EEXIST);
	}
	if (mkdirat(tree->host.root_fd, path, 0755) < 0)
		assert_int_equal(errno, EEXIST);
}

void tree_write(const struct tree *tree, const char *path, const char *format, ...)
{
	const char *slash = strrchr(path, '/');
	if (slash) {
		cleanup_free char *above = strndup(path, (size_t)(slash - path));
		tree_folder(tree, above);
	}
	int fd = openat(tree->host.root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	va_list args;
	va_start(args, format);
	assert_true(vdprintf(fd, format, args) >= 0);
	va_end(args);
	close(fd);
}

/* nftw() takes no context. */
static const struct tree *copied_tree;
static size_t copied_prefix;

static int copy_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char bytes[65536];
	(void)ftw;
	if (type != FTW_F)
		return 0;
	assert_true((size_t)st->st_size < sizeof(bytes));
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, bytes, sizeof(bytes)), st->st_size);
	close(fd);
	tree_write(copied_tree, path + copied_prefix, "%.*s", (int)st->st_size, bytes);
	return 0;
}

void tree_copy(const struct tree *tree, const char *fixture)
{
	copied_tree = tree;
	copied_prefix = strlen(fixture) + 1;
	assert_int_equal(nftw(fixture, copy_one, 16, FTW_PHYS), 0);
}

void tree_docker(const struct tree *tree, const char *id, const char *name, pid_t pid, uint64_t start_time)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "var/lib/docker/containers/%s/config.v2.json", id);
	tree_write(tree, path,
		   "{\"State\":{\"Running\":%s,\"Pid\":%d},\"ID\":\"%s\",\"Config\":{\"Hostname\":\"%.12s\","
		   "\"Env\":[\"FOO=bar\"],\"Image\":\"app\"},\"Name\":\"/%s\"}",
		   pid ? "true" : "false", pid, id, id, name);
	if (start_time)
		tree_runc(tree, "run/docker/runtime-runc/moby", id, pid, start_time, NULL);
}

void tree_runc(const struct tree *tree, const char *folder, const char *id, pid_t pid, uint64_t start_time,
	       const char *bundle)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s/state.json", folder, id);
	tree_write(tree, path,
		   "{\"id\":\"%s\",\"init_process_pid\":%d,\"init_process_start\":%" PRIu64
		   ",\"config\":{\"labels\":[\"bundle=%s\"]}}",
		   id, pid, start_time, bundle ? bundle : "");
}

void tree_crun(const struct tree *tree, const char *id, pid_t pid, uint64_t start_time, const char *bundle)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "run/crun/%s/status", id);
	tree_write(tree, path, "{\"pid\":%d,\"process-start-time\":%" PRIu64 ",\"bundle\":\"%s\"}", pid, start_time,
		   bundle ? bundle : "");
}

void tree_podman(const struct tree *tree, const char *id, pid_t pid)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "run/containers/storage/overlay-containers/%s/userdata/pidfile", id);
	tree_write(tree, path, "%d", pid);
}

void tree_status(const struct tree *tree, pid_t pid, const char *uid, const char *nspid)
{
	static const char none[] = "0000000000000000";
	char path[64];

	(void)snprintf(path, sizeof(path), "proc/%d/status", pid);
	tree_write(tree, path,
		   "Name:\tx\nState:\tS (sleeping)\nTgid:\t%d\nPPid:\t1\nUid:\t%s\nGid:\t0\t0\t0\t0\nGroups:\t\n"
		   "NSpid:\t%s\nCapInh:\t%s\nCapPrm:\t%s\nCapEff:\t%s\nCapBnd:\t%s\nCapAmb:\t%s\n",
		   pid, uid, nspid, none, none, none, none, none);
}

struct resolved tree_resolve(const struct tree *tree, const char *text)
{
	struct resolved resolved = { .pin = PIN_INIT };
	struct reference reference;

	resolved.result = reference_parse(text, &reference, &resolved.err);
	if (resolved.result == 0)
		resolved.result =
			target_resolve(&tree->host, &reference, &resolved.target, &resolved.pin, &resolved.err);
	return resolved;
}

void resolved_done(struct resolved *resolved)
{
	target_done(&resolved->target);
	pin_done(&resolved->pin);
}

static const char *or_dash(const char *text)
{
	return text != NULL ? text : "-";
}

static int list_entry(const struct target_entry *entry, void *context, struct err *err)
{
	static const char *const states[] = { "stopped", "running", "paused" };
	const struct target *target = entry->target;
	char reference[TARGET_REFERENCE_MAX];
	FILE *out = context;

	(void)err;
	assert_int_equal(target_reference(target, reference, sizeof(reference)), 0);
	(void)fprintf(out, "%s %s %s %s %s; ", reference, or_dash(target->name), or_dash(target->pod),
		      or_dash(target->image), states[entry->state]);
	return 0;
}

static void list_damage(const char *runtime, const struct err *why, void *context)
{
	(void)fprintf(context, "%s: %s; ", runtime, why->text);
}

void assert_listed(const struct tree *tree, const char *part, unsigned count)
{
	cleanup_free char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	const struct target_visitor visitor = { list_entry, list_damage, out };
	struct err err = { 0 };
	unsigned found = 0;

	assert_non_null(out);
	assert_success(target_list(&tree->host, NULL, true, &visitor, &err), err);
	(void)fclose(out);
	for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
		found++;
	if (found != count)
		fail_msg("%u times instead of %u: \"%s\" in \"%s\"", found, count, part, text);
}

void assert_resolves(const struct tree *tree, const char *text, const char *runtime, const char *id)
{
	cleanup_resolved struct resolved resolved = tree_resolve(tree, text);

	if (resolved.result < 0)
		fail_msg("%s: %s", text, resolved.err.text);
	assert_string_equal(resolved.target.runtime, runtime);
	assert_string_equal(resolved.target.id, id);
	assert_int_equal(resolved.target.pid, resolved.pin.pid);
	assert_true(resolved.pin.pidfd >= 0);
}

void assert_refused(const struct tree *tree, const char *text, enum err_kind kind, const char *says)
{
	cleanup_resolved struct resolved resolved = tree_resolve(tree, text);

	if (resolved.result >= 0 || resolved.err.kind != kind || !strstr(resolved.err.text, says))
		fail_msg("%s: %s (%s) instead of %s (%s)", text,
			 resolved.result >= 0 ? "success" : err_kind_name(resolved.err.kind), resolved.err.text,
			 err_kind_name(kind), says);
	assert_null(resolved.target.id);
	assert_int_equal(resolved.pin.pidfd, -EBADF);
	for (const char *at = resolved.err.text; *at; at++)
		assert_true((unsigned char)*at >= 0x20);
}

void skip_because(const char *reason)
{
	if (getenv("DBG_MUST_RUN"))
		fail_msg("cannot run: %s", reason);
	print_message("skipped: %s\n", reason);
	skip();
}

int skip_all(const char *reason)
{
	print_message("[  SKIPPED ] all tests: %s\n", reason);
	return getenv("DBG_MUST_RUN") ? 1 : 0;
}
