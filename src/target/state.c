/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the trust in the runtimes' files: whoever could write one could send a root session into a process of his
 * choice. So each is opened beneath the host's root, belongs to root (or to the user who was named), and nobody else can
 * write it. A link is followed above the containers' folders only, where root has put it into a folder of its own: such
 * a link is as good as root's configuration. (links.c)
 */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/sys/open.h"
#include "src/target/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_FILE_MAX (4U << 20)
#define FOLDER_ENTRIES_MAX 65536

static int open_failed(const char *path, int errnum, struct err *err)
{
	switch (errnum) {
	case -ENOENT:
		return -ENOENT;
	case -ELOOP:
	case -EXDEV:
		return err_set(err, ERR_REFUSED, "%s: reached by way of a symbolic link, which is not trusted", path);
	default:
		return err_sys(err, errnum, "%s", path);
	}
}

/* Root's; the named user's; and a plain user's own, who can mislead nobody but himself. */
bool state_is_trusted(const struct files *files, uid_t uid)
{
	uid_t caller = geteuid();

	return uid == 0 || uid == files->owner || (caller != 0 && uid == caller);
}

static int check_trust(const struct files *files, const char *path, const struct stat *st, struct err *err)
{
	if (!state_is_trusted(files, st->st_uid))
		return err_set(err, ERR_REFUSED, "%s belongs to user %u, not to root", path, st->st_uid);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return err_set(err, ERR_REFUSED, "%s can be written by others than its owner (mode %04o)", path,
			       (unsigned)st->st_mode & 07777U);
	return 0;
}

static int open_beneath(int dirfd, const char *path, int flags)
{
	return sys_openat2(dirfd, path, flags, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

/* RESOLVE_BENEATH takes no absolute path; those of our tables and of the runtimes' files mean the host's root. */
static const char *relative(const char *path)
{
	path += strspn(path, "/");
	return *path ? path : ".";
}

int state_open_folder(const struct files *files, const char *path, int *ret_fd, struct err *err)
{
	char led[PATH_MAX];
	struct stat st;
	int fd_or = open_beneath(files->host->root_fd, relative(path), O_RDONLY | O_DIRECTORY);

	if (fd_or == -ELOOP) {
		fd_or = links_follow(files, path, led);
		if (fd_or == 0)
			fd_or = open_beneath(files->host->root_fd, relative(led), O_RDONLY | O_DIRECTORY);
	}
	cleanup_close int fd = fd_or;
	if (fd < 0)
		return open_failed(path, fd, err);
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "%s", path);
	int r = check_trust(files, path, &st, err);
	if (r < 0)
		return r;
	*ret_fd = take_fd(fd);
	return 0;
}

/* O_NONBLOCK: a FIFO in the file's place must not stop us before it is looked at. */
static int open_file(int dirfd, const char *path)
{
	return open_beneath(dirfd, relative(path), O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

static int read_opened(const struct files *files, int fd, const char *path, struct buffer *buffer, struct err *err)
{
	struct stat st;

	if (fd < 0)
		return open_failed(path, fd, err);
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_REFUSED, "%s is not a regular file", path);
	int r = check_trust(files, path, &st, err);
	if (r < 0)
		return r;

	r = st.st_size > STATE_FILE_MAX ? -EFBIG : io_read_all(fd, STATE_FILE_MAX, buffer);
	if (r == -EFBIG)
		return err_set(err, ERR_MALFORMED, "%s is larger than %u bytes", path, STATE_FILE_MAX);
	return r < 0 ? err_sys(err, r, "%s", path) : 0;
}

int state_read_at(const struct files *files, int dirfd, const char *path, struct buffer *buffer, struct err *err)
{
	cleanup_close int fd = open_file(dirfd, path);
	return read_opened(files, fd, path, buffer, err);
}

int state_read(const struct files *files, const char *path, struct buffer *buffer, struct err *err)
{
	cleanup_close int fd = open_file(files->host->root_fd, path);
	cleanup_close int folder = -EBADF;
	const char *slash = strrchr(path, '/');
	char above[PATH_MAX];

	if (fd != -ELOOP || slash == NULL || slash == path)
		return read_opened(files, fd, path, buffer, err);
	int r = text_format(above, sizeof(above), "%.*s", (int)(slash - path), path);
	if (r < 0)
		return err_sys(err, r, "%s", path);
	r = state_open_folder(files, above, &folder, err);
	return r < 0 ? r : state_read_at(files, folder, slash + 1, buffer, err);
}

int state_parse_pid(const struct buffer *buffer, pid_t *ret)
{
	size_t length = buffer->length;
	uint64_t pid;

	if (length > 0 && buffer->data[length - 1] == '\n')
		length--;
	if (text_u64(buffer->data, length, INT_MAX, &pid) < 0)
		return -EINVAL;
	*ret = (pid_t)pid;
	return 0;
}

static void close_folder(DIR **folder)
{
	if (*folder)
		(void)closedir(*folder);
}

static int each(int dirfd, bool (*fits)(const char *name),
		int (*visit)(const char *name, void *context, struct err *err), void *context, struct err *err)
{
	__attribute__((cleanup(close_folder))) DIR *folder = NULL;

	cleanup_close int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "opening a folder of containers");
	folder = fdopendir(fd);
	if (!folder)
		return err_sys(err, errno, "reading a folder of containers");
	(void)take_fd(fd);

	for (size_t entries = 0;; entries++) {
		errno = 0;
		const struct dirent *entry = readdir(folder);
		if (!entry)
			return errno ? err_sys(err, errno, "reading a folder of containers") : 0;
		if (entries == FOLDER_ENTRIES_MAX)
			return err_set(err, ERR_MALFORMED, "a folder of containers has more than %d entries",
				       FOLDER_ENTRIES_MAX);
		if (!fits(entry->d_name))
			continue;
		int r = visit(entry->d_name, context, err);
		if (r < 0)
			return r;
	}
}

int state_each_id(int dirfd, int (*visit)(const char *id, void *context, struct err *err), void *context,
		  struct err *err)
{
	return each(dirfd, is_container_id, visit, context, err);
}

int state_each_name(int dirfd, int (*visit)(const char *name, void *context, struct err *err), void *context,
		    struct err *err)
{
	return each(dirfd, reference_name_is_valid, visit, context, err);
}
