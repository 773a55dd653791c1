/* SPDX-License-Identifier: Apache-2.0 */
/* A file as a block device [loop(4)]. */
#pragma once

/*
 * A read-only loop device over fd, which ends with its last user. The device's number in *ret_number and an fd of it, or a
 * negative errno: the fd keeps it alive until it is mounted. LOOP_CONFIGURE is of Linux 5.8.
 */
int sys_loop_open(int fd, unsigned *ret_number);
