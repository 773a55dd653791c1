/* SPDX-License-Identifier: Apache-2.0 */
/* A toolbox becomes one detached mount with a read-only superblock. Knows nothing of the view it will stand in. */
#pragma once

#include "dbgattach/base/err.h"

#include <stdint.h>
#include <sys/types.h>

/* Where a toolbox is mounted in a session: four bytes, because Debian's own prefixes (/usr, /etc, /lib) have four. */
#define TOOLBOX_PREFIX "/dbg"

struct toolbox_owner {
	int userns_fd;  /* the target's user namespace, whose root the files shall belong to; -EBADF: the initial one */
	uid_t root_uid; /* what that root is in the initial namespace */
	gid_t root_gid;
	const char *context; /* SELinux: the label of every file (mount option context=); NULL: none */
};

/*
 * The toolbox inside this program: its erofs image is mounted straight out of the executable where the kernel can
 * (Linux 6.12 and fsoffset, about 6.16), else unpacked into a tmpfs that is sealed beneath a lower-only overlay. Either way
 * there is nothing that can be made writable: not a read-only bind mount, whose flag CAP_SYS_ADMIN can clear.
 * *ret_how: "erofs" or "overlay". The caller closes *ret_mount_fd.
 */
int toolbox_open_builtin(const struct toolbox_owner *owner, int *ret_mount_fd, const char **ret_how, struct err *err);
