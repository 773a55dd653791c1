/* SPDX-License-Identifier: Apache-2.0 */
/* What is tried on a child of our own that stands in for a container's process. */
#include "doctor.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/toolbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534
#define MAPPED_ROOT 100000 /* an id like those that are mapped for containers; whether anybody has it does not matter */

struct child {
	pid_t pid;
	int keep; /* it lives until this is closed: whoever lacks KILL could not end it otherwise */
	int proc_fd;
};

static int become_nobody(void)
{
	return setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0 ? -errno : 0;
}

static int leave_userns(void)
{
	return unshare(CLONE_NEWUSER) < 0 ? -errno : 0;
}

static int write_own(const struct examination *examination, const char *name, const char *text)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "self/%s", name);
	return io_write_file_at(examination->host.proc_fd, path, text);
}

int doctor_enter_userns(const struct examination *examination)
{
	char uids[32], gids[32];

	(void)snprintf(uids, sizeof(uids), "0 %u 1", geteuid());
	(void)snprintf(gids, sizeof(gids), "0 %u 1", getegid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS) < 0)
		return -errno;
	int result = write_own(examination, "setgroups", "deny");
	if (result == 0)
		result = write_own(examination, "uid_map", uids);
	if (result == 0)
		result = write_own(examination, "gid_map", gids);
	if (result == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		result = -errno;
	return result;
}

/* Waits until it has become what it shall be; it says how that went. */
static int start_child(const struct examination *examination, int (*become)(void), struct child *ret)
{
	int ready[2], keep[2], status = -EIO;
	char path[16];

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(keep, O_CLOEXEC) < 0) {
		close_quietly(ready[0]);
		close_quietly(ready[1]);
		return -errno;
	}
	pid_t pid = fork();
	if (pid == 0) {
		close_quietly(keep[1]);
		status = become();
		(void)!write(ready[1], &status, sizeof(status));
		(void)!read(keep[0], &status, 1);
		_exit(0);
	}
	close_quietly(ready[1]);
	close_quietly(keep[0]);
	if (pid < 0)
		status = -errno;
	else if (read(ready[0], &status, sizeof(status)) != (ssize_t)sizeof(status))
		status = -EIO;
	close_quietly(ready[0]);
	(void)snprintf(path, sizeof(path), "%d", pid);
	*ret = (struct child) { pid, keep[1], -EBADF };
	if (status == 0)
		ret->proc_fd = openat(examination->host.proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return status == 0 && ret->proc_fd < 0 ? -errno : status;
}

static void end_child(struct child *child)
{
	close_quietly(child->keep);
	close_quietly(child->proc_fd);
	if (child->pid > 0)
		(void)waitpid(child->pid, NULL, 0);
}

/* The namespaces of a process of another user. */
int doctor_check_processes(const struct examination *examination, char *detail)
{
	cleanup_buffer struct buffer text = { 0 };
	struct child child = { 0, -EBADF, -EBADF };
	char link[64];

	if (io_read_file_at(examination->host.proc_fd, "self/mountinfo", 64U << 20, &text) == 0) {
		const char *hidden = strstr(text.data, "hidepid=");
		if (hidden != NULL)
			(void)snprintf(detail, DETAIL_MAX, "/proc is mounted with %.*s", (int)strcspn(hidden, ", \n"),
				       hidden);
	}
	/* A plain user has no business with others; whoever is in a user namespace that he has made is his. */
	if (examination->plain)
		(void)snprintf(detail, DETAIL_MAX, "those in a user namespace of the caller's own");
	int result = start_child(examination, examination->plain ? leave_userns : become_nobody, &child);
	if (result == 0 && readlinkat(child.proc_fd, "ns/pid", link, sizeof(link)) < 0)
		result = -errno;
	end_child(&child);
	return result;
}

/* The built-in toolbox as root's of a user namespace: by an idmapped mount, or written with its ids. */
static int open_mapped(const struct child *child, char *detail)
{
	const char *map = "0 100000 65536";
	struct toolbox toolbox = { 0 };
	struct toolbox_mounts mounts;
	struct err err = { 0 };
	int result = io_write_file_at(child->proc_fd, "gid_map", map);

	if (result == 0)
		result = io_write_file_at(child->proc_fd, "uid_map", map);
	cleanup_close int userns = result < 0 ? -EBADF : openat(child->proc_fd, "ns/user", O_RDONLY | O_CLOEXEC);
	if (userns < 0)
		return result < 0 ? result : -errno;
	const struct toolbox_owner owner = { .userns_fd = userns, .root_uid = MAPPED_ROOT, .root_gid = MAPPED_ROOT };
	result = toolbox_choose(TOOLBOX_BUILTIN, &toolbox, &err);
	if (result == 0)
		result = toolbox_open(&toolbox, TOOLBOX_CHECK_CACHED, &owner, &mounts, &err);
	(void)snprintf(detail, DETAIL_MAX, "%.200s", result < 0 ? err.text : mounts.how);
	return result;
}

int doctor_check_userns(const struct examination *examination, char *detail)
{
	struct child child = { 0, -EBADF, -EBADF };
	if (examination->plain) {
		(void)snprintf(detail, DETAIL_MAX, "made in there, as \"toolbox\" says");
		return 0;
	}
	int result = start_child(examination, leave_userns, &child);
	if (result == 0)
		result = open_mapped(&child, detail);
	end_child(&child);
	return result;
}
