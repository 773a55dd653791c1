/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attributes of mounts. mount_setattr(2) changes a whole tree at once and before it is attached; kernels before 5.12 change
 * one attached mount at a time, by its path. So the mounts are found by the kernel's list, by whose child each is; each is reached
 * through its top and known by its number, so that a path that the target renames meanwhile leads to nothing else; and the list
 * is read again until every one that can be seen has been changed.
 */
#include "remount.h"

#include "dbgattach/base/buffer.h"
#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/format/mountinfo.h"
#include "dbgattach/sys/mount_api.h"
#include "dbgattach/sys/open.h"
#include "dbgattach/view.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOUNTINFO_MAX (64U << 20) /* 100,000 mounts with long options */
#define ATTEMPTS 8                /* the target may rename directories on the way */
#define ATIME_FLAGS (MS_NOATIME | MS_NODIRATIME | MS_RELATIME)
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

/* How each list names what a mount may have. relatime is none of the attributes: it is what is left without the others. */
static const struct {
	const char *option;
	unsigned long flag;
	uint64_t attribute;
} names[] = {
	{ "ro", MS_RDONLY, MOUNT_ATTR_RDONLY },
	{ "nosuid", MS_NOSUID, MOUNT_ATTR_NOSUID },
	{ "nodev", MS_NODEV, MOUNT_ATTR_NODEV },
	{ "noexec", MS_NOEXEC, MOUNT_ATTR_NOEXEC },
	{ "nosymfollow", MS_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW },
	{ "noatime", MS_NOATIME, MOUNT_ATTR_NOATIME },
	{ "nodiratime", MS_NODIRATIME, MOUNT_ATTR_NODIRATIME },
	{ "relatime", MS_RELATIME, 0 },
};

enum membership { UNKNOWN, STRANGER, MEMBER };

struct row {
	uint64_t id, parent;
	char *line;
	const char *mount_point; /* of a member */
	unsigned long flags;     /* MS_* that it has, of a member */
	enum membership membership;
};

struct table {
	struct buffer text; /* what the rows point into */
	struct row *rows;
	size_t count;
	const struct row *top;
};

struct change {
	int self_fd, top_fd;
	uint64_t top_id;
	bool recursive;
	unsigned long flags; /* MS_* to add */
};

int mount_id(int fd, const char *path, uint64_t *ret_id)
{
	struct statx statx_buffer;

	/* It is told unasked. To ask for it alone is refused by another user's FUSE, as if it were a question to that. */
	if (statx(fd, path, AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, 0, &statx_buffer) < 0)
		return -errno;
	if ((statx_buffer.stx_mask & STATX_MNT_ID) == 0)
		return -EOPNOTSUPP;
	*ret_id = statx_buffer.stx_mnt_id;
	return 0;
}

static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (; *list != '\0'; list += strcspn(list, ","), list += *list == ',')
		if (strncmp(list, word, length) == 0 && (list[length] == ',' || list[length] == '\0'))
			return true;
	return false;
}

static unsigned long flags_of_options(const char *options)
{
	unsigned long flags = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		flags |= has_word(options, names[i].option) ? names[i].flag : 0;
	return flags;
}

static unsigned long flags_of_attributes(uint64_t attributes)
{
	unsigned long flags = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		flags |= (attributes & names[i].attribute) != 0 ? names[i].flag : 0;
	return flags;
}

static void table_done(struct table *table)
{
	buffer_done(&table->text);
	free(table->rows);
}

/* Only the numbers: most mounts of a namespace are none of those to change. */
static int table_read(int self_fd, struct table *table)
{
	char *rest = NULL;
	size_t room = 0;
	int result = io_read_file_at(self_fd, "mountinfo", MOUNTINFO_MAX, &table->text);

	if (result < 0)
		return result;
	for (char *line = strtok_r(table->text.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *end, *parent_end;
		const uint64_t id = strtoull(line, &end, 10), parent = strtoull(end, &parent_end, 10);

		if (end == line || parent_end == end)
			return -EBADMSG;
		if (table->count == room) {
			room = room == 0 ? 64 : 2 * room;
			struct row *rows = reallocarray(table->rows, room, sizeof(*rows));
			if (rows == NULL)
				return -ENOMEM;
			table->rows = rows;
		}
		table->rows[table->count++] = (struct row) { .id = id, .parent = parent, .line = line };
	}
	return 0;
}

static int row_read(struct row *row)
{
	struct mountinfo mount;
	struct err ignored;

	if (mountinfo_parse_line(row->line, &mount, &ignored) < 0)
		return -EBADMSG;
	row->mount_point = mount.mount_point;
	row->flags = flags_of_options(mount.options);
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const uint64_t first = ((const struct row *)a)->id, second = ((const struct row *)b)->id;

	return first < second ? -1 : first > second;
}

static struct row *find(const struct table *table, uint64_t id)
{
	const struct row key = { .id = id };

	return bsearch(&key, table->rows, table->count, sizeof(key), by_id);
}

/* The root of the namespace is its own parent. */
static struct row *parent_of(const struct table *table, const struct row *row)
{
	return row->parent == row->id ? NULL : find(table, row->parent);
}

/* Those on the way up to one that is known are what that one is. */
static void mark(const struct table *table, struct row *row)
{
	const struct row *known = row;

	while (known != NULL && known->membership == UNKNOWN)
		known = parent_of(table, known);
	const enum membership membership = known == NULL ? STRANGER : known->membership;
	for (; row != NULL && row->membership == UNKNOWN; row = parent_of(table, row))
		row->membership = membership;
}

static int table_mark(struct table *table, const struct change *change)
{
	struct row *top;

	qsort(table->rows, table->count, sizeof(*table->rows), by_id);
	table->top = top = find(table, change->top_id);
	if (top == NULL)
		return -ENOENT;
	top->membership = MEMBER;
	for (size_t i = 0; i < table->count && change->recursive; i++)
		mark(table, &table->rows[i]);
	int result = 0;
	for (size_t i = 0; result == 0 && i < table->count; i++)
		if (table->rows[i].membership == MEMBER)
			result = row_read(&table->rows[i]);
	return result;
}

static bool is_above(const struct table *table, const struct row *above, const struct row *row)
{
	for (size_t depth = 0; row != NULL && row != above && depth < table->count; depth++)
		row = parent_of(table, row);
	return row == above;
}

/*
 * Under another mount, on it or on the way to it, nobody gets to a mount but who may unmount that one; and he could change all
 * flags back as well. So it may stay as it is.
 */
static bool is_covered(const struct table *table, const struct row *row)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct row *other = &table->rows[i];
		const size_t length = strlen(other->mount_point);

		if (other->membership == MEMBER && strncmp(other->mount_point, row->mount_point, length) == 0 &&
		    (row->mount_point[length] == '\0' || row->mount_point[length] == '/') &&
		    !is_above(table, other, row))
			return true;
	}
	return false;
}

/* The root of the row's mount, if its path still leads there. */
static int open_row(const struct table *table, const struct row *row, const struct change *change)
{
	const size_t above = strcmp(table->top->mount_point, "/") == 0 ? 0 : strlen(table->top->mount_point);
	uint64_t id = 0;

	if (row == table->top)
		return fcntl(change->top_fd, F_DUPFD_CLOEXEC, 0);
	if (strncmp(row->mount_point, table->top->mount_point, above) != 0 || row->mount_point[above] != '/')
		return -ENOENT;
	cleanup_close int fd = sys_openat2(change->top_fd, row->mount_point + above + 1, O_PATH | O_NOFOLLOW, 0,
					   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	int result = fd < 0 ? fd : mount_id(fd, "", &id);
	if (result < 0)
		return result;
	return id == row->id ? take_fd(fd) : -ENOENT;
}

/* What it has stays: flags that came from outside a user namespace are locked. */
static int remount(const struct table *table, const struct row *row, const struct change *change)
{
	const unsigned long flags = MS_REMOUNT | MS_BIND | (row->flags & ~(unsigned long)ATIME_FLAGS) | change->flags;
	cleanup_close int fd = open_row(table, row, change);
	char path[32];

	(void)snprintf(path, sizeof(path), "fd/%d", fd);
	if (fd < 0 || fchdir(change->self_fd) < 0)
		return fd < 0 ? fd : -errno;
	int result = 0;
	if (mount(NULL, path, NULL, flags, NULL) < 0)
		result = -errno;
	/* Without a word on access times they stay as they are: they may be locked, and what is read-only writes none. */
	if (result == -EPERM && (change->flags & MS_NOATIME) != 0)
		result = mount(NULL, path, NULL, flags & ~(unsigned long)MS_NOATIME, NULL) < 0 ? -errno : 0;
	return result;
}

/*
 * Changes the mounts that lack something, or only looks at them; then access times do not count, which may be locked. How many
 * could not be changed, or lack something, though they can be seen; negative errno.
 */
static int pass(const struct change *change, bool look)
{
	__attribute__((cleanup(table_done))) struct table table = { 0 };
	const unsigned long wanted = look ? change->flags & ~(unsigned long)MS_NOATIME : change->flags;
	int left = 0;
	int result = table_read(change->self_fd, &table);

	if (result == 0)
		result = table_mark(&table, change);
	for (size_t i = 0; result == 0 && i < table.count; i++) {
		const struct row *row = &table.rows[i];

		if (row->membership != MEMBER || (row->flags & wanted) == wanted ||
		    (!PROTECTED(REMOUNT) && row != table.top))
			continue;
		if (look || remount(&table, row, change) < 0)
			left += !is_covered(&table, row);
	}
	return result < 0 ? result : left;
}

int view_set_attributes(int self_fd, int mount, unsigned flags, const struct mount_attr *attributes)
{
	struct change change = {
		.self_fd = self_fd,
		.top_fd = mount,
		.recursive = (flags & AT_RECURSIVE) != 0,
		.flags = flags_of_attributes(attributes->attr_set),
	};

	if (self_fd < 0)
		return sys_mount_setattr(mount, flags, attributes);
	int result = mount_id(mount, "", &change.top_id);
	if (result == 0)
		result = 1;
	for (int i = 0; result > 0 && i < ATTEMPTS; i++)
		result = pass(&change, false);
	if (result == 0)
		result = pass(&change, true);
	return result > 0 ? -EBUSY : result;
}

int mount_place(int self_fd, int mount, const struct mount_attr *attributes, int to_dirfd, const char *path)
{
	int result = self_fd < 0 ? view_set_attributes(self_fd, mount, AT_RECURSIVE, attributes) : 0;

	if (result == 0)
		result = sys_move_mount(mount, to_dirfd, path);
	if (result == 0 && self_fd >= 0)
		result = view_set_attributes(self_fd, mount, AT_RECURSIVE, attributes);
	return result;
}
