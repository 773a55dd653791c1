/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session's own cgroup: made outside the target's, so that the session neither eats the target's limits nor lets the
 * target out of them, and so that it can be ended as a whole. Owns the directories of that name, nothing else, and enables
 * no controller anywhere. They have no parent of ours: one more directory in each hierarchy would cost each attach more
 * than the sessions' own do.
 */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/clock.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/text.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/format/cgroup.h"
#include "dbgattach/ns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#define SESSION_PREFIX "dbgattach-"
#define MEMBERSHIP_MAX (64U << 10)
#define REMOVE_ATTEMPTS 20 /* nobody comes by later: the next session of this host, perhaps */

/* Where systemd and every container runtime look for them. */
static const char *const hierarchy_paths[CGROUP_HIERARCHY_MAX] = {
	[CGROUP_UNIFIED] = "sys/fs/cgroup/unified", [CGROUP_PIDS] = "sys/fs/cgroup/pids",
	[CGROUP_MEMORY] = "sys/fs/cgroup/memory",   [CGROUP_DEVICES] = "sys/fs/cgroup/devices",
	[CGROUP_FREEZER] = "sys/fs/cgroup/freezer",
};

void cgroup_init(struct cgroup *cgroup)
{
	memset(cgroup, 0, sizeof(*cgroup));
	for (int i = 0; i < CGROUP_HIERARCHY_MAX; i++)
		cgroup->root[i] = cgroup->dir[i] = -EBADF;
}

void cgroup_done(struct cgroup *cgroup)
{
	for (int i = 0; i < CGROUP_HIERARCHY_MAX; i++) {
		close_quietly(take_fd(cgroup->root[i]));
		close_quietly(take_fd(cgroup->dir[i]));
	}
}

static int open_hierarchy(int root_fd, const char *path, long magic)
{
	struct statfs statfs;
	cleanup_close int fd = openat(root_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &statfs) < 0)
		return -errno;
	return (long)statfs.f_type == magic ? take_fd(fd) : -ENOENT;
}

/* One that this host does not have is no error; one that cannot be opened is: a session outside it would have no limit there. */
static int open_roots(struct cgroup *cgroup, int root_fd)
{
	int result = open_hierarchy(root_fd, "sys/fs/cgroup", CGROUP2_SUPER_MAGIC);

	if (result != -ENOENT) {
		cgroup->root[CGROUP_UNIFIED] = result;
		return result < 0 ? result : 0;
	}
	for (int i = CGROUP_UNIFIED; i < CGROUP_HIERARCHY_MAX; i++) {
		if (i == CGROUP_FREEZER && cgroup->root[CGROUP_UNIFIED] >= 0)
			continue;
		result = open_hierarchy(root_fd, hierarchy_paths[i],
					i == CGROUP_UNIFIED ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC);
		if (result < 0 && result != -ENOENT)
			return result;
		cgroup->root[i] = result;
	}
	return 0;
}

/* Negative errno: one of them is still there. */
static int remove_dirs(const struct cgroup *cgroup, const char *session)
{
	int result = 0;

	/* The one in which the next session looks for what was left goes last. */
	for (int i = CGROUP_HIERARCHY_MAX - 1; i >= 0 && result == 0; i--)
		if (cgroup->root[i] >= 0 && unlinkat(cgroup->root[i], session, AT_REMOVEDIR) < 0 && errno != ENOENT)
			result = -errno;
	return result;
}

/*
 * "dbgattach-PID-TIME-PIDNS": is the process that made this directory alive? A pid of another PID namespace than ours
 * means nothing here, so it counts as alive.
 */
static bool maker_lives(const char *name, const char *own)
{
	const char *pid_text = name + strlen(SESSION_PREFIX);
	const char *namespace = strrchr(name, '-'), *own_namespace = strrchr(own, '-');
	uint64_t pid;

	if (namespace == NULL || own_namespace == NULL || strcmp(namespace, own_namespace) != 0 ||
	    text_u64(pid_text, strcspn(pid_text, "-"), INT32_MAX, &pid) < 0 || pid == 0)
		return true;
	return kill((pid_t)pid, 0) == 0 || errno != ESRCH;
}

/* Killed between freezing and thawing, its makers have left an init that could not end: it does now. */
static void remove_stale_dirs(const struct cgroup *cgroup, const char *session)
{
	char path[128];

	if (remove_dirs(cgroup, session) == 0)
		return;
	if (text_format(path, sizeof(path), "%s/cgroup.freeze", session) == 0 && cgroup->root[CGROUP_UNIFIED] >= 0)
		(void)io_write_file_at(cgroup->root[CGROUP_UNIFIED], path, "0");
	else if (text_format(path, sizeof(path), "%s/freezer.state", session) == 0 && cgroup->root[CGROUP_FREEZER] >= 0)
		(void)io_write_file_at(cgroup->root[CGROUP_FREEZER], path, "THAWED");
}

/* The first hierarchy tells of all sessions: there they are made first and removed last. */
static DIR *open_first(const struct cgroup *cgroup)
{
	int fd = -EBADF;

	for (int i = 0; i < CGROUP_HIERARCHY_MAX && fd < 0; i++)
		if (cgroup->root[i] >= 0)
			fd = openat(cgroup->root[i], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (dir == NULL)
		close_quietly(fd);
	return dir;
}

/*
 * A session whose monitor and guardian were both SIGKILLed leaves empty directories; the next session removes them.
 */
static void remove_stale(const struct cgroup *cgroup)
{
	DIR *dir = open_first(cgroup);

	if (dir == NULL)
		return;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
		if (entry->d_type == DT_DIR && text_starts(entry->d_name, SESSION_PREFIX) &&
		    !maker_lives(entry->d_name, cgroup->session))
			remove_stale_dirs(cgroup, entry->d_name);
	(void)closedir(dir);
}

static int make_dir(int root_fd, const char *session)
{
	if (mkdirat(root_fd, session, 0755) < 0)
		return -errno;
	int dir = openat(root_fd, session, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return dir < 0 ? -errno : dir;
}

static int write_limit(int dir, const char *file, uint64_t value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return io_write_file_at(dir, file, text);
}

/* A v2 tree has the files of those controllers that the host has enabled at its root. */
static int set_unified_limits(struct cgroup *cgroup, const struct cgroup_limits *limits)
{
	static const struct {
		enum cgroup_hierarchy controller;
		const char *file;
	} controllers[] = {
		{ CGROUP_PIDS, "pids.max" },
		{ CGROUP_MEMORY, "memory.max" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		enum cgroup_hierarchy controller = controllers[i].controller;

		if (cgroup->dir[controller] >= 0)
			continue;
		uint64_t value = controller == CGROUP_PIDS ? limits->pids : limits->memory;
		int result = write_limit(cgroup->dir[CGROUP_UNIFIED], controllers[i].file, value);
		if (result == -ENOENT || result == -EACCES)
			cgroup->missing |= 1U << controller;
		else if (result < 0)
			return result;
	}
	return 0;
}

static int set_limits(struct cgroup *cgroup, const struct cgroup_limits *limits)
{
	int result = 0;

	if (cgroup->dir[CGROUP_PIDS] >= 0)
		result = write_limit(cgroup->dir[CGROUP_PIDS], "pids.max", limits->pids);
	if (result == 0 && cgroup->dir[CGROUP_MEMORY] >= 0)
		result = write_limit(cgroup->dir[CGROUP_MEMORY], "memory.limit_in_bytes", limits->memory);
	if (result == 0 && cgroup->dir[CGROUP_UNIFIED] >= 0)
		return set_unified_limits(cgroup, limits);
	for (int i = CGROUP_PIDS; i <= CGROUP_MEMORY; i++)
		if (cgroup->dir[i] < 0)
			cgroup->missing |= 1U << i;
	return result;
}

int cgroup_is_writable(int root_fd)
{
	struct cgroup cgroup;
	bool writable = false;

	cgroup_init(&cgroup);
	int result = open_roots(&cgroup, root_fd);
	for (int i = 0; i < CGROUP_HIERARCHY_MAX && result == 0 && !writable; i++)
		if (cgroup.root[i] >= 0 && faccessat(cgroup.root[i], ".", W_OK, AT_EACCESS) < 0)
			result = -errno;
		else
			writable = cgroup.root[i] >= 0;
	cgroup_done(&cgroup);
	return result < 0 ? result : writable ? 0 : -ENOENT;
}

int cgroup_open_root(int host_root_fd)
{
	int fd = cgroup_is_writable(host_root_fd) == 0 ? fcntl(host_root_fd, F_DUPFD_CLOEXEC, 3) :
							 open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int cgroup_make(struct cgroup *cgroup, int root_fd, const char *session, struct err *err)
{
	bool any = false;
	int result = text_format(cgroup->session, sizeof(cgroup->session), "%s", session);

	if (result < 0)
		return err_sys(err, result, "name of the session's cgroup");
	result = open_roots(cgroup, root_fd);
	if (result == 0)
		remove_stale(cgroup);
	for (int i = 0; i < CGROUP_HIERARCHY_MAX && result >= 0; i++) {
		if (cgroup->root[i] < 0)
			continue;
		result = make_dir(cgroup->root[i], session);
		if (result >= 0)
			cgroup->dir[i] = result;
		any = true;
	}
	if (result >= 0 && !any)
		return err_set(err, ERR_UNSUPPORTED, "no cgroup hierarchy below /sys/fs/cgroup");
	if (result < 0) {
		(void)cgroup_remove(cgroup);
		return err_sys(err, result, "cgroup %s", session);
	}
	return 0;
}

int cgroup_set_limits(struct cgroup *cgroup, const struct cgroup_limits *limits, struct err *err)
{
	int result = set_limits(cgroup, limits);

	return result < 0 ? err_sys(err, result, "limits of cgroup %s", cgroup->session) : 0;
}

int cgroup_open(struct cgroup *cgroup, int root_fd, const char *session)
{
	bool found = false;

	if (text_format(cgroup->session, sizeof(cgroup->session), "%s", session) < 0)
		return -ENAMETOOLONG;
	int result = open_roots(cgroup, root_fd);

	for (int i = 0; i < CGROUP_HIERARCHY_MAX; i++) {
		if (cgroup->root[i] < 0)
			continue;
		cgroup->dir[i] = openat(cgroup->root[i], session, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		found = found || cgroup->dir[i] >= 0;
		if (cgroup->dir[i] < 0 && result == 0 && errno != ENOENT)
			result = -errno;
	}
	return result < 0 || found ? result : -ENOENT;
}

int cgroup_each_session(int root_fd, int (*visit)(pid_t monitor, uint64_t born_ns, void *context), void *context)
{
	struct cgroup cgroup;
	char own[64];
	int result = 0;

	cgroup_init(&cgroup);
	ssize_t length = readlink("/proc/self/ns/pid", own, sizeof(own) - 1);
	own[length < 0 ? 0 : length] = '\0'; /* "pid:[4026531836]" */
	(void)open_roots(&cgroup, root_fd);
	DIR *dir = open_first(&cgroup);
	for (struct dirent *entry; dir != NULL && result >= 0 && (entry = readdir(dir)) != NULL;) {
		unsigned long long born, namespace;
		char rest, expected[64];
		int pid;

		if (sscanf(entry->d_name, SESSION_PREFIX "%d-%llx-%llu%c", &pid, &born, &namespace, &rest) != 3)
			continue;
		(void)snprintf(expected, sizeof(expected), "pid:[%llu]", namespace);
		if (pid > 0 && strcmp(own, expected) == 0)
			result = visit(pid, born, context);
	}
	if (dir != NULL)
		(void)closedir(dir);
	cgroup_done(&cgroup);
	return result;
}

int cgroup_join_v1(const struct cgroup *cgroup, struct err *err)
{
	if (!PROTECTED(CGROUP_JOIN))
		return 0;
	for (int i = CGROUP_PIDS; i < CGROUP_HIERARCHY_MAX; i++) {
		if (cgroup->dir[i] < 0)
			continue;
		int result = io_write_file_at(cgroup->dir[i], "tasks", "0");
		if (result < 0)
			return err_sys(err, result, "joining cgroup %s (%s)", cgroup->session, hierarchy_paths[i]);
	}
	return 0;
}

int cgroup_verify(const struct cgroup *cgroup, int proc_pid_fd, struct err *err)
{
	static const char *const controllers[CGROUP_HIERARCHY_MAX] = {
		[CGROUP_UNIFIED] = "",        [CGROUP_PIDS] = "pids",       [CGROUP_MEMORY] = "memory",
		[CGROUP_DEVICES] = "devices", [CGROUP_FREEZER] = "freezer",
	};
	cleanup_buffer struct buffer text = { 0 };
	char path[CGROUP_PATH_MAX];
	int result = io_read_file_at(proc_pid_fd, "cgroup", MEMBERSHIP_MAX, &text);

	if (result < 0)
		return err_sys(err, result, "the session's cgroups");
	for (int i = 0; i < CGROUP_HIERARCHY_MAX; i++) {
		if (cgroup->dir[i] < 0)
			continue;
		result = cgroup_path_of(text.data, text.length, controllers[i], path, sizeof(path));
		const char *last = result < 0 ? NULL : strrchr(path, '/');
		if (last == NULL || strcmp(last + 1, cgroup->session) != 0)
			return err_set(err, ERR_REFUSED,
				       "the session is not what was planned: it is not in cgroup %s (%s)",
				       cgroup->session, hierarchy_paths[i]);
	}
	return 0;
}

int cgroup_remove(struct cgroup *cgroup)
{
	pid_t pid;
	int left = 0;

	/* rmdir is refused until the last member has been released, a moment after its parent has reaped it. */
	for (int i = 0; i < 200 && (left = cgroup_members(cgroup, &pid, 1)) > 0; i++)
		clock_pause_ms(5);
	for (int i = 0; i < REMOVE_ATTEMPTS && remove_dirs(cgroup, cgroup->session) < 0; i++)
		clock_pause_ms(5);
	cgroup_done(cgroup);
	return left > 0 ? -EBUSY : 0;
}
