/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealing needs a process of its own. Until Linux 6.15 an overlay takes only layers that are mounted in the caller's mount
 * namespace [clone_private_mount()], and nothing of ours shall ever be mounted in the host's.
 */
#include "seal.h"
#include "unpack.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/sys/mount_api.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/wait.h>

#define STACK_SIZE 32768

struct sealing {
	int tmpfs;
	unsigned attributes;
	const char *context;
	int result;
};

/* A second, empty lower layer makes an overlay without an upper one legal. */
static int make_overlay(const struct sealing *sealing)
{
	char lower[96];
	cleanup_close int fs = sys_fsopen("overlay");

	if (fs < 0)
		return fs;
	(void)snprintf(lower, sizeof(lower), "/proc/self/fd/%d/" UNPACK_TREE ":/proc/self/fd/%d/" UNPACK_EMPTY,
		       sealing->tmpfs, sealing->tmpfs);
	int result = sys_fsconfig_string(fs, "lowerdir", lower);
	if (result == 0)
		result = sys_fsconfig_optional(fs, "context", sealing->context);
	if (result == 0)
		result = sys_fsconfig_create(fs);
	return result < 0 ? result : sys_fsmount(fs, sealing->attributes);
}

/* The namespace ends with this process; the overlay holds on to the tmpfs, and our fd to the overlay. */
static int seal_in_namespace(void *argument)
{
	struct sealing *sealing = argument;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		sealing->result = -errno;
		return 0;
	}
	/* On top of the root, which needs no directory; a lookup of /proc still begins beneath it. */
	int result = sys_move_mount(sealing->tmpfs, AT_FDCWD, "/");
	sealing->result = result < 0 ? result : make_overlay(sealing);
	return 0;
}

int seal_tree(int tmpfs_fd, unsigned attributes, const char *context)
{
	struct sealing sealing = { .tmpfs = tmpfs_fd, .attributes = attributes, .context = context, .result = -ECHILD };
	_Alignas(16) char stack[STACK_SIZE];

	/* As with vfork(2) we wait until it has ended, so memory and fds may be the same: the overlay's fd is ours. */
	pid_t child = clone(seal_in_namespace, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD,
			    &sealing);

	if (child < 0)
		return -errno;
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return sealing.result;
}
