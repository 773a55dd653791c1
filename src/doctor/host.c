/* SPDX-License-Identifier: Apache-2.0 */
/* What is so on this host: its /proc, cgroups, security modules, toolboxes, memory. */
#include "doctor.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/text.h"
#include "dbgattach/privilege.h"
#include "dbgattach/toolbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <unistd.h>

#define MEMORY_WANTED_KIB (64U << 10) /* a toolbox in a tmpfs, a session, a margin */

static int check_proc(const struct examination *examination, char *detail)
{
	if (examination->host.root_fd >= 0)
		return 0;
	(void)snprintf(detail, DETAIL_MAX, "%.200s", examination->host_error.text);
	return -EINVAL;
}

static int check_caller(const struct examination *examination, char *detail)
{
	(void)snprintf(detail, DETAIL_MAX, examination->plain ? "uid %u, without CAP_SYS_ADMIN" : "uid %u", geteuid());
	return examination->plain ? -EPERM : 0;
}

static int check_yama(const struct examination *examination, char *detail)
{
	cleanup_buffer struct buffer text = { 0 };

	if (io_read_file_at(examination->host.proc_fd, "sys/kernel/yama/ptrace_scope", 16, &text) < 0)
		return 0;
	(void)snprintf(detail, DETAIL_MAX, "ptrace_scope %.*s", (int)strcspn(text.data, "\n"), text.data);
	return text.data[0] == '3' ? -EPERM : 0;
}

static int check_own_filter(const struct examination *examination, char *detail)
{
	(void)examination;
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0)
		return 0;
	(void)snprintf(detail, DETAIL_MAX, "the caller is under a seccomp filter, and so are his sessions");
	return -EPERM;
}

static int check_labels(const struct examination *examination, char *detail)
{
	static struct lsm_facts facts;
	cleanup_close int self = openat(examination->host.proc_fd, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct lsm_sources sources = { examination->host.root_fd, examination->host.proc_fd, self, self };
	struct err err = { 0 };
	size_t used = 0;

	int result = lsm_read(&sources, &facts, &err);
	if (result < 0) {
		(void)snprintf(detail, DETAIL_MAX, "%.200s", err.text);
		return result;
	}
	(void)snprintf(detail, DETAIL_MAX, "no module with labels is active");
	for (enum lsm_kind kind = 0; kind < LSM_KIND_MAX; kind++)
		if (facts.of[kind].active)
			used += (size_t)snprintf(detail + used, DETAIL_MAX - used, "%s%s", used > 0 ? ", " : "",
						 lsm_name(kind));
	return facts.of[LSM_UNKNOWN].active ? -EOPNOTSUPP : 0;
}

/* As an attach does it: mounted, and gone with this process. *ret_how: by which filesystem. */
static int try_toolbox(const struct examination *examination, const char *name, const char **ret_how, char *detail)
{
	const struct toolbox_owner owner = { .userns_fd = -EBADF };
	struct toolbox toolbox = { 0 };
	struct toolbox_mounts mounts;
	char label[160];
	struct err err = { 0 };

	int result = toolbox_choose(name, &toolbox, &err);
	if (result == 0 && examination->plain)
		result = toolbox_settle(&toolbox, TOOLBOX_CHECK_CACHED, &err);
	if (result == 0)
		result = toolbox_open(&toolbox, TOOLBOX_CHECK_CACHED, &owner, &mounts, &err);
	if (result < 0) {
		(void)snprintf(detail, DETAIL_MAX, "%.200s", err.text);
		return result;
	}
	toolbox_label(&toolbox, label, sizeof(label));
	(void)snprintf(detail, DETAIL_MAX, "%s, %s", label, mounts.how);
	*ret_how = mounts.how;
	return 0;
}

static int check_toolbox(const struct examination *examination, char *detail)
{
	const char *how;

	return try_toolbox(examination, NULL, &how, detail);
}

static int check_builtin(const struct examination *examination, char *detail)
{
	const char *how = "";

	int result = try_toolbox(examination, TOOLBOX_BUILTIN, &how, detail);
	return result < 0 ? result : strcmp(how, "erofs") == 0 ? 0 : -EOPNOTSUPP;
}

struct store_count {
	unsigned good, bad;
	char name[TOOLBOX_NAME_MAX + 1];
};

static int count_entry(const char *name, struct toolbox_part *part, const struct err *why, void *context,
		       struct err *err)
{
	struct store_count *count = context;

	(void)why;
	(void)err;
	count->good += part != NULL;
	if (part == NULL && count->bad++ == 0)
		(void)snprintf(count->name, sizeof(count->name), "%s", name);
	return 0;
}

static int check_store(const struct examination *examination, char *detail)
{
	struct store_count count = { 0 };
	cleanup_close int store = -EBADF;
	char path[1024];
	struct err err = { 0 };

	(void)examination;
	int result = toolbox_store_path(path, sizeof(path), &err);
	if (result == 0)
		result = toolbox_folder_open(path, &store, &err);
	if (result == 0)
		result = toolbox_store_each(store, count_entry, &count, &err);
	if (result < 0) {
		(void)snprintf(detail, DETAIL_MAX, "%.200s", err.text);
		return result;
	}
	(void)snprintf(detail, DETAIL_MAX, "%u usable%s%s", count.good, count.bad > 0 ? ", not: " : "", count.name);
	return count.bad > 0 ? -EINVAL : count.good == 0 ? -ENOENT : 0;
}

static int check_memory(const struct examination *examination, char *detail)
{
	cleanup_buffer struct buffer text = { 0 };
	const char *title = "MemAvailable:";

	if (io_read_file_at(examination->host.proc_fd, "meminfo", 65536, &text) < 0)
		return -ENOENT;
	const char *line = strstr(text.data, title);
	unsigned long long available = line == NULL ? 0 : strtoull(line + strlen(title), NULL, 10);
	(void)snprintf(detail, DETAIL_MAX, "%llu MiB available", available >> 10);
	return available >= MEMORY_WANTED_KIB ? 0 : -ENOMEM;
}

static const struct condition conditions[] = {
	{ .name = "procfs",
	  .required = true,
	  .check = check_proc,
	  .use = "the host's processes, in the caller's PID namespace",
	  .without = "no attach" },
	{ .name = "caller",
	  .check = check_caller,
	  .use = "containers of all users",
	  .without = "containers in user namespaces of the caller's own alone, without limits" },
	{ .name = "other processes",
	  .required = true,
	  .check = doctor_check_processes,
	  .use = "containers of other users",
	  .without = "no attach to a process of another user" },
	{ .name = "PID namespace",
	  .check = doctor_check_pid_namespace,
	  .use = "all of the host's containers",
	  .without = "those alone that run in the caller's PID namespace" },
	{ .name = "user namespace",
	  .check = doctor_check_user_namespace,
	  .use = "all of the host's containers",
	  .without = "those alone that belong to the caller's user namespace" },
	{ .name = "host's namespaces",
	  .check = doctor_check_host_namespaces,
	  .use = "what a container shares with the host is known",
	  .without = "network capabilities need --host-net" },
	{ .name = "yama",
	  .check = check_yama,
	  .use = "tracing in a session, reading of seccomp filters",
	  .without = "nothing can be traced until the next boot" },
	{ .name = "no filter of the caller's",
	  .check = check_own_filter,
	  .use = "reading seccomp filters; profile target",
	  .without = "a filter of the container's cannot be copied" },
	{ .name = "security modules",
	  .required = true,
	  .check = check_labels,
	  .use = "the container's label is adopted",
	  .without = "no attach but with --lsm unconfined" },
	{ .name = "own cgroup",
	  .check = doctor_check_own_cgroup,
	  .use = "the session's limits, its end as a whole",
	  .without = "no limits; the session opens what devices the caller may; which is said" },
	{ .name = "pids controller",
	  .check = doctor_check_pids,
	  .use = "at most 512 processes a session",
	  .without = "no such limit" },
	{ .name = "memory controller",
	  .check = doctor_check_memory_controller,
	  .use = "a memory limit of the session's own",
	  .without = "no such limit" },
	{ .name = "freezer",
	  .check = doctor_check_freezer,
	  .use = "no fork bomb outruns the end of a session",
	  .without = "init alone ends it" },
	{ .name = "device control",
	  .check = doctor_check_devices,
	  .use = "the session opens no device but null and the like",
	  .without = "no own cgroup" },
	{ .name = "toolbox",
	  .required = true,
	  .inside = true,
	  .check = check_toolbox,
	  .use = "the tools of a session, mounted for a trial",
	  .without = "no attach" },
	{ .name = "built-in toolbox",
	  .inside = true,
	  .since = "6.16",
	  .check = check_builtin,
	  .use = "mounted out of the program's own file (erofs, fsoffset)",
	  .without = "unpacked into memory for each session: some ms and MiB" },
	{ .name = "toolbox in a user namespace",
	  .check = doctor_check_userns,
	  .use = "containers with a user namespace of their own",
	  .without = "no attach to those" },
	{ .name = "toolbox store",
	  .check = check_store,
	  .use = "more tools than the built-in ones: toolbox build",
	  .without = "the built-in tools alone, or those that are usable" },
	{ .name = "memory",
	  .check = check_memory,
	  .use = "a toolbox that cannot be mounted lies in memory",
	  .without = "an attach may fail for want of memory" },
};

const struct condition_group doctor_host = { "host", conditions, ARRAY_SIZE(conditions) };
