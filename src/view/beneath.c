/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Without pivot_root the root of a mount namespace cannot be got rid of. It can be made worth nothing: no path leads from a
 * mount on top of it to what lies beneath; whoever unmounts that finds a read-only mount, and nothing mounted in it. All
 * of this is our own copy of the mount table: the target's stays as it is.
 */
#include "beneath.h"
#include "remount.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/format/mountinfo.h"
#include "dbgattach/view.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define MOUNTINFO_MAX (64U << 20) /* 100,000 mounts, which fs.mount-max allows, with long names */

/*
 * What is mounted right in the old root goes, and with each all that is mounted below. What may not be unmounted there (a user
 * namespace locks what came with it) stays: it is as read-only as it was, and of the target's own.
 */
static int empty_old_root(char *table, uint64_t old_root, uint64_t new_root)
{
	struct mountinfo mount;
	char *rest;

	for (char *line = strtok_r(table, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		if (mountinfo_parse_line(line, &mount, NULL) < 0)
			return -EBADMSG;
		if (mount.parent == old_root && mount.id != new_root && mount.id != old_root &&
		    umount2(mount.mount_point, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT)
			return -errno;
	}
	return 0;
}

int beneath_leave(int self_fd, struct err *err)
{
	struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
	cleanup_buffer struct buffer table = { 0 };
	uint64_t old_root = 0, new_root = 0;

	/* Our root is still the one beneath: a path that begins with "/" does not see what lies on top of it. */
	cleanup_close int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int new = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int result = old < 0 || new < 0 ? -errno : mount_id(old, "", &old_root);
	if (result == 0)
		result = mount_id(new, "", &new_root);
	if (result == 0)
		result = io_read_file_at(self_fd, "mountinfo", MOUNTINFO_MAX, &table);
	if (result == 0 && PROTECTED(OLD_ROOT))
		result = empty_old_root(table.data, old_root, new_root);
	if (result == 0 && PROTECTED(OLD_ROOT))
		result = view_set_attributes(-EBADF, old, 0, &read_only);
	if (result == -ENOSYS)
		result = view_set_attributes(self_fd, old, 0, &read_only);
	if (result < 0)
		return err_sys(err, result, "emptying the old root");
	return fchdir(new) < 0 || chroot(".") < 0 ? err_sys(err, errno, "chroot into the session's root") : 0;
}
