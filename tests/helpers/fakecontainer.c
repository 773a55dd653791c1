// SPDX-License-Identifier: Apache-2.0
/*
 * fakecontainer [OPTIONS] INIT [ARG...]: a hardened container without any runtime, in a few milliseconds: namespaces of
 * its own, a root of its own (a tmpfs that holds what --tree holds), ids, no capabilities, no_new_privs. Prints "pid N"
 * (in the caller's PID namespace) when INIT runs; ends with it, and INIT ends with fakecontainer.
 *
 *   --tree DIR           copied into the root; without it the root is empty
 *   --proc real|masked|none|tmpfs   what lies on /proc (masked: as runc does it)
 *   --dev                a /dev with null, zero, a symlink and a node of its own
 *   --share LIST         namespaces not to make, of pid,mnt,net,uts,ipc,cgroup
 *   --time               a time namespace as well
 *   --userns BASE:COUNT  a user namespace, 0..COUNT-1 mapped to BASE
 *   --owner UID          whose the user namespace is: 0 is mapped to him, the rest from 1 on as --userns says (COUNT may be 0)
 *   --deny               nobody in it may change his groups, as where a user maps himself alone
 *   --uid N, --caps HEX  of INIT; 65532 and none
 *   --no-nnp, --rw       without no_new_privs; the root stays writable
 *   --strictatime        each read changes an access time
 *   --shared             the root propagates mounts
 *   --cgroup DIR         joined first, so that a cgroup namespace has it as its root
 *   --env NAME=VALUE     of INIT, which has none otherwise
 */
#include "names.h"

#include <dirent.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/capability.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#define ENV_MAX 64

static struct {
	const char *tree, *proc, *cgroup;
	unsigned long flags;
	bool dev, keep_privs, writable, strictatime, shared, time, deny;
	unsigned userns_base, userns_count, uid, owner;
	uint64_t caps;
	char *env[ENV_MAX + 1];
	size_t env_count;
} options = {
	.proc = "real",
	.uid = 65532,
	.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP,
};

static int failed_fd = -1; /* in INIT's process: a byte here says that it did not start */

__attribute__((noreturn)) static void die(const char *what)
{
	if (failed_fd >= 0 && write(failed_fd, "x", 1) != 1)
		_exit(95);
	fprintf(stderr, "fakecontainer: %s: %s\n", what, strerror(errno));
	_exit(96);
}

#define MUST(call)                                                                                                     \
	do {                                                                                                           \
		if ((call) < 0)                                                                                        \
			die(#call);                                                                                    \
	} while (0)

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);
}

static void copy_file(int from, int to)
{
	static char block[1 << 16];
	ssize_t n;

	while ((n = read(from, block, sizeof(block))) > 0)
		if (write(to, block, (size_t)n) != n)
			die("copy");
}

/*
 * Files, directories and symlinks with their modes, all root's (of the user namespace); times in the past, so that
 * relatime would change them on a read.
 */
static void copy_tree(int from, int to)
{
	const struct timespec times[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
	DIR *dir = fdopendir(from);
	struct dirent *entry;

	if (!dir)
		die("--tree");
	while ((entry = readdir(dir))) {
		const char *name = entry->d_name;
		char target[PATH_MAX];
		struct stat st;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		MUST(fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW));
		if (S_ISLNK(st.st_mode)) {
			ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

			MUST(n);
			target[n] = 0;
			MUST(symlinkat(target, to, name));
		} else if (S_ISDIR(st.st_mode)) {
			MUST(mkdirat(to, name, 0755));
			int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			int out = openat(to, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

			copy_tree(in, out);
			close(out);
		} else {
			int in = openat(from, name, O_RDONLY | O_CLOEXEC);
			int out = openat(to, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

			copy_file(in, out);
			close(in);
			close(out);
		}
		if (!S_ISLNK(st.st_mode))
			MUST(fchmodat(to, name, st.st_mode & 07777, 0));
		MUST(utimensat(to, name, times, AT_SYMLINK_NOFOLLOW));
	}
	closedir(dir);
}

static void mask(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return;
	if (S_ISDIR(st.st_mode))
		MUST(mount("tmpfs", path, "tmpfs", MS_RDONLY, NULL));
	else
		MUST(mount("/dev/null", path, NULL, MS_BIND, NULL));
}

static void read_only(const char *path)
{
	if (access(path, F_OK) < 0)
		return;
	MUST(mount(path, path, NULL, MS_BIND | MS_REC, NULL));
	MUST(mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
}

static void make_proc(void)
{
	static const char *const covered[] = { "proc/kcore", "proc/keys", "proc/timer_list", "proc/acpi", "proc/scsi" };
	static const char *const fixed[] = { "proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger" };

	if (strcmp(options.proc, "none") == 0)
		return;
	if (mkdir("proc", 0555) < 0 && errno != EEXIST)
		die("mkdir proc");
	if (strcmp(options.proc, "tmpfs") == 0) {
		MUST(mount("proc", "proc", "tmpfs", 0, NULL));
		MUST(mkdir("proc/self", 0755));
		MUST(mkdir("proc/sys", 0755));
		return;
	}
	MUST(mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
	if (strcmp(options.proc, "masked") != 0)
		return;
	for (size_t i = 0; i < sizeof(covered) / sizeof(covered[0]); i++)
		mask(covered[i]);
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		read_only(fixed[i]);
}

static void make_dev(void)
{
	umask(0);
	if (mkdir("dev", 0755) < 0 && errno != EEXIST)
		die("mkdir dev");
	MUST(mount("dev", "dev", "tmpfs", MS_NOSUID, "mode=755"));
	MUST(mknod("dev/null", S_IFCHR | 0666, makedev(1, 3)));
	MUST(mknod("dev/zero", S_IFCHR | 0666, makedev(1, 5)));
	MUST(mknod("dev/fuse", S_IFCHR | 0666, makedev(10, 229)));
	MUST(symlink("/proc/self/fd", "dev/fd"));
	MUST(mkdir("dev/shm", 01777));
	MUST(mount("shm", "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
	umask(022);
}

static void make_root(int tree)
{
	/* Any directory would do: the mount is only seen from this mount namespace. */
	const unsigned long flags = options.strictatime ? MS_STRICTATIME : 0;

	MUST(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	MUST(mount("root", "/tmp", "tmpfs", flags, "mode=755"));
	MUST(chdir("/tmp"));
	if (tree >= 0) {
		int root = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		copy_tree(tree, root);
		close(root);
	}
	make_proc();
	if (options.dev)
		make_dev();
	MUST(syscall(SYS_pivot_root, ".", "."));
	MUST(umount2(".", MNT_DETACH));
	MUST(chdir("/"));
	if (!options.writable)
		MUST(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags, NULL));
	if (options.shared)
		MUST(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL));
}

static void set_caps(uint64_t caps)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++) {
		data[i].permitted = data[i].effective = (uint32_t)(caps >> 32 * i);
		data[i].inheritable = options.uid ? data[i].permitted : 0;
	}
	MUST(syscall(SYS_capset, &header, data));
	for (int cap = 0; cap < 64 && options.uid; cap++)
		if (caps >> cap & 1)
			MUST(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0));
}

static void drop_privileges(void)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (!(options.caps >> cap & 1))
			MUST(prctl(PR_CAPBSET_DROP, cap));
	MUST(prctl(PR_SET_KEEPCAPS, 1));
	if (!options.deny)
		MUST(syscall(SYS_setgroups, 0, NULL));
	MUST(syscall(SYS_setresgid, options.uid, options.uid, options.uid));
	MUST(syscall(SYS_setresuid, options.uid, options.uid, options.uid));
	set_caps(options.caps);
	if (!options.keep_privs)
		MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	MUST(prctl(PR_SET_PDEATHSIG, SIGKILL)); /* after the ids: their change clears it */
}

/* As every runtime does. */
static void set_loopback_up(void)
{
	struct ifreq up = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	MUST(fd);
	MUST(ioctl(fd, SIOCSIFFLAGS, &up));
	close(fd);
}

/* go: readable when the maps are written; ready: closed by the exec. */
static void run_init(int tree, int go, int ready, char **argv)
{
	char byte;
	int null;

	failed_fd = ready;
	if (read(go, &byte, 1) != 1)
		_exit(96);
	if (options.flags & CLONE_NEWUSER) {
		MUST(syscall(SYS_setresgid, 0, 0, 0));
		MUST(syscall(SYS_setresuid, 0, 0, 0));
	}
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (options.flags & CLONE_NEWNS)
		make_root(tree);
	if (options.flags & CLONE_NEWNET)
		set_loopback_up();
	if (options.flags & CLONE_NEWUTS)
		MUST(sethostname("fake", 4));
	setsid();
	for (int fd = 0; fd < 2; fd++)
		MUST(dup2(null, fd));
	drop_privileges();
	MUST(fcntl(ready, F_SETFD, FD_CLOEXEC));
	execve(argv[0], argv, options.env);
	die(argv[0]);
}

static void map_ids(pid_t pid)
{
	static const char *const files[] = { "uid_map", "gid_map" };
	char path[64], text[96];
	int own = options.owner ? snprintf(text, sizeof(text), "0 %u 1\n", options.owner) : 0;

	if (options.userns_count)
		snprintf(text + own, sizeof(text) - (size_t)own, "%d %u %u\n", own ? 1 : 0, options.userns_base,
			 options.userns_count);
	snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
	if (options.deny)
		write_file(path, "deny");
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, files[i]);
		write_file(path, text);
	}
}

static unsigned long share(char *list)
{
	static const struct name kinds[] = { { "pid", CLONE_NEWPID }, { "mnt", CLONE_NEWNS },
					     { "net", CLONE_NEWNET }, { "uts", CLONE_NEWUTS },
					     { "ipc", CLONE_NEWIPC }, { "cgroup", CLONE_NEWCGROUP } };
	unsigned long flags = 0;

	for (char *word = strtok(list, ","); word; word = strtok(NULL, ",")) {
		long flag = LOOK_UP(kinds, word);

		if (flag < 0) {
			errno = EINVAL;
			die(word);
		}
		flags |= (unsigned long)flag;
	}
	return flags;
}

enum option_id {
	TREE = 1,
	PROC,
	DEV,
	SHARE,
	TIME,
	USERNS,
	UID,
	CAPS,
	NO_NNP,
	RW,
	STRICTATIME,
	SHARED,
	CGROUP,
	ENV,
	OWNER,
	DENY
};

static const struct option long_options[] = {
	{ "tree", 1, 0, TREE },
	{ "proc", 1, 0, PROC },
	{ "dev", 0, 0, DEV },
	{ "share", 1, 0, SHARE },
	{ "time", 0, 0, TIME },
	{ "userns", 1, 0, USERNS },
	{ "uid", 1, 0, UID },
	{ "caps", 1, 0, CAPS },
	{ "no-nnp", 0, 0, NO_NNP },
	{ "rw", 0, 0, RW },
	{ "strictatime", 0, 0, STRICTATIME },
	{ "shared", 0, 0, SHARED },
	{ "cgroup", 1, 0, CGROUP },
	{ "env", 1, 0, ENV },
	{ "owner", 1, 0, OWNER },
	{ "deny", 0, 0, DENY },
	{ 0 },
};

static void parse(int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "+", long_options, NULL)) != -1) {
		switch ((enum option_id)option) {
		case TREE:
			options.tree = optarg;
			break;
		case PROC:
			options.proc = optarg;
			break;
		case DEV:
			options.dev = true;
			break;
		case SHARE:
			options.flags &= ~share(optarg);
			break;
		case TIME:
			options.time = true;
			break;
		case USERNS:
			options.flags |= CLONE_NEWUSER;
			if (sscanf(optarg, "%u:%u", &options.userns_base, &options.userns_count) != 2)
				_exit(97);
			break;
		case UID:
			options.uid = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case CAPS:
			options.caps = strtoull(optarg, NULL, 16);
			break;
		case NO_NNP:
			options.keep_privs = true;
			break;
		case RW:
			options.writable = true;
			break;
		case STRICTATIME:
			options.strictatime = true;
			break;
		case SHARED:
			options.shared = true;
			break;
		case CGROUP:
			options.cgroup = optarg;
			break;
		case ENV:
			if (options.env_count < ENV_MAX)
				options.env[options.env_count++] = optarg;
			break;
		case OWNER:
			options.owner = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case DENY:
			options.deny = true;
			break;
		default:
			_exit(97);
		}
	}
	if (optind >= argc)
		_exit(97);
}

/* And back: the saved ids stay root's. */
static void become(unsigned id)
{
	MUST(syscall(SYS_setresgid, id, id, 0));
	MUST(syscall(SYS_setresuid, id, id, 0));
}

int main(int argc, char **argv)
{
	int go[2], ready[2], tree = -1, status;
	char byte;
	pid_t pid;

	parse(argc, argv);
	if (options.tree && (tree = open(options.tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		die(options.tree);
	if (options.cgroup) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s/cgroup.procs", options.cgroup);
		write_file(path, "0");
	}
	MUST(pipe2(go, O_CLOEXEC));
	MUST(pipe2(ready, O_CLOEXEC));
	MUST(prctl(PR_SET_PDEATHSIG, SIGKILL));
	if (options.time)
		MUST(unshare(CLONE_NEWTIME));
	become(options.owner);
	pid = (pid_t)syscall(SYS_clone, options.flags | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		close(go[1]);
		close(ready[0]);
		run_init(tree, go[0], ready[1], argv + optind);
	}
	become(0);
	MUST(pid);
	MUST(prctl(PR_SET_PDEATHSIG, SIGKILL)); /* a change of ids clears it */
	close(ready[1]);
	if (options.flags & CLONE_NEWUSER)
		map_ids(pid);
	if (write(go[1], "x", 1) != 1 || read(ready[0], &byte, 1) != 0)
		_exit(96);
	dprintf(1, "pid %d\n", (int)pid);
	while (waitpid(pid, &status, 0) < 0)
		;
	return 0;
}
