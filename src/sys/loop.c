/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/sys/loop.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/sys/mount_api.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define ATTEMPTS 64 /* a free number is only free until somebody else takes it */

/* By a node of our own: a container's /dev, or a chroot's, has those of the host's devices that were there when it was made. */
static int open_device(int number)
{
	cleanup_close int fs = sys_fsopen("tmpfs");
	int result = fs < 0 ? fs : sys_fsconfig_create(fs);
	cleanup_close int folder = result < 0 ? result : sys_fsmount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);

	if (folder < 0)
		return folder;
	if (mknodat(folder, "loop", S_IFBLK | 0600, makedev(LOOP_MAJOR, (unsigned)number)) < 0)
		return -errno;
	int device = openat(folder, "loop", O_RDONLY | O_CLOEXEC);
	return device < 0 ? -errno : device;
}

int sys_loop_open(int fd)
{
	cleanup_close int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	struct loop_config config = {
		.fd = (unsigned)fd,
		.info = { .lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR },
	};

	if (control < 0)
		return -errno;
	for (int i = 0; i < ATTEMPTS; i++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE);

		if (number < 0)
			return -errno;
		cleanup_close int device = open_device(number);
		if (device < 0)
			return device;
		if (ioctl(device, LOOP_CONFIGURE, &config) == 0)
			return take_fd(device);
		if (errno != EBUSY)
			return -errno;
	}
	return -EBUSY;
}
