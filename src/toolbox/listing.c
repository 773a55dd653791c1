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
#include <stdlib.h>
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

struct entry {
	char *path, *line;
};

struct walk {
	bool stamps;
	struct entry *entries;
	size_t count, capacity;
	struct err *err;
};

static void walk_done(struct walk *walk)
{
	for (size_t i = 0; i < walk->count; i++) {
		free(walk->entries[i].path);
		free(walk->entries[i].line);
	}
	free(walk->entries);
}

/* Takes line, also on failure. */
static int add(struct walk *walk, const char *path, char *line)
{
	if (walk->count == walk->capacity) {
		size_t capacity = walk->capacity == 0 ? 1024 : 2 * walk->capacity;
		struct entry *entries = reallocarray(walk->entries, capacity, sizeof(*entries));

		if (entries == NULL) {
			free(line);
			return -ENOMEM;
		}
		walk->entries = entries;
		walk->capacity = capacity;
	}
	struct entry entry = { strdup(path), line };
	if (entry.path == NULL || line == NULL) {
		free(entry.path);
		free(line);
		return -ENOMEM;
	}
	walk->entries[walk->count++] = entry;
	return 0;
}

static char *stamp_line(const struct stat *stat, const char *path)
{
	return text_printf("%o %llu %lld %lld.%09ld %lld.%09ld %s\n", stat->st_mode, (unsigned long long)stat->st_ino,
			   (long long)stat->st_size, (long long)stat->st_mtim.tv_sec, stat->st_mtim.tv_nsec,
			   (long long)stat->st_ctim.tv_sec, stat->st_ctim.tv_nsec, path);
}

static int content_line(int parent, const char *name, const struct stat *stat, const char *path, char **ret)
{
	char link[PATH_MAX], text[HASH_TEXT_SIZE];
	struct sha256_ctx hash;

	if (S_ISDIR(stat->st_mode)) {
		*ret = text_printf("d %s\n", path);
		return 0;
	}
	if (S_ISLNK(stat->st_mode)) {
		ssize_t length = readlinkat(parent, name, link, sizeof(link));

		if (length < 0)
			return -errno;
		*ret = text_printf("l %.*s %s\n", (int)length, link, path);
		return 0;
	}
	cleanup_close int fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	sha256_init(&hash);
	int result = hash_file(fd, &hash);
	if (result < 0)
		return result;
	hash_text(&hash, text);
	*ret = text_printf("f %o %s %s\n", stat->st_mode & 07777, text, path);
	return 0;
}

static int walk_folder(struct walk *walk, int folder, const char *path, unsigned depth);

/* name: in folder; path: from the top. */
static int walk_entry(struct walk *walk, int folder, const char *name, const char *path, unsigned depth)
{
	cleanup_close int fd = -EBADF;
	struct stat stat;
	char *line = NULL;
	int result = 0;

	if (walk->count > ENTRIES_MAX || depth == 0)
		return err_set(walk->err, ERR_REFUSED, "%s: the folder is too large or too deep for a toolbox", path);
	if (fstatat(folder, name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(walk->err, errno, "%s", path);
	if (!S_ISLNK(stat.st_mode))
		result = store_open_at(folder, name, O_PATH, path, &fd, walk->err);
	if (result < 0)
		return result;
	if (walk->stamps)
		line = stamp_line(&stat, path);
	else
		result = content_line(folder, name, &stat, path, &line);
	if (result == 0)
		result = add(walk, path, line);
	if (result < 0)
		return err_sys(walk->err, result, "%s", path);
	return S_ISDIR(stat.st_mode) ? walk_folder(walk, fd, path, depth - 1) : 0;
}

static int walk_folder(struct walk *walk, int folder, const char *path, unsigned depth)
{
	const char *prefix = strcmp(path, ".") == 0 ? "" : path;
	cleanup_close int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *names = fd < 0 ? NULL : fdopendir(fd);
	int result = 0;

	if (names == NULL)
		return err_sys(walk->err, errno, "%s", path);
	fd = -EBADF; /* the stream's now */
	for (const struct dirent *entry; result == 0 && (errno = 0, entry = readdir(names)) != NULL;) {
		char below[PATH_MAX];

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		result = text_format(below, sizeof(below), "%s%s%s", prefix, *prefix == '\0' ? "" : "/", entry->d_name);
		result = result < 0 ? err_set(walk->err, ERR_REFUSED, "%s: the path is too long", path) :
				      walk_entry(walk, folder, entry->d_name, below, depth);
	}
	if (result == 0 && errno != 0)
		result = err_sys(walk->err, errno, "%s", path);
	(void)closedir(names);
	return result;
}

static int by_path(const void *left, const void *right)
{
	return strcmp(((const struct entry *)left)->path, ((const struct entry *)right)->path);
}

int listing_hash(int folder, bool stamps, struct sha256_ctx *hash, struct err *err)
{
	__attribute__((cleanup(walk_done))) struct walk walk = { .stamps = stamps, .err = err };
	int result = walk_entry(&walk, folder, ".", ".", DEPTH_MAX);

	if (result < 0)
		return result;
	qsort(walk.entries, walk.count, sizeof(*walk.entries), by_path);
	for (size_t i = 0; i < walk.count; i++)
		sha256_update(hash, strlen(walk.entries[i].line), (const uint8_t *)walk.entries[i].line);
	return 0;
}
