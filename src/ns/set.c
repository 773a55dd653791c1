/* SPDX-License-Identifier: Apache-2.0 */
/* Which namespaces a process is in: the inodes of /proc/PID/ns, without opening one of them. */
#include "kind.h"

#include "dbgattach/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

unsigned ns_set_differing(const struct ns_set *ours, const struct ns_set *theirs)
{
	unsigned kinds = 0;

	for (int kind = 0; kind < NS_KIND_MAX; kind++)
		if (ours->inode[kind] != theirs->inode[kind])
			kinds |= NS_BIT(kind);
	return kinds;
}
