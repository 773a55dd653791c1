/* SPDX-License-Identifier: Apache-2.0 */
/* openat2(2): raw, because glibc has no wrapper before 2.43. */
#pragma once

#include <stdint.h>

/* A close-on-exec fd, or a negative errno. resolve: RESOLVE_* of <linux/openat2.h>. */
int sys_openat2(int dirfd, const char *path, int flags, uint64_t mode, uint64_t resolve);
