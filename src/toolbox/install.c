/* SPDX-License-Identifier: Apache-2.0 */
/* What is put into the store and taken out of it: aside first, then by one rename. */
#include "program.h"
#include "store.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/toolbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK ".lock"
#define REMOVED ".removed"

/* The folders that lead there as well, but for those that are there. */
static int make_folders(const char *path, struct err *err)
{
	cleanup_free char *part = strdup(path);

	if (part == NULL)
		return err_sys(err, ENOMEM, "making %s", path);
	for (char *slash = part; slash != NULL;) {
		slash = strchr(slash + 1, '/');
		if (slash != NULL)
			*slash = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return err_sys(err, errno, "making %s", part);
		if (slash != NULL)
			*slash = '/';
	}
	return 0;
}

int toolbox_store_lock(bool make, int *ret_store, int *ret_lock, struct err *err)
{
	cleanup_close int store = -EBADF;
	char path[1024];
	int result = toolbox_store_path(path, sizeof(path), err);

	if (result == 0 && make)
		result = make_folders(path, err);
	if (result == 0)
		result = toolbox_folder_open(path, &store, err);
	if (result < 0)
		return result;
	cleanup_close int lock = openat(store, LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (lock < 0)
		return err_sys(err, errno, "%s/" LOCK, path);
	if (flock(lock, LOCK_EX | LOCK_NB) < 0)
		return err_set(err, ERR_REFUSED, "another dbgattach is changing the toolboxes in %s just now", path);
	*ret_store = take_fd(store);
	*ret_lock = take_fd(lock);
	return 0;
}

/* rm and cp, and not code of ours: they are on every host, and know all there is to know of folders. */
void toolbox_store_discard(int store, const char *from)
{
	const char *const command[] = { "rm", "-rf", "--", from, NULL };
	struct err ignored;
	int status;

	(void)program_run(command, store, &status, &ignored);
}

int toolbox_store_copy(int store, const char *path, const char *to, struct err *err)
{
	cleanup_free char *real = realpath(path, NULL);
	const char *const command[] = { "cp", "-r", "--no-dereference", "--preserve=mode", "--", real, to, NULL };
	int status = 0;

	if (real == NULL)
		return err_set(err, ERR_NOT_FOUND, "%s is not there", path);
	toolbox_store_discard(store, to);
	int result = program_run(command, store, &status, err);
	if (result == 0 && status != 0)
		result = err_set(err, ERR_SYSTEM, "copying %s failed (cp has said why)", path);
	if (result < 0)
		toolbox_store_discard(store, to);
	return result;
}

int toolbox_store_put(int store, const char *from, char *ret_name, struct err *err)
{
	struct toolbox_part part = TOOLBOX_PART_INIT;
	cleanup_close int folder = -EBADF;
	int result = store_open_at(store, from, O_PATH | O_DIRECTORY, "what was built", &folder, err);

	if (result == 0)
		result = toolbox_part_load(folder, NULL, &part, err);
	if (result == 0 && strcmp(part.manifest.name, TOOLBOX_BUILTIN) == 0)
		result = err_set(err, ERR_REFUSED, TOOLBOX_BUILTIN " is the toolbox inside dbgattach");
	if (result == 0)
		result = toolbox_verify_all(&part, err);
	if (result == 0) {
		(void)snprintf(ret_name, TOOLBOX_NAME_MAX + 1, "%s", part.manifest.name);
		if (renameat2(store, from, store, ret_name, RENAME_NOREPLACE) < 0 &&
		    (errno != EEXIST || renameat2(store, from, store, ret_name, RENAME_EXCHANGE) < 0))
			result = err_sys(err, errno, "installing toolbox %s", ret_name);
	}
	toolbox_part_done(&part);
	toolbox_store_discard(store, from); /* of a failure, or what it was exchanged for */
	return result;
}

int toolbox_store_remove(int store, const char *name, struct err *err)
{
	if (!toolbox_name_is_valid(name))
		return err_set(err, ERR_USAGE, "\"%.64s\" is no name of a toolbox", name);
	toolbox_store_discard(store, REMOVED);
	if (renameat(store, name, store, REMOVED) < 0)
		return errno == ENOENT ? err_set(err, ERR_NOT_FOUND, "no toolbox %s is installed", name) :
					 err_sys(err, errno, "removing toolbox %s", name);
	toolbox_store_discard(store, REMOVED);
	return 0;
}
