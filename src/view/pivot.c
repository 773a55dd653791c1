/* SPDX-License-Identifier: Apache-2.0 */
/* Out of the old root and into the new one, with proof. */
#include "beneath.h"
#include "remount.h"

#include "dbgattach/sys/mount_api.h"
#include "dbgattach/view.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * "/", what lies above it and the working directory are all our mount. Were the old root still stacked anywhere in this
 * namespace it would lie on one of them: it was attached to "/" and nowhere else.
 */
static int prove(int root, struct err *err)
{
	static const char *const places[] = { "/", "/..", "." };
	uint64_t expected, id;
	int result = mount_id(root, "", &expected);

	for (size_t i = 0; result == 0 && i < sizeof(places) / sizeof(places[0]); i++) {
		result = mount_id(AT_FDCWD, places[i], &id);
		if (result == 0 && id != expected)
			return err_set(err, ERR_REFUSED, "%s is still a mount of the target's after pivot_root",
				       places[i]);
	}
	return result < 0 ? err_sys(err, result, "proving that the old root is gone") : 0;
}

int view_pivot(int root, int self_fd, unsigned *notes, struct err *err)
{
	if (fchdir(root) < 0)
		return err_sys(err, errno, "entering the session's root");
	int result = sys_pivot_root(".", ".");
	/* A container runtime's filter refuses it, whatever capabilities there are. */
	if (result == -EPERM || result == -ENOSYS) {
		*notes |= VIEW_NOTE_OLD_ROOT;
		result = beneath_leave(self_fd, err);
		if (result < 0)
			return result;
	} else if (result < 0) {
		return err_sys(err, result, "pivot_root into the session's root");
	} else if (umount2(".", MNT_DETACH) < 0) {
		/* The old root now lies on top of the new one; "." is still the new one below it. */
		return err_sys(err, errno, "detaching the old root");
	}
	if (chdir("/") < 0)
		return err_sys(err, errno, "entering the session's root");
	return prove(root, err);
}

int view_workdir(const char *path, bool fallback, struct err *err)
{
	if (chdir(path) == 0)
		return 0;
	int error = errno;
	if (fallback && chdir("/") == 0)
		return 0;
	return err_set(err, error == ENOENT ? ERR_NOT_FOUND : ERR_DENIED, "working directory %s in the target: %s",
		       path, error == ENOENT ? "No such file or directory" : "cannot be entered");
}
