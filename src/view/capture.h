/* SPDX-License-Identifier: Apache-2.0 */
/* Cloning what is in a directory of the target's into a directory of ours. */
#pragma once

#include "dbgattach/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct capture_policy {
	const char *where; /* "/" or "/dev", for messages */
	unsigned entries_max;
	bool read_only;
	bool devices; /* what is there may be a device: /dev */
	int self_fd;  /* as view_set_attributes() has it */
	bool sealed;  /* what is cloned has been sealed already */
	/*
	 * Detached clones of source from before the view was mounted on it, or -EBADF: taken where there is no mount_setattr, one to
	 * list and one to clone from.
	 */
	int to_list, to_clone;
	/* Names that are not captured because the view has its own. NULL-terminated. */
	const char *const *skip;
};

/*
 * Every entry of source but those skipped, as a private clone, into destination. Symlinks are copied. An entry that
 * vanishes meanwhile is left out. source: a directory fd in the session's own mount namespace.
 */
int capture_children(int source, int destination, const struct capture_policy *policy, struct err *err);

/* One clone of name beneath source, moved to name beneath destination. -ENOENT (without text) where there is none. */
int capture_entry(int source, int destination, const char *name, const struct capture_policy *policy);
