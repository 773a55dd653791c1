/* SPDX-License-Identifier: Apache-2.0 */
/* The toolbox that the program carries: its index is sound, and unpacking recreates exactly what it lists. */
#include "src/toolbox/embedded.h"
#include "src/toolbox/unpack.h"

#include "dbgattach/launcher.h"
#include "tests/unit/target/tree.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#define EROFS_MAGIC_OFFSET 1024
#define EROFS_MAGIC 0xe0f5e1e2U

struct entry {
	char kind, path[256], link[256];
	unsigned mode;
	size_t offset, length;
};

/* The next line; a reader of its own, stricter than the program's: one blank, nothing behind, no other characters. */
static bool entry_next(const char **at, struct entry *ret)
{
	char line[640], again[640];
	size_t length;

	if (*at >= toolbox_index_end)
		return false;
	const char *end = memchr(*at, '\n', (size_t)(toolbox_index_end - *at));
	assert_non_null(end);
	length = (size_t)(end - *at);
	assert_true(length > 0 && length < sizeof(line));
	memcpy(line, *at, length);
	line[length] = '\0';
	*at = end + 1;
	*ret = (struct entry) { .kind = line[0] };
	if (line[0] == 'd') {
		assert_int_equal(sscanf(line, "d %o %255s", &ret->mode, ret->path), 2);
		(void)snprintf(again, sizeof(again), "d %o %s", ret->mode, ret->path);
	} else if (line[0] == 'l') {
		assert_int_equal(sscanf(line, "l %255s %255s", ret->link, ret->path), 2);
		(void)snprintf(again, sizeof(again), "l %s %s", ret->link, ret->path);
	} else {
		assert_int_equal(sscanf(line, "f %o %zu %zu %255s", &ret->mode, &ret->offset, &ret->length, ret->path),
				 4);
		(void)snprintf(again, sizeof(again), "f %o %zu %zu %s", ret->mode, ret->offset, ret->length, ret->path);
	}
	assert_string_equal(line, again);
	return true;
}

static void the_image_is_an_erofs(void **state)
{
	(void)state;
	uint32_t magic;

	assert_true(toolbox_image_size() > 65536 && toolbox_image_size() % 4096 == 0);
	assert_int_equal((uintptr_t)toolbox_image_start % 4096, 0);
	memcpy(&magic, toolbox_image_start + EROFS_MAGIC_OFFSET, sizeof(magic));
	assert_int_equal(magic, EROFS_MAGIC);
	assert_int_equal(*toolbox_index_end, '\0');
}

/* Where the program headers say: the same bytes lie there in the executable, on a page of its own. */
static void the_offset_is_that_in_the_file(void **state)
{
	(void)state;
	uint64_t offset = toolbox_image_offset();
	cleanup_close int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	cleanup_free char *bytes = malloc(toolbox_image_size());

	assert_true(offset > 0 && offset % 4096 == 0);
	assert_true(self >= 0 && bytes != NULL);
	assert_int_equal(pread(self, bytes, toolbox_image_size(), (off_t)offset), (ssize_t)toolbox_image_size());
	assert_memory_equal(bytes, toolbox_image_start, toolbox_image_size());
}

static bool has_parent(const char *path, const char *const *folders, size_t count)
{
	const char *slash = strrchr(path, '/');

	for (size_t i = 0; slash != NULL && i < count; i++)
		if (strlen(folders[i]) == (size_t)(slash - path) &&
		    strncmp(folders[i], path, (size_t)(slash - path)) == 0)
			return true;
	return slash == NULL;
}

static void every_line_is_sound(void **state)
{
	(void)state;
	enum { FOLDERS_MAX = 64 };
	char *folders[FOLDERS_MAX];
	const char *at = toolbox_index_start;
	size_t folder_count = 0, count = 0;
	char before[256] = "";

	for (struct entry entry; entry_next(&at, &entry); count++) {
		assert_true(entry.path[0] != '/' && strstr(entry.path, "..") == NULL &&
			    strstr(entry.path, "//") == NULL);
		assert_int_equal(entry.mode & ~0755U, 0); /* nothing setuid, nothing that others may write */
		assert_true(entry.offset <= toolbox_image_size() &&
			    entry.length <= toolbox_image_size() - entry.offset);
		if (!has_parent(entry.path, (const char *const *)folders, folder_count))
			fail_msg("%s comes before its folder", entry.path);
		assert_string_not_equal(entry.path, before);
		memcpy(before, entry.path, sizeof(before));
		if (entry.kind != 'd')
			continue;
		assert_true(folder_count < FOLDERS_MAX);
		folders[folder_count++] = strdup(entry.path);
	}
	assert_true(count > 50);
	for (size_t i = 0; i < folder_count; i++)
		free(folders[i]);
}

/* A static program for this machine, which can be executed: without it no session starts. */
static void the_launcher_is_there(void **state)
{
	(void)state;
	const char *at = toolbox_index_start;
	bool launcher = false, shell = false;

	for (struct entry entry; entry_next(&at, &entry);) {
		shell = shell || (strcmp(entry.path, "bin/sh") == 0 && entry.kind != 'd');
		if (strcmp(entry.path, LAUNCHER_PATH) != 0)
			continue;
		launcher = true;
		assert_int_equal(entry.kind, 'f');
		assert_int_equal(entry.mode, 0755);
		assert_true(entry.length > 1000);
		assert_memory_equal(toolbox_image_start + entry.offset, "\177ELF", 4);
	}
	assert_true(launcher && shell);
}

/* ---- unpacking ---- */

static char folder[64];

static int folder_setup(void **state)
{
	(void)state;
	(void)umask(0); /* as the program has it */
	strcpy(folder, "/tmp/dbgattach-toolbox-XXXXXX");
	return mkdtemp(folder) == NULL;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int folder_teardown(void **state)
{
	(void)state;
	(void)umask(022);
	return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void assert_unpacked(int root, const struct entry *entry, uid_t uid, gid_t gid)
{
	struct stat stat;

	if (fstatat(root, entry->path, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		fail_msg("%s is missing", entry->path);
	assert_int_equal(stat.st_uid, uid);
	assert_int_equal(stat.st_gid, gid);
	if (entry->kind == 'l') {
		char link[256] = "";
		assert_true(readlinkat(root, entry->path, link, sizeof(link) - 1) > 0);
		assert_string_equal(link, entry->link);
		return;
	}
	assert_int_equal(stat.st_mode, (entry->kind == 'd' ? S_IFDIR : S_IFREG) | entry->mode);
	if (entry->kind == 'd')
		return;
	assert_int_equal(stat.st_size, entry->length);
	cleanup_close int fd = openat(root, entry->path, O_RDONLY | O_CLOEXEC);
	cleanup_free char *bytes = malloc(entry->length + 1);
	assert_true(fd >= 0 && bytes != NULL);
	assert_int_equal(read(fd, bytes, entry->length + 1), (ssize_t)entry->length);
	assert_memory_equal(bytes, toolbox_image_start + entry->offset, entry->length);
}

static size_t found;

static int count_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)path;
	(void)st;
	(void)type;
	(void)ftw;
	found++;
	return 0;
}

static void unpacks_what_the_index_lists(void **state)
{
	(void)state;
	const struct toolbox_owner owner = { .userns_fd = -EBADF, .root_uid = 100000, .root_gid = 200000 };
	const char *at = toolbox_index_start;
	size_t count = 0;
	struct stat stat;
	struct err err;

	if (geteuid() != 0)
		skip_because("giving files to another user needs root");
	cleanup_close int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(chown(folder, owner.root_uid, owner.root_gid), 0);
	assert_success(unpack_toolbox(fd, &owner, &err), err);
	cleanup_close int root = openat(fd, UNPACK_TREE, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(root >= 0);
	assert_int_equal(fstatat(root, "", &stat, AT_EMPTY_PATH), 0);
	assert_true(stat.st_uid == 100000 && stat.st_gid == 200000 && stat.st_mode == (S_IFDIR | 0755));
	for (struct entry entry; entry_next(&at, &entry); count++)
		assert_unpacked(root, &entry, owner.root_uid, owner.root_gid);
	found = 0;
	assert_int_equal(nftw(folder, count_one, 16, FTW_PHYS), 0);
	assert_int_equal(found, count + 3); /* the folder, UNPACK_TREE, UNPACK_EMPTY; nothing else */
	assert_failure(unpack_toolbox(fd, &owner, &err), err, ERR_SYSTEM); /* never into what is there already */
	assert_int_equal(err.errnum, EEXIST);
}

static void a_folder_that_cannot_be_written(void **state)
{
	(void)state;
	const struct toolbox_owner owner = { .userns_fd = -EBADF };
	struct err err;

	assert_failure(unpack_toolbox(-EBADF, &owner, &err), err, ERR_SYSTEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_image_is_an_erofs),
		cmocka_unit_test(the_offset_is_that_in_the_file),
		cmocka_unit_test(every_line_is_sound),
		cmocka_unit_test(the_launcher_is_there),
		cmocka_unit_test_setup_teardown(unpacks_what_the_index_lists, folder_setup, folder_teardown),
		cmocka_unit_test(a_folder_that_cannot_be_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
