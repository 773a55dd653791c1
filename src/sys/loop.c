/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/sys/loop.h"

#include "dbgattach/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <sys/ioctl.h>

#define ATTEMPTS 64 /* a free number is only free until somebody else takes it */

int sys_loop_open(int fd, unsigned *ret_number)
{
	cleanup_close int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	struct loop_config config = {
		.fd = (unsigned)fd,
		.info = { .lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR },
	};

	if (control < 0)
		return -errno;
	for (int i = 0; i < ATTEMPTS; i++) {
		char path[32];
		int number = ioctl(control, LOOP_CTL_GET_FREE);

		if (number < 0)
			return -errno;
		(void)snprintf(path, sizeof(path), "/dev/loop%d", number);
		cleanup_close int device = open(path, O_RDONLY | O_CLOEXEC);
		if (device < 0)
			return -errno;
		if (ioctl(device, LOOP_CONFIGURE, &config) == 0) {
			*ret_number = (unsigned)number;
			return take_fd(device);
		}
		if (errno != EBUSY)
			return -errno;
	}
	return -EBUSY;
}
