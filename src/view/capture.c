/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only code that looks at the target's tree. Each lookup is one path component, never through a symlink, and what kind
 * of thing it is is read from the clone itself, so nothing can be swapped in between. Directories are listed with
 * O_NOATIME, links read through clones that are noatime: a plain readdir or readlink would change access times.
 */
#include "capture.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/sys/mount_api.h"
#include "dbgattach/view.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static int seal_clone(int mount, const struct capture_policy *policy)
{
	struct mount_attr attributes = {
		.attr_set = (policy->read_only ? MOUNT_ATTR_RDONLY : 0) |
			    (policy->devices || !PROTECTED(NODEV) ? 0 : MOUNT_ATTR_NODEV) |
			    (PROTECTED(NOATIME) ? MOUNT_ATTR_NOATIME : 0),
		.attr_clr = PROTECTED(NOATIME) ? MOUNT_ATTR__ATIME : 0,
		.propagation = MS_PRIVATE,
	};
	int result = view_set_attributes(policy->self_fd, mount, AT_RECURSIVE, &attributes);

	/* In a user namespace the access-time flags of mounts that came from outside are locked; the rest still is not. */
	if (result == -EPERM && policy->self_fd < 0) {
		attributes.attr_set &= ~(uint64_t)MOUNT_ATTR_NOATIME;
		attributes.attr_clr = 0;
		result = view_set_attributes(policy->self_fd, mount, AT_RECURSIVE, &attributes);
	}
	return result;
}

static int make_mount_point(int destination, const char *name, mode_t type)
{
	int result = S_ISDIR(type) ? mkdirat(destination, name, 0755) : mknodat(destination, name, S_IFREG | 0644, 0);

	return result < 0 && errno != EEXIST ? -errno : 0;
}

static int copy_link(int clone, int destination, const char *name)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(clone, "", target, sizeof(target) - 1);

	if (length < 0)
		return -errno;
	target[length] = '\0';
	return symlinkat(target, destination, name) < 0 ? -errno : 0;
}

static int place(int clone, int destination, const char *name, mode_t type)
{
	int result = make_mount_point(destination, name, type);

	return result < 0 ? result : sys_move_mount(clone, destination, name);
}

/* A directory nearly always; what is mounted on one is one. */
static int place_unknown(int clone, int destination, const char *name)
{
	int result = place(clone, destination, name, S_IFDIR);

	if (result != -EINVAL && result != -ENOTDIR)
		return result;
	return unlinkat(destination, name, AT_REMOVEDIR) < 0 ? -errno : place(clone, destination, name, S_IFREG);
}

int capture_entry(int source, int destination, const char *name, const struct capture_policy *policy)
{
	struct statx statx_buffer;
	cleanup_close int clone = sys_open_tree_clone(
		source, name, AT_RECURSIVE | (PROTECTED(NOFOLLOW) ? AT_SYMLINK_NOFOLLOW : 0) | AT_NO_AUTOMOUNT);

	if (clone < 0)
		return clone;
	const bool seal_after = policy->self_fd >= 0 && !policy->sealed;
	int result = seal_after || policy->sealed ? 0 : seal_clone(clone, policy);
	if (result < 0)
		return result;
	/* The type never changes; asking a network or FUSE server for fresh attributes could hang. */
	if (statx(clone, "", AT_EMPTY_PATH | (PROTECTED(NO_SYNC) ? AT_STATX_DONT_SYNC : 0) | AT_NO_AUTOMOUNT,
		  STATX_TYPE, &statx_buffer) < 0)
		/* The FUSE mount of a user who lets nobody else in, root included, does not even tell that. */
		result = errno == EACCES ? place_unknown(clone, destination, name) : -errno;
	else if (S_ISLNK(statx_buffer.stx_mode))
		return seal_after ? -ELOOP : copy_link(clone, destination, name);
	else
		result = place(clone, destination, name, statx_buffer.stx_mode);
	return result == 0 && seal_after ? seal_clone(clone, policy) : result;
}

/*
 * Without mount_setattr (Linux 5.12) a mount can only be changed where it is attached. So a copy of source lies over destination,
 * which nobody but this process can see, for as long as it is needed, and is sealed before anything in it is looked at.
 */
static int lay_over(int source, int clone, int destination, const struct capture_policy *policy)
{
	cleanup_close int copy = clone >= 0 ? fcntl(clone, F_DUPFD_CLOEXEC, 0) :
					      sys_open_tree_clone(source, "", AT_EMPTY_PATH | AT_RECURSIVE);
	int result = copy < 0 ? copy : sys_move_mount(copy, destination, "");

	if (result == 0)
		result = seal_clone(copy, policy);
	return result < 0 ? result : take_fd(copy);
}

/* What is open in it stays open. */
static int take_off(int copy)
{
	return fchdir(copy) < 0 || umount2(".", MNT_DETACH) < 0 ? -errno : 0;
}

static int open_sealed_directory(int source, int destination, const struct capture_policy *policy)
{
	const struct capture_policy listing = { .read_only = true, .self_fd = policy->self_fd };

	if (policy->self_fd >= 0) {
		cleanup_close int copy = lay_over(source, policy->to_list, destination, &listing);
		cleanup_close int fd = copy < 0 ? copy : openat(copy, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		int result = fd < 0 ? (copy < 0 ? copy : -errno) : take_off(copy);

		return result < 0 ? result : take_fd(fd);
	}
	/* Alone, or with everything below it: a clone without its children is refused where those are locked. */
	cleanup_close int clone = sys_open_tree_clone(source, "", AT_EMPTY_PATH);

	if (clone == -EINVAL)
		clone = sys_open_tree_clone(source, "", AT_EMPTY_PATH | AT_RECURSIVE);
	int result = clone < 0 ? clone : seal_clone(clone, &listing);
	if (result < 0)
		return result;
	int fd = openat(clone, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* A stream on the directory that leaves no trace. */
static DIR *open_listing(int source, int destination, const struct capture_policy *policy)
{
	/* Nearly always we may say that the access time shall stay; for another's directory in a user namespace we may not. */
	int direct = openat(source, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | (PROTECTED(NOATIME) ? O_NOATIME : 0));

	if (direct >= 0 || errno != EPERM) {
		DIR *listing = direct < 0 ? NULL : fdopendir(direct);

		if (listing == NULL)
			close_quietly(direct);
		return listing;
	}
	cleanup_close int fd = open_sealed_directory(source, destination, policy);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (fd < 0)
		errno = -fd;
	if (dir != NULL)
		(void)take_fd(fd);
	return dir;
}

static bool is_skipped(const char *name, const struct capture_policy *policy)
{
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return true;
	for (const char *const *skip = policy->skip; *skip != NULL; skip++)
		if (strcmp(name, *skip) == 0)
			return PROTECTED(OWN_NAMES) || (strcmp(name, "dbg") != 0 && strcmp(name, "null") != 0);
	return false;
}

static const char *reason(int result, const struct capture_policy *policy)
{
	return result != -ENOSPC    ? "" :
	       policy->self_fd >= 0 ? " (fs.mount-max allows too few mounts: without mount_setattr, Linux 5.12, three "
				      "times the target's are needed)" :
				      " (fs.mount-max allows too few mounts)";
}

static int capture_all(DIR *dir, int source, int destination, const struct capture_policy *policy, struct err *err)
{
	unsigned count = 0;

	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(dir);

		if (entry == NULL)
			return errno != 0 ? err_sys(err, errno, "reading the target's %s", policy->where) : 0;
		if (is_skipped(entry->d_name, policy))
			continue;
		if (++count > policy->entries_max)
			return err_set(err, ERR_REFUSED, "the target's %s has more than %u entries", policy->where,
				       policy->entries_max);
		int result = capture_entry(source, destination, entry->d_name, policy);
		if (result < 0 && result != -ENOENT)
			return err_sys(err, result, "showing %s of the target's %s%s", entry->d_name, policy->where,
				       reason(result, policy));
	}
}

static int capture_from_copy(DIR *dir, int source, int destination, const struct capture_policy *policy,
			     struct err *err)
{
	struct capture_policy sealed = *policy;
	cleanup_close int copy = lay_over(source, policy->to_clone, destination, policy);

	if (copy < 0)
		return err_sys(err, copy, "making the mounts in the target's %s read-only, one by one%s", policy->where,
			       reason(copy, policy));
	sealed.sealed = true;
	int result = capture_all(dir, copy, destination, &sealed, err);
	if (result < 0)
		return result;
	result = take_off(copy);
	return result < 0 ? err_sys(err, result, "taking the copy of the target's %s away", policy->where) : 0;
}

int capture_children(int source, int destination, const struct capture_policy *policy, struct err *err)
{
	DIR *dir = open_listing(source, destination, policy);

	if (dir == NULL)
		return err_sys(err, errno, "reading the target's %s", policy->where);
	int result = policy->self_fd < 0 ? capture_all(dir, source, destination, policy, err) :
					   capture_from_copy(dir, source, destination, policy, err);
	(void)closedir(dir);
	return result;
}
