/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the walk over a toolbox that is a plain folder, and the hashing. */
#include "listing.h"
#include "store.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536
#define DEPTH_MAX 32
#define ENTRIES_MAX 100000

void hash_text(struct sha256_ctx *hash, char text[static HASH_TEXT_SIZE])
{
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_digest(hash, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		(void)snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

int hash_file(int fd, struct sha256_ctx *hash)
{
	cleanup_free uint8_t *chunk = malloc(CHUNK);
	off_t offset = 0;

	if (chunk == NULL)
		return -ENOMEM;
	for (;;) {
		ssize_t length = pread(fd, chunk, CHUNK, offset);

		if (length < 0 && errno == EINTR)
			continue;
		if (length <= 0)
			return length < 0 ? -errno : 0;
		sha256_update(hash, (size_t)length, chunk);
		offset += length;
	}
}

struct walk {
	struct sha256_ctx *hash;
	bool stamps;
	size_t entries;
	struct err *err;
};

static void add_line(const struct walk *walk, const char *line)
{
	sha256_update(walk->hash, strlen(line), (const uint8_t *)line);
}

static int add_stamp(const struct walk *walk, const struct stat *stat, const char *path)
{
	char line[PATH_MAX + 160];

	int result =
		text_format(line, sizeof(line), "%o %llu %lld %lld.%09ld %lld.%09ld %s\n", stat->st_mode,
			    (unsigned long long)stat->st_ino, (long long)stat->st_size, (long long)stat->st_mtim.tv_sec,
			    stat->st_mtim.tv_nsec, (long long)stat->st_ctim.tv_sec, stat->st_ctim.tv_nsec, path);
	if (result == 0)
		add_line(walk, line);
	return result;
}

static int add_content(const struct walk *walk, int parent, const char *name, const struct stat *stat, const char *path)
{
	char line[2 * PATH_MAX + 96], link[PATH_MAX], text[HASH_TEXT_SIZE];
	struct sha256_ctx hash;

	if (S_ISDIR(stat->st_mode)) {
		(void)snprintf(line, sizeof(line), "d %s\n", path);
	} else if (S_ISLNK(stat->st_mode)) {
		ssize_t length = readlinkat(parent, name, link, sizeof(link) - 1);

		if (length < 0)
			return -errno;
		link[length] = '\0';
		(void)snprintf(line, sizeof(line), "l %s %s\n", link, path);
	} else {
		cleanup_close int fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0)
			return -errno;
		sha256_init(&hash);
		int result = hash_file(fd, &hash);
		if (result < 0)
			return result;
		hash_text(&hash, text);
		(void)snprintf(line, sizeof(line), "f %o %s %s\n", stat->st_mode & 07777, text, path);
	}
	add_line(walk, line);
	return 0;
}

static int is_real(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int walk_folder(struct walk *walk, int folder, const char *path, unsigned depth);

static int walk_entry(struct walk *walk, int folder, const char *name, const char *path, unsigned depth)
{
	cleanup_close int fd = -EBADF;
	struct stat stat;

	if (++walk->entries > ENTRIES_MAX || depth == 0)
		return err_set(walk->err, ERR_REFUSED, "%s: the folder is too large or too deep for a toolbox", path);
	if (fstatat(folder, name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(walk->err, errno, "%s", path);
	if (!S_ISLNK(stat.st_mode)) {
		int result = store_open_at(folder, name, O_PATH, path, &fd, walk->err);
		if (result < 0)
			return result;
	}
	int result = walk->stamps ? add_stamp(walk, &stat, path) : add_content(walk, folder, name, &stat, path);
	if (result < 0)
		return err_sys(walk->err, result, "%s", path);
	return S_ISDIR(stat.st_mode) ? walk_folder(walk, fd, path, depth - 1) : 0;
}

/* Depth first, each folder in the order of bytes, which is not that of whole paths: "a-b" comes before "a/b" there. */
static int walk_folder(struct walk *walk, int folder, const char *path, unsigned depth)
{
	struct dirent **names = NULL;
	int result = 0, count = scandirat(folder, ".", &names, is_real, alphasort);

	if (count < 0)
		return err_sys(walk->err, errno, "%s", path);
	for (int i = 0; i < count; i++) {
		char below[PATH_MAX];

		if (result == 0 && text_format(below, sizeof(below), "%s%s%s", strcmp(path, ".") == 0 ? "" : path,
					       strcmp(path, ".") == 0 ? "" : "/", names[i]->d_name) < 0)
			result = err_set(walk->err, ERR_REFUSED, "%s: the path is too long", path);
		if (result == 0)
			result = walk_entry(walk, folder, names[i]->d_name, below, depth);
		free(names[i]);
	}
	free(names);
	return result;
}

int listing_hash(int folder, bool stamps, struct sha256_ctx *hash, struct err *err)
{
	struct walk walk = { .hash = hash, .stamps = stamps, .err = err };
	struct stat stat;

	if (fstat(folder, &stat) < 0)
		return err_sys(err, errno, "the toolbox's folder");
	if (!stamps)
		add_line(&walk, "d .\n");
	else if (add_stamp(&walk, &stat, ".") < 0)
		return err_set(err, ERR_SYSTEM, "the toolbox's folder");
	return walk_folder(&walk, folder, ".", DEPTH_MAX);
}
