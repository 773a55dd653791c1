/* SPDX-License-Identifier: Apache-2.0 */
/* One entry for each security module that gives every process a label of its own and lets it be set for an exec. */
#pragma once

#include "dbgattach/privilege.h"

struct lsm {
	const char *name;           /* for people */
	const char *id;             /* in /sys/kernel/security/lsm */
	const char *attributes;     /* its folder below /proc/PID */
	const char *attributes_old; /* on kernels without that one; NULL: there were none */
	/* Asked where that list cannot be read. */
	bool (*is_active)(const struct lsm_sources *sources);
	/* What the kernel shows becomes the bare label, in place. -EBADMSG: that is no label of this module. */
	int (*parse)(char *text);
	/* False: a process with that label is under no policy of this module. */
	bool (*confines)(const char *label);
	/* The label that the target's files have by their mount; "" where there is none. NULL: files have none. */
	void (*read_file_label)(int target_fd, char *out, size_t size);
	const char *exec_prefix; /* before the label in what is written to its attribute "exec" */
};

extern const struct lsm lsm_apparmor, lsm_selinux;

/* A short file, NUL-terminated: its length, or a negative errno; -EFBIG where it does not fit. */
ssize_t lsm_read_file(int dirfd, const char *path, char *out, size_t size);
