/* SPDX-License-Identifier: Apache-2.0 */
/* A file as a block device [loop(4)]. */
#pragma once

/*
 * A read-only loop device over fd, which ends with its last user; /dev needs no more than loop-control. An fd of it, which
 * keeps it alive until it is mounted, or a negative errno. LOOP_CONFIGURE is of Linux 5.8.
 */
int sys_loop_open(int fd);
