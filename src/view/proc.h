/* SPDX-License-Identifier: Apache-2.0 */
/* Masking of a procfs. */
#pragma once

#include "dbgattach/base/err.h"

#include <stdbool.h>

/* What covers a masked directory or file: both already in the view, so any kernel can clone them. */
struct proc_covers {
	int empty_dirfd;
	const char *empty_dir;
	int null_dirfd;
	const char *null;
	int self_fd; /* as view_set_attributes() has it */
};

/* Is it the root of a procfs? */
bool proc_is_root(int fd);

/* proc: an fd of the procfs's root in the session's mount namespace. Leaves alone what is masked already. */
int proc_mask(int proc, const struct proc_covers *covers, struct err *err);
