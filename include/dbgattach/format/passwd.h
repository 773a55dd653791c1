/* SPDX-License-Identifier: Apache-2.0 */
/*
 * passwd(5) of a target, read as hostile bytes: never by NSS, never a numeric *name* (CVE-2016-3697), and a line that
 * is not well formed is skipped, not guessed at.
 */
#pragma once

#include "dbgattach/base/err.h"

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PASSWD_FILE_MAX (1U << 20)

struct user_spec {
	char name[256]; /* "" when an id was given */
	uid_t uid;      /* (uid_t)-1 when a name was given */
	gid_t gid;      /* (gid_t)-1: not given */
};

/* "UID", "UID:GID", "NAME". Not "root" and "target": those are words of the command line, not of this format. */
int user_spec_parse(const char *text, struct user_spec *ret, struct err *err);

/* uid and primary gid of name. ERR_NOT_FOUND where no well-formed line has it. */
int passwd_find(const char *bytes, size_t length, const char *name, uid_t *ret_uid, gid_t *ret_gid, struct err *err);

struct passwd_user {
	uid_t uid;
	char home[PATH_MAX]; /* absolute */
};

/* Of the host's own file: a name, or a uid in digits. ERR_NOT_FOUND where no well-formed line has it, and an absolute home. */
int passwd_find_user(const char *bytes, size_t length, const char *user, struct passwd_user *ret, struct err *err);
