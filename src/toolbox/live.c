/* SPDX-License-Identifier: Apache-2.0 */
/* Layers that come while a session runs: whoever adds one needs to know of no session, and each session looks for itself. */
#include "seal.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/sys/mount_api.h"
#include "dbgattach/toolbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

int toolbox_watch(const struct toolbox *toolbox)
{
	char path[1024];
	struct err ignored;
	cleanup_close int watch = -EBADF;

	if (!toolbox->from_store || toolbox_store_path(path, sizeof(path), &ignored) < 0)
		return -EBADF;
	watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	/* An entry is made aside and renamed, so it is complete when it comes. */
	if (watch < 0 || inotify_add_watch(watch, path, IN_MOVED_TO | IN_ONLYDIR) < 0)
		return -EBADF;
	return take_fd(watch);
}

static bool has_layer(const struct toolbox *toolbox, const char *digest)
{
	for (size_t i = 1; i < toolbox->count; i++)
		if (strcmp(toolbox->parts[i].manifest.digest, digest) == 0)
			return true;
	return false;
}

int toolbox_refresh(const struct toolbox *toolbox, int watch, struct toolbox *ret, struct err *err)
{
	struct toolbox now = { 0 };
	char events[4096];
	bool more = false;

	while (read(watch, events, sizeof(events)) > 0)
		;
	int result = toolbox_choose(toolbox->parts[0].manifest.name, &now, err);
	if (result < 0)
		return result;
	/* Another core, made meanwhile, is for other sessions: what runs here has this one's libraries open. */
	if (now.count > 0 && strcmp(now.parts[0].manifest.digest, toolbox->parts[0].manifest.digest) == 0)
		for (size_t i = 1; i < now.count; i++)
			more |= !has_layer(toolbox, now.parts[i].manifest.digest);
	if (!more) {
		toolbox_done(&now);
		return 0;
	}
	*ret = now;
	return 1;
}

struct cover {
	int tree, mount, scratch;
};

/*
 * In the session's mount namespace. The scratch space is there before the tree is where the kernel allows that (Linux 6.15),
 * else a moment after it.
 */
static int cover(void *argument)
{
	const struct cover *cover = argument;
	cleanup_close int scratch = sys_open_tree_clone(cover->scratch, "", AT_EMPTY_PATH);

	if (scratch < 0)
		return scratch;
	bool placed = sys_move_mount(scratch, cover->tree, TOOLBOX_SCRATCH) == 0;
	int result = sys_move_mount(cover->tree, cover->mount, "");
	return result < 0 || placed ? result : sys_move_mount(scratch, cover->tree, TOOLBOX_SCRATCH);
}

int toolbox_cover(int mount_namespace, int tree, int mount, int scratch, struct err *err)
{
	struct cover what = { tree, mount, scratch };
	int result = in_mount_namespace(mount_namespace, cover, &what);

	return result < 0 ? err_sys(err, result, "laying new tools over the session's") : 0;
}
