/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the walks over /proc. Decides nothing about containers. */
#include "src/target/processes.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/format/command_line.h"
#include "dbgattach/format/proc_stat.h"
#include "dbgattach/format/proc_status.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define SMALL_FILE_MAX 4096
#define STATUS_MAX (2U << 20)
#define CHILDREN_MAX (1U << 20)

static void close_folder(DIR **folder)
{
	if (*folder)
		(void)closedir(*folder);
}

static int open_process(const struct host *host, pid_t pid)
{
	char name[16];
	int r = text_format(name, sizeof(name), "%d", pid);

	if (r < 0)
		return r;
	int fd = openat(host->proc_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

int processes_each(const struct host *host, int (*visit)(const struct process *process, void *context, struct err *err),
		   void *context, struct err *err)
{
	__attribute__((cleanup(close_folder))) DIR *folder = NULL;
	const struct dirent *entry;

	cleanup_close int fd = openat(host->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "/proc");
	folder = fdopendir(fd);
	if (!folder)
		return err_sys(err, errno, "/proc");
	(void)take_fd(fd);

	for (errno = 0; (entry = readdir(folder)) != NULL; errno = 0) {
		uint64_t pid;
		if (text_u64(entry->d_name, strlen(entry->d_name), INT_MAX, &pid) < 0)
			continue;
		cleanup_close int process = open_process(host, (pid_t)pid);
		if (process < 0) /* it has ended */
			continue;
		int r = visit(&(struct process) { (pid_t)pid, process }, context, err);
		if (r < 0)
			return r;
	}
	return errno ? err_sys(err, errno, "/proc") : 0;
}

static bool is_supervisor_of(const struct process *process, uid_t owner)
{
	__attribute__((cleanup(proc_status_done))) struct proc_status status = { 0 };
	cleanup_buffer struct buffer buffer = { 0 };

	if (io_read_file_at(process->folder, "status", STATUS_MAX, &buffer) < 0 ||
	    proc_status_parse(buffer.data, buffer.length, &status, NULL) < 0)
		return false;
	/* All four: one that could change them is not sure to be the user's. */
	for (size_t i = 0; i < ARRAY_SIZE(status.uid); i++)
		if (status.uid[i] != owner)
			return false;
	return status.nspid_levels == 1;
}

static bool has_comm(const struct process *process, const char *comm)
{
	cleanup_buffer struct buffer buffer = { 0 };

	if (io_read_file_at(process->folder, "comm", SMALL_FILE_MAX, &buffer) < 0 || buffer.length == 0)
		return false;
	return buffer.length == strlen(comm) + 1 && memcmp(buffer.data, comm, buffer.length - 1) == 0;
}

int process_read_command(const struct process *process, const char *comm, uid_t owner, struct buffer *ret)
{
	if ((comm != NULL && !has_comm(process, comm)) || !is_supervisor_of(process, owner))
		return -ENOENT;
	return io_read_file_at(process->folder, "cmdline", COMMAND_LINE_MAX, ret);
}

int process_command_line(const struct host *host, pid_t pid, const char *comm, struct buffer *ret, struct err *err)
{
	cleanup_close int folder = open_process(host, pid);

	if (folder < 0)
		return 0;
	int r = process_read_command(&(struct process) { pid, folder }, comm, 0, ret);
	if (r < 0)
		ret->length = 0;
	return r == -ENOMEM ? err_sys(err, r, "/proc/%d/cmdline", pid) : 0;
}

static int read_stat(int folder, struct proc_stat *ret)
{
	cleanup_buffer struct buffer buffer = { 0 };
	int r = io_read_file_at(folder, "stat", SMALL_FILE_MAX, &buffer);

	return r < 0 ? r : proc_stat_parse(buffer.data, buffer.length, ret, NULL);
}

bool process_is_alive(const struct host *host, pid_t pid)
{
	struct proc_stat stat = { 0 };
	cleanup_close int folder = pid > 0 ? open_process(host, pid) : -ESRCH;

	return folder >= 0 && read_stat(folder, &stat) == 0 && stat.state != 'Z' && stat.state != 'X';
}

static bool is_deeper(int folder)
{
	__attribute__((cleanup(proc_status_done))) struct proc_status status = { 0 };
	cleanup_buffer struct buffer buffer = { 0 };

	return io_read_file_at(folder, "status", STATUS_MAX, &buffer) == 0 &&
	       proc_status_parse(buffer.data, buffer.length, &status, NULL) == 0 && status.nspid_levels > 1;
}

int process_find_contained(const struct host *host, const struct process *supervisor, pid_t *ret_pid,
			   uint64_t *ret_start_time)
{
	cleanup_buffer struct buffer buffer = { 0 };
	char path[64];
	int found = -ENOENT;

	if (text_format(path, sizeof(path), "task/%d/children", supervisor->pid) < 0 ||
	    io_read_file_at(supervisor->folder, path, CHILDREN_MAX, &buffer) < 0)
		return -ENOENT;
	for (const char *at = buffer.data; at && *at;) {
		size_t length = strcspn(at, " \n");
		struct proc_stat stat = { 0 };
		uint64_t pid = 0;
		if (length > 0 && text_u64(at, length, INT_MAX, &pid) == 0) {
			cleanup_close int child = open_process(host, (pid_t)pid);
			/* Its parent is asked for again: the number could be another's by now. */
			if (child >= 0 && read_stat(child, &stat) == 0 && stat.ppid == supervisor->pid &&
			    is_deeper(child) && (found < 0 || stat.start_time < *ret_start_time)) {
				*ret_pid = (pid_t)pid;
				*ret_start_time = stat.start_time;
				found = 0;
			}
		}
		at += length + strspn(at + length, " \n");
	}
	return found;
}
