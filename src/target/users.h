/* SPDX-License-Identifier: Apache-2.0 */
/* Whose containers are meant, and where a user's runtimes keep their files. */
#pragma once

#include "src/target/runtime.h"

struct user_folders {
	uid_t uid;           /* 0: root's are meant, and the rest is empty */
	char data[PATH_MAX]; /* ~/.local/share */
	char run[PATH_MAX];  /* /run/user/UID */
};

/*
 * RUNTIME:USER/REF names a user; else a plain user means himself, and root means root's.
 * A plain user who names another: ERR_DENIED. XDG_DATA_HOME and XDG_RUNTIME_DIR are the caller's, and count for him alone.
 */
int users_find(const struct search *search, struct user_folders *ret, struct err *err);

/*
 * Whether the outermost user namespace of the process belongs to uid; root's may be in none of its own. A user's files, and
 * the cgroups that he may make, can name any process and any id; but only his own processes are in there. ERR_REFUSED.
 */
int users_check_process(const struct pin *pin, uid_t uid, struct err *err);
