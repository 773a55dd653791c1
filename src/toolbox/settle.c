/* SPDX-License-Identifier: Apache-2.0 */
/* The folders of a toolbox's parts: opened where they can be trusted, found again where they can be mounted. */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/toolbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int toolbox_settle(struct toolbox *toolbox, enum toolbox_check check, struct err *err)
{
	for (size_t i = 0; i < toolbox->count; i++) {
		struct toolbox_part *part = &toolbox->parts[i];
		const char *name = part->manifest.name;
		cleanup_close int fd = -EBADF;

		if (part->tree >= 0)
			continue;
		if (part->manifest.images[TOOLBOX_TREE].file == NULL)
			return err_set(err, ERR_UNSUPPORTED,
				       "toolbox %s is an image, and only root can mount one: dbgattach toolbox %s %s "
				       "--format tree makes a folder of it",
				       name, part->manifest.layer ? "add" : "build", name);
		int result = toolbox_image_open(part, TOOLBOX_TREE, &fd, err);
		if (result == 0)
			result = toolbox_verify(part, TOOLBOX_TREE, fd, check, err);
		if (result < 0)
			return err_wrap(err, "toolbox %s", name);
		part->tree = take_fd(fd);
	}
	return 0;
}

/* By its path as the kernel has it; what is found there is used only if it is the same folder. */
static int follow(int *fd)
{
	char link[32], path[PATH_MAX];
	struct stat before, after;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", *fd);
	ssize_t length = readlink(link, path, sizeof(path) - 1);
	if (length < 0 || fstat(*fd, &before) < 0)
		return -errno;
	path[length] = '\0';
	cleanup_close int found = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (found < 0 || fstat(found, &after) < 0)
		return -errno;
	if (before.st_dev != after.st_dev || before.st_ino != after.st_ino)
		return -ESTALE;
	close_quietly(*fd);
	*fd = take_fd(found);
	return 0;
}

int toolbox_follow(struct toolbox *toolbox, struct err *err)
{
	for (size_t i = 0; i < toolbox->count; i++) {
		int result = follow(&toolbox->parts[i].tree);

		if (result < 0)
			return err_sys(err, result, "finding the folder of toolbox %s again",
				       toolbox->parts[i].manifest.name);
	}
	return 0;
}
