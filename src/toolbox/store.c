/* SPDX-License-Identifier: Apache-2.0 */
/* Where toolboxes are kept, and who may have written them. */
#include "store.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/text.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/toolbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define ENTRIES_MAX 256

#if defined(__x86_64__)
#define ARCHITECTURE "amd64"
#elif defined(__aarch64__)
#define ARCHITECTURE "arm64"
#else
#define ARCHITECTURE "unknown"
#endif

int toolbox_store_path(char *out, size_t size, struct err *err)
{
	const struct {
		const char *base, *below;
	} places[] = {
		{ getenv("DBGATTACH_STORE"), "" },
		{ geteuid() == 0 ? "/var/lib" : NULL, "/dbgattach/toolbox" },
		{ getenv("XDG_DATA_HOME"), "/dbgattach/toolbox" },
		{ getenv("HOME"), "/.local/share/dbgattach/toolbox" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (places[i].base == NULL || places[i].base[0] != '/')
			continue;
		if (text_format(out, size, "%s%s", places[i].base, places[i].below) < 0)
			return err_set(err, ERR_USAGE, "the store of toolboxes has too long a path");
		return 0;
	}
	return err_set(err, ERR_USAGE, "no place for toolboxes: HOME is not set (DBGATTACH_STORE names a folder)");
}

/* A sticky folder keeps others from replacing what is in it; what is in it is looked at by itself. */
static bool is_ours_alone(const struct stat *stat)
{
	if (stat->st_uid != 0 && stat->st_uid != geteuid())
		return false;
	return (stat->st_mode & (S_IWGRP | S_IWOTH)) == 0 || (S_ISDIR(stat->st_mode) && (stat->st_mode & S_ISVTX) != 0);
}

int store_open_at(int dirfd, const char *name, int flags, const char *shown, int *ret_fd, struct err *err)
{
	cleanup_close int fd = openat(dirfd, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat stat;

	if (fd < 0 && errno == ENOENT)
		return err_set(err, ERR_NOT_FOUND, "%s is not there", shown);
	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return err_set(err, ERR_REFUSED, "%s is a link, or not the kind of file that it should be", shown);
	if (fd < 0)
		return err_sys(err, errno, "%s", shown);
	if (fstat(fd, &stat) < 0)
		return err_sys(err, errno, "%s", shown);
	if (!S_ISDIR(stat.st_mode) && !S_ISREG(stat.st_mode))
		return err_set(err, ERR_REFUSED, "%s is neither a file nor a folder", shown);
	if (!is_ours_alone(&stat) && PROTECTED(STORE_OWNER))
		return err_set(err, ERR_REFUSED,
			       "%s can be written by others (uid %u, mode %04o): chown root, chmod go-w", shown,
			       stat.st_uid, stat.st_mode & 07777);
	*ret_fd = take_fd(fd);
	return 0;
}

/* Links on the way are followed first: each lies in a folder that is looked at as well, or it could not be trusted anyway. */
int toolbox_folder_open(const char *path, int *ret_fd, struct err *err)
{
	cleanup_free char *real = realpath(path, NULL);
	cleanup_close int fd = -EBADF;

	if (real == NULL)
		return errno == ENOENT || errno == ENOTDIR ? err_set(err, ERR_NOT_FOUND, "%s is not there", path) :
							     err_sys(err, errno, "%s", path);
	int result = store_open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY, "/", &fd, err);
	for (char *next = real + 1; result == 0 && *next != '\0';) {
		size_t length = strcspn(next, "/");
		char name[NAME_MAX + 1];
		int below = -EBADF;

		(void)snprintf(name, sizeof(name), "%.*s", (int)length, next);
		next += length;
		bool last = *next == '\0';
		*next = '\0'; /* real is the path so far: what a message shows */
		result = store_open_at(fd, name, O_PATH | O_DIRECTORY, real, &below, err);
		close_quietly(take_fd(fd));
		fd = below;
		if (!last)
			*next++ = '/';
	}
	if (result == 0)
		*ret_fd = take_fd(fd);
	return result;
}

/* ---- entries ----------------------------------------------------------------------------------------------------- */

static int check_manifest(const struct toolbox_manifest *manifest, const char *name, struct err *err)
{
	if (name != NULL && strcmp(manifest->name, name) != 0)
		return err_set(err, ERR_MALFORMED, "toolbox.json is that of %s", manifest->name);
	if (strcmp(manifest->prefix, TOOLBOX_PREFIX) != 0)
		return err_set(err, ERR_UNSUPPORTED, "made for another prefix than " TOOLBOX_PREFIX);
	if (strcmp(manifest->architecture, ARCHITECTURE) != 0)
		return err_set(err, ERR_UNSUPPORTED, "made for %.32s; this is " ARCHITECTURE, manifest->architecture);
	return 0;
}

static int load(int folder, const char *name, struct toolbox_part *part, struct err *err)
{
	cleanup_buffer struct buffer text = { 0 };
	cleanup_close int file = -EBADF;
	int result =
		store_open_at(folder, name == NULL ? "." : name, O_PATH | O_DIRECTORY, "its folder", &part->dir, err);

	if (result < 0)
		return result;
	result = store_open_at(part->dir, "toolbox.json", O_RDONLY, "toolbox.json", &file, err);
	/* Not the same as an entry that is not there. */
	if (result < 0 && err->kind == ERR_NOT_FOUND)
		return err_set(err, ERR_MALFORMED, "toolbox.json is not there");
	if (result < 0)
		return result;
	result = io_read_all(file, TOOLBOX_MANIFEST_MAX, &text);
	if (result < 0)
		return err_sys(err, result, "reading toolbox.json");
	result = toolbox_manifest_parse(text.data, text.length, &part->manifest, err);
	return result < 0 ? err_wrap(err, "toolbox.json") : check_manifest(&part->manifest, name, err);
}

int toolbox_part_load(int folder, const char *name, struct toolbox_part *ret, struct err *err)
{
	struct toolbox_part part = TOOLBOX_PART_INIT;

	if (name != NULL && !toolbox_name_is_valid(name))
		return err_set(err, ERR_USAGE,
			       "\"%.64s\" is no name of a toolbox: a-z, 0-9, + . and - (or a path, with a /)", name);
	int result = load(folder, name, &part, err);
	if (result < 0) {
		toolbox_part_done(&part);
		return result;
	}
	*ret = part;
	return 0;
}

void toolbox_part_done(struct toolbox_part *part)
{
	close_quietly(take_fd(part->dir));
	close_quietly(take_fd(part->tree));
	toolbox_manifest_done(&part->manifest);
}

/* ---- all of them --------------------------------------------------------------------------------------------------- */

static int is_entry(const struct dirent *entry)
{
	return toolbox_name_is_valid(entry->d_name);
}

int toolbox_store_each(int store, toolbox_visit *visit, void *context, struct err *err)
{
	struct dirent **names = NULL;
	int result = 0, count = scandirat(store, ".", &names, is_entry, alphasort);

	if (count < 0)
		return err_sys(err, errno, "listing the store of toolboxes");
	if (count > ENTRIES_MAX)
		result = err_set(err, ERR_REFUSED, "more than %d entries in the store of toolboxes", ENTRIES_MAX);
	for (int i = 0; i < count; i++) {
		struct toolbox_part part = TOOLBOX_PART_INIT;
		struct err why = { 0 };

		if (result == 0) {
			bool usable = toolbox_part_load(store, names[i]->d_name, &part, &why) == 0;

			result = visit(names[i]->d_name, usable ? &part : NULL, &why, context, err);
			toolbox_part_done(&part);
		}
		free(names[i]);
	}
	free(names);
	return result;
}
