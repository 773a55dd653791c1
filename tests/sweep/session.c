/* SPDX-License-Identifier: Apache-2.0 */
/* What the host can see of a session's process. Nothing is compared or left out here. */
#include "inject.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TEXT_MAX (1 << 18)

static char text[TEXT_MAX];

static ssize_t read_whole(const char *path)
{
	size_t length = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : 0;

	while (fd >= 0 && length < sizeof(text) - 1 && (n = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)n;
	if (fd >= 0)
		close(fd);
	text[length] = '\0';
	return n < 0 ? -1 : (ssize_t)length;
}

static void block(const char *who, const char *name, const char *bytes, size_t length)
{
	fprintf(record, "@%s %s %zu\n", who, name, length);
	fwrite(bytes, 1, length, record);
	fputc('\n', record);
}

static void dump_links(const char *who, pid_t pid, const char *directory)
{
	char path[PATH_MAX], link[PATH_MAX], *all = malloc(TEXT_MAX);
	size_t used = 0;
	struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, directory);
	DIR *dir = opendir(path);

	while (dir && all && (entry = readdir(dir)) && used < TEXT_MAX - PATH_MAX - 300) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);

		if (n < 0)
			continue;
		link[n] = '\0';
		used += (size_t)snprintf(all + used, TEXT_MAX - used, "%s %s\n", entry->d_name, link);
	}
	if (dir)
		closedir(dir);
	if (all)
		block(who, directory, all, used);
	free(all);
}

/* How many programs decide about its devices: cgroup2 has no file that tells. */
static int count_device_programs(const char *directory)
{
	union bpf_attr attr;
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	long result = fd < 0 ? -1 : syscall(SYS_bpf, BPF_PROG_QUERY, &attr, sizeof(attr));

	if (fd >= 0)
		close(fd);
	return result < 0 ? -1 : (int)attr.query.prog_cnt;
}

static void dump_limits_of(const char *who, const char *controllers, const char *directory)
{
	static const char *const files[] = { "pids.max", "memory.max", "memory.limit_in_bytes", "devices.list" };
	char path[PATH_MAX], name[128];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (snprintf(path, sizeof(path), "%s/%s", directory, files[i]) >= (int)sizeof(path))
			continue;
		ssize_t length = read_whole(path);

		snprintf(name, sizeof(name), "cgroup:%.60s:%s", controllers, files[i]);
		if (length >= 0)
			block(who, name, text, (size_t)length);
	}
	if (*controllers == '\0') {
		int count = snprintf(name, sizeof(name), "%d", count_device_programs(directory));

		block(who, "cgroup::device-programs", name, (size_t)count);
	}
}

static void dump_cgroups(const char *who, pid_t pid)
{
	char path[PATH_MAX], *lines = NULL, *rest;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	if (read_whole(path) < 0 || !(lines = strdup(text)))
		return;
	block(who, "cgroup", lines, strlen(lines));
	for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *controllers = strchr(line, ':'), *directory;
		struct stat st;

		if (!controllers || !(directory = strchr(++controllers, ':')))
			continue;
		*directory++ = '\0';
		if (*controllers == '\0' && stat("/sys/fs/cgroup/unified", &st) < 0)
			snprintf(path, sizeof(path), "/sys/fs/cgroup%s", directory);
		else
			snprintf(path, sizeof(path), "/sys/fs/cgroup/%s%s", *controllers ? controllers : "unified",
				 directory);
		dump_limits_of(who, controllers, path);
	}
	free(lines);
}

static void dump(const char *who, pid_t pid)
{
	static const char *const files[] = { "status",        "limits",      "mountinfo",       "environ",
					     "cmdline",       "uid_map",     "gid_map",         "loginuid",
					     "oom_score_adj", "personality", "coredump_filter", "timerslack_ns",
					     "attr/current" };
	static const char *const links[] = { "root", "cwd", "exe" };
	char path[64], link[PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, files[i]);
		ssize_t length = read_whole(path);

		if (length >= 0)
			block(who, files[i], text, (size_t)length);
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, links[i]);
		ssize_t length = readlink(path, link, sizeof(link));

		block(who, links[i], link, length < 0 ? 0 : (size_t)length);
	}
	dump_links(who, pid, "ns");
	dump_links(who, pid, "fd");
	dump_cgroups(who, pid);
	/* Whose its files in /proc are says whether it is dumpable. */
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	int length = stat(path, &st) < 0 ? 0 : snprintf(link, sizeof(link), "%u:%u", st.st_uid, st.st_gid);
	block(who, "owner", link, (size_t)length);
}

/* PF_EXITING (include/linux/sched.h) in the flags, the seventh field behind the name; also where there is nothing to read. */
static bool is_exiting(pid_t pid)
{
	char path[64];
	const char *end;
	unsigned flags = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_whole(path) < 0 || !(end = strrchr(text, ')')))
		return true;
	return sscanf(end, ") %*c %*d %*d %*d %*d %*d %u", &flags) != 1 || (flags & 4) != 0;
}

void session_dump(pid_t command, pid_t init)
{
	FILE *file = record;
	char *blocks = NULL;
	size_t length = 0;

	record = open_memstream(&blocks, &length);
	if (record) {
		dump("command", command);
		if (init > 0)
			dump("init", init);
		fclose(record);
	}
	record = file;
	/* Of one that was killed meanwhile /proc shows what is left, and that is no session any more. */
	if (!is_exiting(command) && (init == 0 || !is_exiting(init)))
		fwrite(blocks, 1, length, record);
	free(blocks);
}

bool session_init_sleeps(pid_t pid)
{
	char path[64];

	/* Not at one of the tracer's stops in it. */
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_whole(path) < 0 || !strstr(text, ") S "))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	return read_whole(path) > 0 && strtol(text, NULL, 10) == SYS_rt_sigtimedwait && text[0] != 'r';
}
