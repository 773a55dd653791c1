/* SPDX-License-Identifier: Apache-2.0 */
/* Which namespaces a process is in: the inodes of /proc/PID/ns, without opening one of them. */
#include "kind.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STAT_MAX 4096
#define KERNEL_THREAD 0x00200000 /* PF_KTHREAD, include/linux/sched.h */

/* The link reads "pid:[4026531836]"; readlink needs no open and so takes no reference on the namespace. */
static int read_inode(int proc_fd, const char *name, uint64_t *ret_inode)
{
	char path[32], link[64];

	(void)snprintf(path, sizeof(path), "ns/%s", name);
	ssize_t length = readlinkat(proc_fd, path, link, sizeof(link));
	if (length < 0)
		return -errno;
	size_t prefix = strlen(name) + 2;
	if ((size_t)length <= prefix + 1 || link[length - 1] != ']')
		return -EINVAL;
	return text_u64(link + prefix, (size_t)length - prefix - 1, UINT64_MAX, ret_inode);
}

int ns_set_read(int proc_fd, struct ns_set *ret, struct err *err)
{
	struct ns_set set = { 0 };

	for (int kind = 0; kind < NS_KIND_MAX; kind++) {
		int result = read_inode(proc_fd, ns_kinds[kind].name, &set.inode[kind]);
		if (result == -ENOENT && kind == NS_TIME)
			continue; /* CONFIG_TIME_NS is off */
		if (result < 0)
			return err_sys(err, result, "namespace \"%s\" of the process", ns_kinds[kind].name);
	}
	*ret = set;
	return 0;
}

/* Nothing but the kernel's own threads has this flag, and they are in the first namespaces that there were. -ENOENT: it is none. */
static int check_kernel_thread(int proc_fd, const char *pid)
{
	cleanup_buffer struct buffer text = { 0 };
	char path[32];
	unsigned flags = 0;

	(void)snprintf(path, sizeof(path), "%s/stat", pid);
	cleanup_close int fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* Opening says whether it is closed to the caller. A read that fails is a failure, whatever its number. */
	if (io_read_all(fd, STAT_MAX, &text) < 0)
		return -EIO;
	const char *rest = text.length == 0 ? NULL : strrchr(text.data, ')');
	if (rest == NULL || sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %u", &flags) != 1)
		return -ENOENT;
	return (flags & KERNEL_THREAD) != 0 ? 0 : -ENOENT;
}

/* Not there, or not to be looked at by this caller: another answer than that the asking failed. */
static bool is_closed(int result)
{
	return result == -EACCES || result == -EPERM || result == -ENOENT || result == -ESRCH;
}

/* O_PATH of the /proc/PID of a process that is in the host's namespaces and may be looked at; -ENOENT: there is none. */
static int open_first(int proc_fd)
{
	static const char *const pids[] = { "1", "2" }; /* init; kthreadd, if it is that */
	uint64_t inode;

	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		cleanup_close int fd = openat(proc_fd, pids[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		int result = fd < 0 ? -errno : read_inode(fd, ns_kinds[NS_NET].name, &inode);

		if (result == 0 && i > 0)
			result = check_kernel_thread(proc_fd, pids[i]);
		if (result == 0)
			return take_fd(fd);
		if (!is_closed(result))
			return result;
	}
	return -ENOENT;
}

#define INITIAL_PID_NAMESPACE 0xEFFFFFFCU /* PROC_PID_INIT_INO [include/linux/proc_ns.h] */

int ns_set_read_host(int proc_fd, const struct ns_set *ours, struct ns_set *ret, struct err *err)
{
	cleanup_close int first = open_first(proc_fd);

	if (first >= 0) {
		int result = ns_set_read(first, ret, err);
		/* That of another PID namespace than the initial one is a container's (a pod's that we are in), and so is its tree. */
		if (result == 0 && ret->inode[NS_PID] != INITIAL_PID_NAMESPACE)
			ret->inode[NS_MNT] = 0;
		return result;
	}
	if (first != -ENOENT)
		return err_sys(err, first, "the namespaces of the host's first process");
	*ret = *ours;
	/* A plain user has no power over the host's, whatever his own is. */
	if (geteuid() == 0)
		ret->inode[NS_NET] = 0;
	return 0;
}

void ns_join_host_cgroup(int proc_fd)
{
	uint64_t own = 0, hosts = 0;
	cleanup_close int first = open_first(proc_fd);
	cleanup_close int self = openat(proc_fd, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (first < 0 || self < 0 || read_inode(first, ns_kinds[NS_CGROUP].name, &hosts) < 0 ||
	    read_inode(self, ns_kinds[NS_CGROUP].name, &own) < 0 || own == hosts)
		return;
	cleanup_close int namespace = openat(first, "ns/cgroup", O_RDONLY | O_CLOEXEC);
	if (namespace >= 0)
		(void)setns(namespace, CLONE_NEWCGROUP);
}

unsigned ns_set_differing(const struct ns_set *ours, const struct ns_set *theirs)
{
	unsigned kinds = 0;

	for (int kind = 0; kind < NS_KIND_MAX; kind++)
		if (ours->inode[kind] != theirs->inode[kind])
			kinds |= NS_BIT(kind);
	return kinds;
}
