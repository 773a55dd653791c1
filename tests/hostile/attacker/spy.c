// SPDX-License-Identifier: Apache-2.0
/* What can be taken from the session's processes by whoever may look at them. */
#include "attacker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define FDS_MAX 40
#define START_FD 3 /* the pipe on which the session waits for its start */
#define PTS_MAJOR 136

static const char *secret = "";
static uint64_t allowed_caps;

/* ---- descriptors ---- */

static void judge_fd(pid_t pid, int number, int fd, const char *how)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return;
	if (number <= START_FD && S_ISFIFO(st.st_mode))
		return;
	if (number < START_FD && S_ISCHR(st.st_mode) && major(st.st_rdev) == PTS_MAJOR)
		return;
	fell("fd %d of process %d by %s: mode %o", number, pid, how, st.st_mode);
}

static void steal_fds(pid_t pid)
{
	char path[64];
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	for (int number = 0; number < FDS_MAX; number++) {
		int fd = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);

		if (fd >= 0) {
			judge_fd(pid, number, fd, "pidfd_getfd");
			close(fd);
		}
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, number);
		fd = open(path, O_PATH | O_CLOEXEC);
		if (fd >= 0) {
			judge_fd(pid, number, fd, "/proc");
			close(fd);
		}
	}
	if (pidfd >= 0)
		close(pidfd);
}

/* ---- capabilities, memory ---- */

static void look_at_caps(pid_t pid)
{
	char path[64], text[4096];
	const char *line;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (!read_text(path, text, sizeof(text)) || (line = strstr(text, "CapPrm:")) == NULL)
		return;
	uint64_t permitted = strtoull(line + 7, NULL, 16);
	if (permitted & ~allowed_caps)
		fell("process %d was seen with capabilities %llx", pid, (unsigned long long)permitted);
}

static void search(pid_t pid, const char *where, const char *data, size_t length)
{
	if (*secret != '\0' && memmem(data, length, secret, strlen(secret)) != NULL)
		fell("the caller's secret in %s of process %d", where, pid);
}

static void search_file(pid_t pid, const char *name)
{
	static char data[1 << 17];
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, data, sizeof(data));
	if (length > 0)
		search(pid, name, data, (size_t)length);
	if (fd >= 0)
		close(fd);
}

static void search_memory(pid_t pid)
{
	static char data[1 << 20], maps[1 << 16];
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	if (!read_text(path, maps, sizeof(maps)))
		return;
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	for (char *line = maps; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
		unsigned long start, end;

		line += *line == '\n';
		if (sscanf(line, "%lx-%lx rw", &start, &end) != 2)
			continue;
		size_t size = end - start < sizeof(data) ? end - start : sizeof(data);
		ssize_t length = pread(fd, data, size, (off_t)start);
		if (length > 0)
			search(pid, "memory", data, (size_t)length);
	}
	close(fd);
}

static void spy_on(pid_t pid)
{
	char path[64], link[256];

	look_at_caps(pid);
	steal_fds(pid);
	search_file(pid, "environ");
	search_file(pid, "cmdline");
	search_memory(pid);
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	ssize_t length = readlink(path, link, sizeof(link) - 1);
	if (length > 0) {
		link[length] = '\0';
		const char *name = strrchr(link, '/');
		if (name != NULL && (strcmp(name, "/dbgattach") == 0 || strcmp(name, "/dbgattach (deleted)") == 0))
			fell("process %d runs the host's own program: %s", pid, link);
	}
}

/* spy CAPS SECRET */
int attack_spy(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	allowed_caps = strtoull(argv[1], NULL, 16);
	secret = argv[2];
	watch(spy_on);
}

/* ---- executables and toolbox ---- */

static void overwrite(pid_t pid)
{
	static int kept[16];
	static unsigned next;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if ((fd = open(path, O_WRONLY | O_CLOEXEC)) >= 0) {
		fell("the executable of process %d opened for writing", pid);
		close(fd);
	}
	/* While it runs it is busy; its descriptor is kept until it is not. */
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0) {
		unsigned slot = next++ % 16;

		if (kept[slot] > 0)
			close(kept[slot]);
		kept[slot] = fd;
	}
	for (unsigned i = 0; i < 16; i++) {
		if (kept[i] <= 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", kept[i]);
		if ((fd = open(path, O_WRONLY | O_CLOEXEC)) >= 0) {
			fell("an executable of the session's opened for writing after its end");
			close(fd);
		}
	}
}

int attack_exe(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	watch(overwrite);
}

static void try_write(pid_t pid, const char *root, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	int fd = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0) {
		fell("%s of the session of process %d opened for writing", name, pid);
		close(fd);
	}
}

/* Into the session's mount namespace, where the toolbox is; or the end of this process. */
static void join(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNS) < 0)
		_exit(0);
	if (access("/dbg/bin/busybox", F_OK) < 0)
		_exit(0); /* not yet pivoted, or our own: a child of ours */
}

/* Where it can be joined: the flag of the mount, then that of the filesystem, goes. */
static void unlock_inside(pid_t pid)
{
	int fd;

	join(pid);
	/* erofs says yes to the second and stays as it is; what counts is whether it can be written to. */
	if (mount(NULL, "/dbg", NULL, MS_REMOUNT | MS_BIND, NULL) == 0 &&
	    mount(NULL, "/dbg", NULL, MS_REMOUNT, NULL) == 0)
		note("both read-only flags were cleared");
	fd = open("/dbg/planted", O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	if (fd >= 0)
		fell("a file was planted in the toolbox");
	try_write(pid, "/", "dbg/bin/busybox");
	try_write(pid, "/", "dbg/libexec/dbgattach/launcher");
	_exit(0);
}

static void unlock(pid_t pid)
{
	char root[64];
	pid_t child;

	snprintf(root, sizeof(root), "/proc/%d/root", pid);
	try_write(pid, root, "dbg/bin/busybox");
	try_write(pid, root, "dbg/libexec/dbgattach/launcher");
	snprintf(root, sizeof(root), "/proc/%d/ns/mnt", pid);
	if (access(root, R_OK) == 0 && (child = fork()) == 0)
		unlock_inside(pid);
	usleep(2000);
}

int attack_toolbox(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	watch(unlock);
}

static void unmount(pid_t pid)
{
	if (fork() != 0) {
		usleep(2000);
		return;
	}
	join(pid);
	if (umount2("/dbg", MNT_DETACH) == 0)
		fell("the toolbox was unmounted under process %d", pid);
	_exit(0);
}

int attack_unmount(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	watch(unmount);
}

/* ---- the caller's files as stdio ---- */

static void take_stdio(pid_t pid)
{
	char path[64];
	struct stat st;
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	for (int number = 0; number <= 2; number++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, number);
		int fds[] = { open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC),
			      pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, number, 0) };

		for (int i = 0; i < 2; i++) {
			if (fds[i] < 0)
				continue;
			if (fstat(fds[i], &st) == 0 && S_ISREG(st.st_mode)) {
				fell("the caller's file behind fd %d of process %d", number, pid);
				if (write(fds[i], "!", 1) == 1)
					fell("and it was written to");
			}
			close(fds[i]);
		}
	}
	if (pidfd >= 0)
		close(pidfd);
}

int attack_stdio(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	watch(take_stdio);
}

/* ---- the host's files through the session's root, working directory and descriptors ---- */

static const char *host_file;

static void walk(pid_t pid, const char *way)
{
	char path[512];

	snprintf(path, sizeof(path), "/proc/%d/%s%s", pid, way, host_file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		fell("a file of the host's by %s of process %d", way, pid);
		close(fd);
	}
}

static void walk_out(pid_t pid)
{
	static const char *const ways[] = { "root", "cwd", "root/proc/1/root", "cwd/../../../../..",
					    "root/proc/self/root" };
	char way[32];

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		walk(pid, ways[i]);
	for (int fd = 0; fd < FDS_MAX; fd++) {
		snprintf(way, sizeof(way), "fd/%d", fd);
		walk(pid, way);
	}
}

/* root PATH: a file that only the host has */
int attack_root(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	host_file = argv[1];
	watch(walk_out);
}

/* ---- the kernel's switches through the session's /proc ---- */

static int real_proc; /* the container's own, masked; whoever enters finds none */

static void write_proc(pid_t pid)
{
	static const char *const files[] = { "proc/sys/kernel/core_pattern",    "proc/sysrq-trigger",
					     "proc/sys/kernel/modprobe",        "proc/sys/kernel/hostname",
					     "proc/sys/vm/panic_on_oom",        "proc/irq/default_smp_affinity",
					     "proc/sys/fs/binfmt_misc/register" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char path[256];

		snprintf(path, sizeof(path), "%d/root/%s", pid, files[i]);
		int fd = openat(real_proc, path, O_WRONLY | O_CLOEXEC);
		if (fd >= 0) {
			fell("%s of the session opened for writing", files[i]);
			close(fd);
		}
	}
}

/* Its first process has a tmpfs on /proc, so that the session gets a fresh one; the one that watches has the old one. */
int attack_procwrite(int argc, char **argv)
{
	int ends[2];
	char byte;

	(void)argc;
	(void)argv;
	real_proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (real_proc < 0 || pipe(ends) < 0)
		broken("/proc");
	if (fork() == 0) {
		if (read(ends[0], &byte, 1) != 1)
			broken("waiting");
		watch(write_proc);
	}
	need_mounts();
	if (mount("proc", "/proc", "tmpfs", 0, "mode=755") < 0 || write(ends[1], "x", 1) != 1)
		broken("a tmpfs on /proc");
	rest();
}
