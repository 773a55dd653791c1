/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/target/tree.h"

#include "dbgattach/base/buffer.h"
#include "dbgattach/base/io.h"

#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* Whether it could become that user, in a user namespace of his. */
static bool become(uid_t uid)
{
	return uid == 0 || (setgroups(0, NULL) == 0 && setresgid(uid, uid, uid) == 0 && setresuid(uid, uid, uid) == 0 &&
			    unshare(CLONE_NEWUSER) == 0);
}

static void child_start(struct tree *tree, uid_t uid)
{
	struct pin pin = PIN_INIT;
	struct err err;
	int ends[2];
	char right = 0;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	tree->pid = fork();
	assert_true(tree->pid >= 0);
	if (tree->pid == 0) {
		right = become(uid) && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
		if (write(ends[1], &right, 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	assert_int_equal(read(ends[0], &right, 1), 1);
	close(ends[0]);
	close(ends[1]);
	if (!right)
		skip_because("no user namespace can be made by a plain user");
	assert_success(pin_open(&tree->host, tree->pid, 0, &pin, &err), err);
	tree->start_time = pin.start_time;
	pin_done(&pin);
}

static void child_end(const struct tree *tree)
{
	(void)kill(tree->pid, SIGKILL);
	(void)waitpid(tree->pid, NULL, 0);
}

void tree_child_of(struct tree *tree, uid_t uid)
{
	child_end(tree);
	child_start(tree, uid);
}

int tree_setup(void **state)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	assert_non_null(tree);
	(void)umask(022);
	strcpy(tree->path, "/tmp/dbgattach-target-XXXXXX");
	assert_non_null(mkdtemp(tree->path));
	tree->host.root_fd = open(tree->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	tree->host.proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(tree->host.root_fd >= 0 && tree->host.proc_fd >= 0);
	child_start(tree, 0);
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
	child_end(tree);
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

void tree_put(const struct tree *tree, const char *path, const char *bytes, size_t length)
{
	tree_write(tree, path, "%s", "");
	cleanup_close int fd = openat(tree->host.root_fd, path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), (ssize_t)length);
}

char *tree_get(const struct tree *tree, const char *path)
{
	cleanup_buffer struct buffer buffer = { 0 };

	assert_int_equal(io_read_file_at(tree->host.root_fd, path, 1U << 20, &buffer), 0);
	return take_ptr(buffer.data);
}

/* Of bytes, which may hold NULs, with the child's numbers in place of the fixture's. */
static char *with_own_numbers(const struct tree *tree, const char *bytes, size_t length, size_t *ret_length)
{
	const struct {
		const char *word;
		uint64_t number;
	} words[] = { { TREE_FIXTURE_PID, (uint64_t)tree->pid }, { TREE_FIXTURE_START, tree->start_time } };
	cleanup_free char *text = NULL;
	FILE *out = open_memstream(&text, ret_length);

	assert_non_null(out);
	for (size_t at = 0, i; at < length;) {
		for (i = 0; i < ARRAY_SIZE(words); i++) {
			size_t size = strlen(words[i].word);
			if (length - at >= size && memcmp(bytes + at, words[i].word, size) == 0) {
				assert_true(fprintf(out, "%" PRIu64, words[i].number) > 0);
				at += size;
				break;
			}
		}
		if (i == ARRAY_SIZE(words))
			assert_true(fputc((unsigned char)bytes[at++], out) != EOF);
	}
	assert_int_equal(fclose(out), 0);
	return take_ptr(text);
}

/* nftw() takes no context. */
static const struct tree *copied_tree;
static size_t copied_prefix;

static int copy_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	cleanup_buffer struct buffer buffer = { 0 };
	size_t length, ignored;
	(void)st;
	(void)ftw;

	if (type != FTW_F)
		return 0;
	assert_int_equal(io_read_file_at(AT_FDCWD, path, 1U << 20, &buffer), 0);
	const char *beneath = path + copied_prefix;
	cleanup_free char *to = with_own_numbers(copied_tree, beneath, strlen(beneath), &ignored);
	cleanup_free char *text = with_own_numbers(copied_tree, buffer.data, buffer.length, &length);
	tree_put(copied_tree, to, text, length);
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
