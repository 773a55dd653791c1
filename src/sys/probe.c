/* SPDX-License-Identifier: Apache-2.0 */
/* One function a feature: it does the thing and says how that went. */
#include "dbgattach/sys/probe.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/sys/mount_api.h"
#include "dbgattach/sys/open.h"
#include "dbgattach/sys/pidfd.h"
#include "dbgattach/sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int result(long value)
{
	return value < 0 ? -errno : 0;
}

int sys_probe_pidfd(void)
{
	cleanup_close int pidfd = sys_pidfd_open(getpid(), 0);

	return pidfd < 0 ? pidfd : sys_pidfd_send_signal(pidfd, 0);
}

int sys_probe_pidfd_setns(void)
{
	cleanup_close int parents = sys_pidfd_open(getppid(), 0), own = sys_pidfd_open(getpid(), 0);

	if (parents < 0 || own < 0)
		return parents < 0 ? parents : own;
	if (setns(parents, CLONE_NEWUTS) == 0)
		return 0;
	/* Whoever is root of a user namespace may join what belongs to that alone. */
	return errno == EPERM ? result(setns(own, CLONE_NEWUTS)) : -errno;
}

int sys_probe_pidfs(void)
{
	cleanup_close int own = sys_pidfd_open(getpid(), 0), parents = sys_pidfd_open(getppid(), 0);
	struct stat a, b;

	if (own < 0 || parents < 0)
		return own < 0 ? own : parents;
	if (fstat(own, &a) < 0 || fstat(parents, &b) < 0)
		return -errno;
	return a.st_ino != b.st_ino ? 0 : -EOPNOTSUPP;
}

int sys_probe_openat2(void)
{
	cleanup_close int fd = sys_openat2(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS);

	return fd < 0 ? fd : 0;
}

int sys_probe_close_range(void)
{
	return sys_close_from(~0U);
}

static int make_tmpfs(void)
{
	cleanup_close int fs = sys_fsopen("tmpfs");
	int status = fs < 0 ? fs : sys_fsconfig_create(fs);

	return status < 0 ? status : sys_fsmount(fs, MOUNT_ATTR_NOSUID);
}

int sys_probe_mount_api(void)
{
	cleanup_close int mount_fd = -EBADF, copy = -EBADF;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	copy = sys_open_tree_clone(AT_FDCWD, "/", AT_RECURSIVE); /* alone it may be locked to what lies on it */
	if (copy < 0)
		return copy;
	mount_fd = make_tmpfs();
	return mount_fd < 0 ? mount_fd : sys_move_mount(mount_fd, AT_FDCWD, "/");
}

int sys_probe_mount_setattr(void)
{
	const struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
	cleanup_close int mount_fd = make_tmpfs();

	return mount_fd < 0 ? mount_fd : sys_mount_setattr(mount_fd, AT_RECURSIVE, &read_only);
}

int sys_probe_filesystem(const char *type)
{
	cleanup_close int fs = sys_fsopen(type);

	return fs < 0 ? fs : 0;
}

int sys_probe_pivot_root(void)
{
	int result = sys_pivot_root("", "");

	return result == -ENOENT ? 0 : result;
}

int sys_probe_loop(void)
{
	cleanup_close int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

	return control < 0 ? -errno : 0;
}

int sys_probe_clone_into_cgroup(int cgroup_fd)
{
	int pidfd = -EBADF;
	pid_t pid = sys_fork(cgroup_fd, &pidfd);

	if (pid < 0)
		return pid;
	if (pid == 0)
		_exit(0);
	close_quietly(pidfd);
	return result(waitpid(pid, NULL, 0));
}

int sys_probe_keyring(void)
{
	int id = sys_keyctl_session_id();

	return id < 0 && id != -ENOKEY ? id : 0;
}

int sys_probe_userns(void)
{
	return result(unshare(CLONE_NEWUSER));
}

int sys_probe_seccomp(void)
{
	const struct sock_filter allow[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return sys_seccomp_filter(allow, ARRAY_SIZE(allow), 0);
}

int sys_probe_seccomp_copy(void)
{
	int state = 0, pidfd = -EBADF;
	pid_t pid = sys_fork(-EBADF, &pidfd);

	if (pid < 0)
		return pid;
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || sys_probe_seccomp() < 0)
			_exit(1);
		(void)raise(SIGSTOP);
		_exit(0);
	}
	long status = -ECHILD;
	if (waitpid(pid, &state, 0) == pid && WIFSTOPPED(state)) {
		status = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, NULL, NULL);
		status = status < 0 ? -errno : 0;
		(void)sys_pidfd_send_signal(pidfd, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	close_quietly(pidfd);
	return (int)status;
}
