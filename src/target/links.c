/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns which symbolic links are followed on the way to a runtime's folder: those that root made in a folder which only
 * root can write ("/var/lib/docker" on another disk). Opens nothing for reading.
 */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/text.h"
#include "dbgattach/sys/open.h"
#include "src/target/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>

#define LINKS_MAX 16

static int open_plain(const struct files *files, const char *path, int flags)
{
	path += strspn(path, "/");
	return sys_openat2(files->host->root_fd, *path ? path : ".", O_PATH | flags, 0,
			   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

/* Nobody but root may be able to put it there. */
static bool is_trusted_link(const struct files *files, const char *folder, int link)
{
	struct stat st;
	cleanup_close int above = open_plain(files, folder, O_DIRECTORY);

	if (above < 0 || fstat(above, &st) < 0 || !state_is_trusted(files, st.st_uid) ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return false;
	return fstat(link, &st) == 0 && state_is_trusted(files, st.st_uid);
}

/* "a/b" and "../c" give "a/c"; ".." anywhere else could be meant to climb out of another link, and is not resolved. */
static int join(const char *folder, const char *target, const char *rest, char out[PATH_MAX])
{
	char above[PATH_MAX];
	int r = text_format(above, sizeof(above), "%s", target[0] == '/' ? "" : folder);

	while (r == 0 && text_starts(target, "../")) {
		char *slash = strrchr(above, '/');
		if (slash == NULL)
			return -ELOOP;
		*slash = '\0';
		target += strlen("../");
	}
	if (r < 0 || strstr(target, "..") != NULL)
		return -ELOOP;
	return text_format(out, PATH_MAX, "%s/%s%s", above, target, rest);
}

/* Replaces the first link of path by what it says. 0: done; 1: there was none. */
static int follow_one(const struct files *files, const char *path, char out[PATH_MAX])
{
	for (const char *end = path; *end != '\0';) {
		char front[PATH_MAX], folder[PATH_MAX], target[PATH_MAX];
		struct stat st;

		end += strspn(end, "/");
		end += strcspn(end, "/");
		if (text_format(front, sizeof(front), "%.*s", (int)(end - path), path) < 0)
			return -ELOOP;
		cleanup_close int fd = open_plain(files, front, O_NOFOLLOW);
		if (fd < 0 || fstat(fd, &st) < 0)
			return fd < 0 ? fd : -errno;
		if (!S_ISLNK(st.st_mode))
			continue;
		const char *slash = strrchr(front, '/');
		if (slash == NULL || text_format(folder, sizeof(folder), "%.*s", (int)(slash - front), front) < 0)
			return -ELOOP;
		if (!is_trusted_link(files, folder, fd))
			return -ELOOP;
		ssize_t length = readlinkat(fd, "", target, sizeof(target) - 1);
		if (length <= 0)
			return -ELOOP;
		target[length] = '\0';
		return join(folder, target, end, out) < 0 ? -ELOOP : 0;
	}
	return 1;
}

int links_follow(const struct files *files, const char *path, char ret[PATH_MAX])
{
	char here[PATH_MAX];
	int r = text_format(here, sizeof(here), "%s%s", path[0] == '/' ? "" : "/", path);

	for (int links = 0; r == 0 && links < LINKS_MAX; links++) {
		r = follow_one(files, here, ret);
		if (r == 0)
			memcpy(here, ret, sizeof(here));
	}
	if (r == 1)
		memcpy(ret, here, sizeof(here));
	return r == 1 ? 0 : r < 0 ? r : -ELOOP;
}
