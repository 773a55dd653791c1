/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who belongs to a session that has no cgroup: every process in its mount namespace, which nobody else is in and which the
 * default filter lets nobody leave. Nothing can be frozen by that, so a fork bomb may outrun it; init is there for those.
 */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/text.h"
#include "dbgattach/ns.h"
#include "dbgattach/sys/pidfd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_in(int proc_fd, const char *pid, const char *namespace)
{
	char path[32], link[48];

	(void)snprintf(path, sizeof(path), "%.16s/ns/mnt", pid);
	ssize_t length = readlinkat(proc_fd, path, link, sizeof(link) - 1);
	if (length < 0)
		return false;
	link[length] = '\0';
	return strcmp(link, namespace) == 0;
}

/* The link once more when there is a pidfd: the number may have been another process's before. */
static bool signal_member(int proc_fd, const char *name, pid_t pid, const char *namespace, int signal)
{
	cleanup_close int pidfd = sys_pidfd_open(pid, 0);

	return pidfd >= 0 && is_in(proc_fd, name, namespace) && sys_pidfd_send_signal(pidfd, signal) == 0;
}

int ns_kill_members(int proc_fd, int mounts, pid_t spare, bool *ret_spare)
{
	char namespace[48];
	struct stat stat;
	int others = 0;

	if (fstat(mounts, &stat) < 0)
		return -errno;
	cleanup_close int fd = openat(proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir == NULL)
		return -errno;
	(void)take_fd(fd);
	(void)snprintf(namespace, sizeof(namespace), "mnt:[%llu]", (unsigned long long)stat.st_ino);
	*ret_spare = false;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		const char *name = entry->d_name;
		uint64_t pid;

		if (text_u64(name, strlen(name), INT32_MAX, &pid) < 0 || !is_in(proc_fd, name, namespace))
			continue;
		if ((pid_t)pid == spare)
			*ret_spare = signal_member(proc_fd, name, spare, namespace, SIGCONT);
		else
			others += signal_member(proc_fd, name, (pid_t)pid, namespace, SIGKILL);
	}
	(void)closedir(dir);
	return others;
}
