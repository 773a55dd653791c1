// SPDX-License-Identifier: Apache-2.0
/* Trees that change, lie or are endless under the hands of whoever enters. */
#include "attacker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define RENAME_EXCHANGE 2
#define STORM_PAUSE_US 20
#define STORM_MODE 0711

/* Every path that whoever enters could have an interest in. */
static const char *const touched[] = { "/dbg",     "/mnt",        "/proc/x", "/dev/null", "/dev/ptmx",   "/dev/pts",
				       "/dev/tty", "/etc/passwd", "/tmp",    "/etc",      "/dev/random", "/sys",
				       "/run",     "/root",       "/work",   "/home",     "/.old" };
static const char *const lures[] = { "/etc", "/proc/1/root", "../../../../../../../../../../../../../..",
				     "/proc/self/fd/3", "/proc/thread-self/root" };

int attack_idle(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	ready();
	rest();
}

static void exchange(const char *one, const char *other)
{
	if (syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE) < 0 && errno == ENOSYS)
		broken("renameat2");
}

/* Each path is in turn nothing, a symlink out, a directory and a file. */
static void symlink_storm(unsigned turn)
{
	for (size_t i = 0; i < ARRAY_SIZE(touched); i++) {
		const char *path = touched[i];

		switch ((turn + i) % 4) {
		case 0:
			if (unlink(path) < 0)
				rmdir(path);
			break;
		case 1:
			if (symlink(lures[(turn + i) % ARRAY_SIZE(lures)], path) < 0)
				break;
			break;
		case 2:
			unlink(path);
			mkdir(path, STORM_MODE);
			break;
		default:
			rmdir(path);
			mknod(path, S_IFREG | 0644, 0);
			break;
		}
		usleep(STORM_PAUSE_US);
	}
}

static void start_storm(void (*storm)(unsigned turn))
{
	for (int i = 0; i < 2; i++) {
		pid_t pid = fork();

		if (pid < 0)
			broken("a process for the storm");
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (unsigned turn = (unsigned)i; getppid() == 1; turn++)
				storm(turn);
			_exit(0);
		}
	}
}

/* Beside the storm it looks out for a directory that somebody else has made: his bears another mode. */
static void watch_for_planted(void)
{
	struct stat st;

	for (;;) {
		if (lstat("/dbg", &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & 07777) != STORM_MODE)
			fell("/dbg was made in the target's own tree");
		if (lstat("/dbg/bin", &st) == 0 || lstat("/etc/bin/busybox", &st) == 0)
			fell("the toolbox appeared in the target");
		usleep(100);
	}
}

int attack_symlinks(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	start_storm(symlink_storm);
	ready();
	watch_for_planted();
	return 0;
}

/* Directories and links change places, so that what was looked at is not what is opened. */
static void rename_storm(unsigned turn)
{
	static const char *const pairs[][2] = {
		{ "/swap", "/swap-link" },    { "/data", "/data-link" }, { "/etc", "/etc-link" },
		{ "/etc/passwd", "/passwd" }, { "/dev/null", "/null" },  { "/file", "/swap-link" },
		{ "/workdir", "/work-link" },
	};

	(void)turn;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		exchange(pairs[i][0], pairs[i][1]);
		usleep(STORM_PAUSE_US);
	}
}

/* renames [NUMBER WHOM]: the latter as those of signal */
int attack_renames(int argc, char **argv)
{
	static const char *const links[] = {
		"/swap-link", "/data-link", "/etc-link", "/passwd", "/work-link", "/null"
	};

	mkdir("/swap", 0755);
	mkdir("/data", 0755);
	mkdir("/workdir", 0755);
	write_text("/swap/here", "x");
	write_text("/file", "x");
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (symlink(i % 2 ? "/" : "../../../../..", links[i]) < 0)
			broken("%s", links[i]);
	if (chdir("/workdir") < 0)
		broken("/workdir");
	start_storm(rename_storm);
	if (argc > 1) /* everybody who comes gets signals as well */
		return attack_signal(argc, argv);
	ready();
	rest();
}

/* ---- /proc and /dev ---- */

static void make_fake_proc(const char *where)
{
	static const char *const directories[] = { "sys",  "sys/kernel", "self",       "self/attr", "1",
						   "1/ns", "self/fd",    "fs",         "irq",       "bus",
						   "acpi", "self/ns",    "thread-self" };
	static const char *const files[] = {
		"sys/kernel/core_pattern", "self/status",    "self/attr/exec", "self/attr/current",
		"sysrq-trigger",           "self/mountinfo", "kcore",          "self/setgroups"
	};
	char path[256];

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		snprintf(path, sizeof(path), "%s/%s", where, directories[i]);
		mkdir(path, 0777);
	}
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", where, files[i]);
		write_text(path, "Uid:\t0\t0\t0\t0\nCapEff:\tffffffffffffffff\nSeccomp:\t2\nNoNewPrivs:\t1\n");
		chmod(path, 0666);
	}
}

static void cover_proc(void)
{
	if (mount("proc", "/proc", "tmpfs", 0, "mode=755") < 0)
		broken("a tmpfs on /proc");
	make_fake_proc("/proc");
}

int attack_fakeproc(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	need_mounts();
	cover_proc();
	ready();
	rest();
}

static volatile sig_atomic_t told;

static void on_signal(int signal)
{
	told = signal;
}

/* It shows a real /proc until whoever enters has looked at it. */
int attack_lateproc(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	need_mounts();
	signal(SIGUSR1, on_signal);
	ready();
	while (!told)
		usleep(1000);
	cover_proc();
	note("covered");
	rest();
}

int attack_fakedev(int argc, char **argv)
{
	static const char *const fifos[] = { "/dev/ptmx", "/dev/tty", "/dev/console", "/dev/urandom" };

	(void)argc;
	(void)argv;
	need_mounts();
	if (mount("dev", "/dev", "tmpfs", 0, "mode=755") < 0)
		broken("a tmpfs on /dev");
	mkdir("/dev/pts", 0755);
	write_text("/dev/null", "a marker\n");
	chmod("/dev/null", 0666);
	for (size_t i = 0; i < ARRAY_SIZE(fifos); i++)
		if (mkfifo(fifos[i], 0666) < 0)
			broken("%s", fifos[i]);
	if (symlink("/etc", "/dev/shm") < 0 || symlink("/proc/1/fd", "/dev/fd") < 0 ||
	    symlink("/etc/passwd", "/dev/zero") < 0)
		broken("links in /dev");
	write_text("/dev/pts/0", "x");
	ready();
	rest();
}

/* ---- mounts ---- */

static unsigned mount_many(unsigned wanted)
{
	char path[64];
	unsigned made = 0;

	mkdir("/many", 0755);
	if (mount("many", "/many", "tmpfs", 0, "nr_inodes=200000") < 0)
		broken("a tmpfs for many mounts");
	for (; made < wanted; made++) {
		snprintf(path, sizeof(path), "/many/%u", made);
		if (mkdir(path, 0755) < 0 || mount("/many/0", path, NULL, MS_BIND, NULL) < 0)
			break;
	}
	return made;
}

/* What is mounted in this namespace is told to whoever polls this file. */
static void watch_mounts(void)
{
	int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	struct pollfd poll_fd = { .fd = fd, .events = POLLPRI };
	unsigned changes = 0;

	if (fd < 0 || poll(&poll_fd, 1, 0) < 0)
		broken("/proc/self/mountinfo");
	ready();
	for (;;)
		if (poll(&poll_fd, 1, -1) > 0 && (poll_fd.revents & (POLLPRI | POLLERR)) != 0 && changes++ < 3)
			fell("a mount of the session's appeared in the target");
}

static void share(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
		broken("shared mounts");
}

int attack_shared(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	need_mounts();
	share();
	watch_mounts();
	return 0;
}

/* mounts COUNT */
int attack_mounts(int argc, char **argv)
{
	need_mounts();
	/* Shared one by one, each would be looked for in all the others. */
	note("%u mounts", mount_many(argc > 1 ? (unsigned)atoi(argv[1]) : 1000));
	share();
	watch_mounts();
	return 0;
}

/* As many as the kernel lets one have. */
int attack_mountmax(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	need_mounts();
	note("%u mounts", mount_many(150000));
	ready();
	rest();
}

/* ---- names ---- */

/* The working directory bears a name that a terminal would act on. */
int attack_chdir(int argc, char **argv)
{
	static const char name[] = "/\033]0;owned\007\r\xe2\x80\xae\033[2J";

	(void)argc;
	(void)argv;
	mkdir(name, 0755);
	if (chdir(name) < 0)
		broken("the working directory");
	ready();
	rest();
}

/* fifo PATH: whoever opens it waits. */
int attack_fifo(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	unlink(argv[1]);
	if (mkfifo(argv[1], 0644) < 0)
		broken("%s", argv[1]);
	ready();
	rest();
}
