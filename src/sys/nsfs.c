/* SPDX-License-Identifier: Apache-2.0 */
/* One function an ioctl of nsfs; no decisions here. */
#include "dbgattach/sys/nsfs.h"

#include <errno.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>

int sys_nsfs_parent(int fd)
{
	int parent = ioctl(fd, NS_GET_PARENT);
	return parent < 0 ? -errno : parent;
}

int sys_nsfs_owner(int fd, uid_t *ret_uid)
{
	return ioctl(fd, NS_GET_OWNER_UID, ret_uid) < 0 ? -errno : 0;
}
