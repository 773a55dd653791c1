/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is an image what was built? Hashing takes 30 ms for the 42 MB of core, ten times an attach; so what was once found good is
 * remembered beside it, with the file's inode, size and times. Whoever can change a file without a trace in its ctime is root.
 */
#include "listing.h"
#include "store.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/text.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/toolbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CACHE "verified"
#define CACHE_MAX 4096
#define CACHE_LINE_MAX 256

int toolbox_image_open(const struct toolbox_part *part, enum toolbox_format format, int *ret_fd, struct err *err)
{
	const char *file = part->manifest.images[format].file;

	return store_open_at(part->dir, file, toolbox_format_is_folder(format) ? O_RDONLY | O_DIRECTORY : O_RDONLY,
			     file, ret_fd, err);
}

/* "FORMAT DIGEST FINGERPRINT\n": what is remembered of something good. */
static int cache_line(const struct toolbox_part *part, enum toolbox_format format, int fd,
		      char line[static CACHE_LINE_MAX], struct err *err)
{
	const struct toolbox_image *image = &part->manifest.images[format];
	char text[HASH_TEXT_SIZE], stamp[160];
	struct sha256_ctx hash;
	struct stat stat;
	int result = 0;

	sha256_init(&hash);
	if (toolbox_format_is_folder(format)) {
		result = listing_hash(fd, true, &hash, err);
	} else if (fstat(fd, &stat) < 0) {
		result = err_sys(err, errno, "%s", image->file);
	} else {
		result = text_format(stamp, sizeof(stamp), "%llu %lld %lld.%09ld %lld.%09ld",
				     (unsigned long long)stat.st_ino, (long long)stat.st_size,
				     (long long)stat.st_mtim.tv_sec, stat.st_mtim.tv_nsec,
				     (long long)stat.st_ctim.tv_sec, stat.st_ctim.tv_nsec);
		sha256_update(&hash, strlen(stamp), (const uint8_t *)stamp);
	}
	if (result < 0)
		return result;
	hash_text(&hash, text);
	return text_format(line, CACHE_LINE_MAX, "%s %s %s\n", toolbox_format_name(format),
			   image->sha256 == NULL ? part->manifest.digest : image->sha256, text);
}

static bool is_remembered(const struct toolbox_part *part, enum toolbox_format format, int fd)
{
	cleanup_buffer struct buffer cache = { 0 };
	cleanup_close int file = -EBADF;
	char line[CACHE_LINE_MAX];
	struct err ignored;

	if (store_open_at(part->dir, CACHE, O_RDONLY, CACHE, &file, &ignored) < 0 ||
	    io_read_all(file, CACHE_MAX, &cache) < 0 || cache.data == NULL ||
	    cache_line(part, format, fd, line, &ignored) < 0)
		return false;
	return strstr(cache.data, line) != NULL;
}

static int verify_content(const struct toolbox_part *part, enum toolbox_format format, int fd, struct err *err)
{
	const struct toolbox_image *image = &part->manifest.images[format];
	const char *expected = image->sha256 == NULL ? part->manifest.digest : image->sha256;
	char text[HASH_TEXT_SIZE];
	struct sha256_ctx hash;
	struct stat stat;

	sha256_init(&hash);
	if (toolbox_format_is_folder(format)) {
		int result = listing_hash(fd, false, &hash, err);
		if (result < 0)
			return result;
	} else {
		if (fstat(fd, &stat) < 0)
			return err_sys(err, errno, "%s", image->file);
		if ((uint64_t)stat.st_size != image->size)
			return err_set(err, ERR_MALFORMED, "%s has %lld bytes, not %llu: it is damaged or not complete",
				       image->file, (long long)stat.st_size, (unsigned long long)image->size);
		int result = hash_file(fd, &hash);
		if (result < 0)
			return err_sys(err, result, "reading %s", image->file);
	}
	hash_text(&hash, text);
	if (strcmp(text, expected) != 0)
		return err_set(err, ERR_MALFORMED, "%s is damaged: its SHA-256 is %.12s..., not %.12s...", image->file,
			       text, expected);
	return 0;
}

int toolbox_verify(const struct toolbox_part *part, enum toolbox_format format, int fd, enum toolbox_check check,
		   struct err *err)
{
	if (check == TOOLBOX_CHECK_NEVER || (check == TOOLBOX_CHECK_CACHED && is_remembered(part, format, fd)) ||
	    !PROTECTED(TOOLBOX_DIGEST))
		return 0;
	return verify_content(part, format, fd, err);
}

/* Written aside and renamed: a reader sees all of it or what was there before. */
static int remember(const struct toolbox_part *part, const char *lines, struct err *err)
{
	static const char new[] = "." CACHE ".new";
	cleanup_close int file = openat(part->dir, new, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (file < 0)
		return err_sys(err, errno, "remembering that %s is good", part->manifest.name);
	int result = io_write_all(file, lines, strlen(lines));
	if (result == 0 && renameat(part->dir, new, part->dir, CACHE) < 0)
		result = -errno;
	if (result < 0)
		(void)unlinkat(part->dir, new, 0);
	return result < 0 ? err_sys(err, result, "remembering that %s is good", part->manifest.name) : 0;
}

int toolbox_verify_all(const struct toolbox_part *part, struct err *err)
{
	char lines[TOOLBOX_FORMAT_MAX * CACHE_LINE_MAX] = "";
	size_t length = 0;

	for (enum toolbox_format format = 0; format < TOOLBOX_FORMAT_MAX; format++) {
		cleanup_close int fd = -EBADF;
		int result = 0;

		if (part->manifest.images[format].file == NULL)
			continue;
		result = toolbox_image_open(part, format, &fd, err);
		/* Before it is read: what changes meanwhile has other times than these, and is hashed next time. */
		if (result == 0)
			result = cache_line(part, format, fd, lines + length, err);
		if (result == 0)
			result = verify_content(part, format, fd, err);
		if (result < 0)
			return result;
		length += strlen(lines + length);
	}
	return remember(part, lines, err);
}
