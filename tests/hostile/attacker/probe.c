// SPDX-License-Identifier: Apache-2.0
/* A hostile program of the target's that somebody has run inside the session: what it can see and open. */
#include "attacker.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <net/ethernet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define OVERLAYFS_MAGIC 0x794c7630
#define EROFS_MAGIC 0xe0f5e1e2

extern char **environ;

/* ---- what the session sees ---- */

static bool is_type(const char *path, long one, long other)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && ((long)fs.f_type == one || (long)fs.f_type == other);
}

/* view [NAME...]: the toolbox is ours and read-only, / is ours, no NAME is the root that the link of this name points to. */
int probe_view(int argc, char **argv)
{
	char cwd[4096];
	char inside[256];
	struct stat st;

	if (!is_type("/dbg", EROFS_MAGIC, OVERLAYFS_MAGIC))
		fell("/dbg is not the toolbox");
	if (!is_type("/", TMPFS_MAGIC, TMPFS_MAGIC))
		fell("/ is not the session's own");
	if (getcwd(cwd, sizeof(cwd)) == NULL || cwd[0] != '/')
		fell("the working directory lies outside of the session's root");
	for (int i = 1; i < argc; i++) {
		snprintf(inside, sizeof(inside), "%s/attacker", argv[i]);
		if (lstat(argv[i], &st) == 0 && !S_ISLNK(st.st_mode) && lstat(inside, &st) == 0)
			fell("%s was followed", argv[i]);
	}
	return 0;
}

static void try_switch(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		fell("%s can be opened for writing", path);
}

int probe_proc(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	if (!is_type("/proc", PROC_SUPER_MAGIC, PROC_SUPER_MAGIC))
		fell("/proc is no procfs");
	try_switch("/proc/sys/kernel/core_pattern");
	try_switch("/proc/sysrq-trigger");
	try_switch("/proc/sys/kernel/modprobe");
	return 0;
}

int probe_dev(int argc, char **argv)
{
	static const struct {
		const char *path;
		unsigned minor;
	} nodes[] = {
		{ "/dev/null", 3 }, { "/dev/zero", 5 }, { "/dev/full", 7 }, { "/dev/random", 8 }, { "/dev/urandom", 9 }
	};
	struct stat st;

	(void)argc;
	(void)argv;
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		if (stat(nodes[i].path, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, nodes[i].minor))
			fell("%s is not what it says", nodes[i].path);
	if (!is_type("/dev/pts", DEVPTS_SUPER_MAGIC, DEVPTS_SUPER_MAGIC))
		fell("/dev/pts is no devpts");
	return 0;
}

/* fds [SUBSTRING]: nothing but stdio is open, and no environment or descriptor of the caller's is here. */
int probe_fds(int argc, char **argv)
{
	struct stat st;

	(void)argc;
	(void)argv;
	for (int fd = 0; fd < 256; fd++) {
		if (fstat(fd, &st) < 0)
			continue;
		if (fd > STDERR_FILENO || S_ISDIR(st.st_mode) || S_ISREG(st.st_mode) || S_ISSOCK(st.st_mode))
			fell("fd %d is open: mode %o", fd, st.st_mode);
	}
	return 0;
}

/* environ WORD...: no variable that begins with one of the words. */
int probe_environ(int argc, char **argv)
{
	for (char **variable = environ; *variable != NULL; variable++)
		for (int i = 1; i < argc; i++)
			if (strncmp(*variable, argv[i], strlen(argv[i])) == 0)
				fell("the environment has %.40s", *variable);
	return 0;
}

/* ---- what it may do ---- */

/* device PATH...: nodes that an image or a container has brought along */
int probe_device(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		int fd = open(argv[i], O_RDWR | O_NONBLOCK | O_CLOEXEC);

		if (fd >= 0)
			fell("the device %s can be opened", argv[i]);
		else if (errno == ENOENT)
			note("%s is not there", argv[i]);
	}
	return 0;
}

#define CLONE_NEWUSER_FLAG 0x10000000
#define CLONE_NEWNS_FLAG 0x00020000
#define AF_VSOCK_NUMBER 40

/* A call that is let through fails by its arguments; one that is refused fails by the filter. */
static void try_call(const char *name, long number, long a, long b)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		errno = 0;
		long result = syscall(number, a, b, 0, 0, 0);
		_exit(result >= 0 ? 200 : errno);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return; /* killed: refused */
	if (WEXITSTATUS(status) != EPERM && WEXITSTATUS(status) != ENOSYS)
		fell("the call %s is let through (%s)", name, strerror(WEXITSTATUS(status)));
}

int probe_calls(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	try_call("setns", SYS_setns, -1, 0);
	try_call("unshare", SYS_unshare, CLONE_NEWUSER_FLAG, 0);
	try_call("clone(NEWUSER)", SYS_clone, CLONE_NEWUSER_FLAG | CLONE_NEWNS_FLAG | 0x200 | SIGCHLD, 0);
	try_call("keyctl", SYS_keyctl, 0, -3);
	try_call("add_key", SYS_add_key, 16, 16);
	try_call("open_by_handle_at", SYS_open_by_handle_at, -1, 16);
	try_call("userfaultfd", SYS_userfaultfd, 0x7fffffff, 0);
	try_call("io_uring_setup", SYS_io_uring_setup, 0, 16);
	try_call("fsopen", SYS_fsopen, 16, 0);
	try_call("move_mount", SYS_move_mount, -1, 16);
	try_call("socket(VSOCK)", SYS_socket, AF_VSOCK_NUMBER, SOCK_STREAM);
	try_call("TIOCSTI", SYS_ioctl, -1, TIOCSTI);
	try_call("TIOCSTI with a high bit", SYS_ioctl, -1, (long)(TIOCSTI | (1UL << 32)));
	try_call("TIOCLINUX", SYS_ioctl, -1, TIOCLINUX);
#ifdef __x86_64__
	try_call("mount by its x32 number", 0x40000000 | SYS_mount, 16, 16);
#endif
	return 0;
}

/* keys NAME: a key of the caller's session keyring */
int probe_keys(int argc, char **argv)
{
	enum { KEYCTL_SEARCH_NUMBER = 10, KEYCTL_READ_NUMBER = 11, SESSION_KEYRING = -3 };
	long key = argc < 2 ? -1 : syscall(SYS_keyctl, KEYCTL_SEARCH_NUMBER, SESSION_KEYRING, "user", argv[1], 0);
	char text[64];

	if (key >= 0)
		fell("the caller's key %s was found: %ld bytes", argv[1],
		     syscall(SYS_keyctl, KEYCTL_READ_NUMBER, key, text, sizeof(text)));
	return 0;
}

int probe_tiocsti(int argc, char **argv)
{
	static const char keys[] = "echo INJECTED\n";
	int fds[] = { 0, 1, 2, open("/dev/tty", O_RDWR | O_CLOEXEC) };

	(void)argc;
	(void)argv;
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		for (const char *key = keys; fds[i] >= 0 && *key != '\0'; key++)
			if (ioctl(fds[i], TIOCSTI, key) < 0 &&
			    syscall(SYS_ioctl, fds[i], TIOCSTI | (1UL << 32), key) < 0)
				break;
	return 0;
}

/* setuid PATH: executes it, which is setuid root and has every file capability; then says what it has become. */
int probe_setuid(int argc, char **argv)
{
	char text[4096];
	const char *line;

	if (argc > 1 && argv[1][0] == '/') {
		char probe[] = "probe", setuid_name[] = "setuid", gained[] = "gained";
		char *const again[] = { argv[1], probe, setuid_name, gained, NULL };

		execve(argv[1], again, environ);
		return errno == EACCES || errno == EPERM ? 0 : 4;
	}
	if (geteuid() == 0)
		fell("a setuid file made the session root");
	if (read_text("/proc/self/status", text, sizeof(text)) && (line = strstr(text, "CapPrm:")) != NULL &&
	    strtoull(line + 7, NULL, 16) != 0)
		fell("a file gave the session capabilities: %.23s", line);
	return 0;
}

/* plant PATH...: a file in the target's tree */
int probe_plant(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (open(argv[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0755) >= 0)
			fell("%s was planted", argv[i]);
	return 0;
}

/* groups GID...: of the caller's */
int probe_groups(int argc, char **argv)
{
	gid_t groups[256];
	int count = getgroups(256, groups);

	for (int i = 0; i < count; i++)
		for (int k = 1; k < argc; k++)
			if (groups[i] == (gid_t)atoi(argv[k]))
				fell("the caller's group %s", argv[k]);
	return 0;
}

int probe_core(int argc, char **argv)
{
	struct rlimit limit = { 0 };

	(void)argc;
	(void)argv;
	if (getrlimit(RLIMIT_CORE, &limit) < 0 || limit.rlim_max != 0)
		fell("the session may dump core");
	pid_t pid = fork();
	if (pid == 0)
		abort();
	int status;
	if (waitpid(pid, &status, 0) > 0 && WCOREDUMP(status))
		fell("the session has dumped core");
	return 0;
}

/* packet: may it read the host's network? */
int probe_packet(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	if (socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)) >= 0)
		fell("a packet socket in the host's network namespace");
	return 0;
}

/* ---- what it may cost ---- */

/*
 * bomb LIMIT: forks until it is refused, or until LIMIT, which is too many. No child forks itself: on the naive build that is
 * all that bounds it.
 */
int probe_bomb(int argc, char **argv)
{
	unsigned limit = argc > 1 ? (unsigned)atoi(argv[1]) : 600, born = 1;

	for (; born < limit; born++) {
		pid_t pid = fork();

		if (pid < 0)
			break;
		if (pid == 0) {
			pause();
			_exit(0);
		}
	}
	if (born >= limit)
		fell("%u processes in the session", born);
	note("%u processes", born);
	return 0;
}

/* orphans: a child in a session of its own stays behind; it holds nothing of ours. */
int probe_orphans(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	for (int i = 0; i < 3; i++)
		if (fork() == 0) {
			setsid();
			if (fork() != 0)
				_exit(0);
			for (int fd = 0; fd < 16; fd++)
				close(fd);
			for (;;)
				pause();
		}
	while (wait(NULL) > 0)
		;
	note("orphans");
	usleep(argc > 1 ? 1000000 : 150000);
	return 0;
}

/* sleep MS */
int probe_sleep(int argc, char **argv)
{
	usleep(argc > 1 ? (useconds_t)atoi(argv[1]) * 1000 : 100000);
	return 0;
}
