/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recreates the toolbox from its index: one line a file, directory or link, parents first; the bytes of a file lie in one
 * piece in the (uncompressed) erofs image, so the program carries them once. Index and image are made by toolbox/mkindex.
 */
#include "unpack.h"

#include "embedded.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/text.h"
#include "dbgattach/sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_FIELD "%255s"

struct entry {
	char kind, path[256], link[256];
	unsigned mode;
	size_t offset, length;
};

static int parse_entry(const char *line, struct entry *entry)
{
	switch (line[0]) {
	case 'd':
		return sscanf(line, "%c %o " PATH_FIELD, &entry->kind, &entry->mode, entry->path) == 3 ? 0 : -EINVAL;
	case 'l':
		return sscanf(line, "%c " PATH_FIELD " " PATH_FIELD, &entry->kind, entry->link, entry->path) == 3 ?
			       0 :
			       -EINVAL;
	case 'f':
		if (sscanf(line, "%c %o %zu %zu " PATH_FIELD, &entry->kind, &entry->mode, &entry->offset,
			   &entry->length, entry->path) != 5)
			return -EINVAL;
		return entry->offset <= toolbox_image_size() && entry->length <= toolbox_image_size() - entry->offset ?
			       0 :
			       -EINVAL;
	default:
		return -EINVAL;
	}
}

static int make_file(int root, const struct entry *entry)
{
	cleanup_close int fd = openat(root, entry->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	int result = io_write_all(fd, toolbox_image_start + entry->offset, entry->length);
	if (result == 0 && fchmod(fd, entry->mode) < 0)
		result = -errno;
	return result;
}

static int make_entry(int root, const struct entry *entry)
{
	if (entry->kind == 'f')
		return make_file(root, entry);
	if (entry->kind == 'l')
		return symlinkat(entry->link, root, entry->path) < 0 ? -errno : 0;
	return mkdirat(root, entry->path, entry->mode) < 0 ? -errno : 0;
}

static int unpack(int folder, struct err *err)
{
	char line[600];

	if (mkdirat(folder, UNPACK_TREE, 0755) < 0 || mkdirat(folder, UNPACK_EMPTY, 0755) < 0)
		return err_sys(err, errno, "unpacking the toolbox");
	cleanup_close int root = openat(folder, UNPACK_TREE, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(err, errno, "unpacking the toolbox");
	for (const char *next = toolbox_index_start; next < toolbox_index_end;) {
		const char *end = memchr(next, '\n', (size_t)(toolbox_index_end - next));
		struct entry entry = { 0 };

		if (end == NULL || text_format(line, sizeof(line), "%.*s", (int)(end - next), next) < 0 ||
		    parse_entry(line, &entry) < 0)
			return err_set(err, ERR_MALFORMED, "the built-in toolbox's index is damaged");
		int result = make_entry(root, &entry);
		if (result < 0)
			return err_sys(err, result, "unpacking %s of the toolbox", entry.path);
		next = end + 1;
	}
	return 0;
}

struct task {
	int folder;
	struct err *err;
};

static int unpack_task(void *context)
{
	const struct task *task = context;

	return unpack(task->folder, task->err);
}

int unpack_toolbox(int folder, const struct toolbox_owner *owner, struct err *err)
{
	struct err why = { 0 };
	struct task task = { folder, &why };
	/* Theirs from the beginning: to give it away would need CAP_CHOWN. */
	int result = sys_act_as(owner->root_uid, owner->root_gid, unpack_task, &task);

	if (result < 0 && why.kind == ERR_NONE)
		return err_sys(err, result, "unpacking the toolbox");
	if (result < 0)
		*err = why;
	return result;
}
