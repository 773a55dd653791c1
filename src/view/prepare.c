/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a view that are ours alone, made on the host: device nodes, pseudo-terminals, scratch space. */
#include "nodes.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/sys/mount_api.h"
#include "dbgattach/sys/process.h"
#include "dbgattach/view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCRATCH_SIZE "256m"

struct option {
	const char *key;
	char value[24];
};

/* A detached mount of a filesystem that needs no device. Negative errno. */
static int make_mount(const char *type, const struct option *options, size_t count, const char *context,
		      unsigned attributes)
{
	cleanup_close int fs = sys_fsopen(type);

	if (fs < 0)
		return fs;
	int result = sys_fsconfig_string(fs, "source", "dbgattach"); /* what df and mountinfo show */
	for (size_t i = 0; result == 0 && i < count; i++)
		result = sys_fsconfig_string(fs, options[i].key, options[i].value);
	if (result == 0)
		result = sys_fsconfig_optional(fs, "context", context);
	if (result == 0)
		result = sys_fsconfig_create(fs);
	return result < 0 ? result : sys_fsmount(fs, attributes);
}

static int make_owned_mount(const char *type, const char *mode, const char *limit, const char *limit_value, uid_t uid,
			    gid_t gid, const char *context, unsigned attributes)
{
	struct option options[4] = { { .key = "mode" }, { .key = limit }, { .key = "uid" }, { .key = "gid" } };

	(void)snprintf(options[0].value, sizeof(options[0].value), "%s", mode);
	(void)snprintf(options[1].value, sizeof(options[1].value), "%s", limit_value);
	(void)snprintf(options[2].value, sizeof(options[2].value), "%u", uid);
	(void)snprintf(options[3].value, sizeof(options[3].value), "%u", gid);
	return make_mount(type, options, ARRAY_SIZE(options), context, attributes);
}

static int make_scratch_folder(void *context)
{
	const struct view_parts *parts = context;

	return mkdirat(parts->scratch, "tmp", 0700) < 0 ? -errno : 0;
}

int view_prepare(const struct view_owner *owner, struct view_parts *parts, struct err *err)
{
	parts->dev = make_owned_mount("tmpfs", "0755", "nr_inodes", "2048", owner->root_uid, owner->root_gid,
				      owner->context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	if (parts->dev < 0)
		return err_sys(err, parts->dev, "tmpfs for the session's /dev");
	int result = nodes_make(owner, parts);
	if (result < 0)
		return err_sys(
			err, result,
			"device nodes for the session's /dev (CAP_MKNOD, or else those of the caller's own /dev)");
	parts->pts = make_owned_mount("devpts", "0620", "ptmxmode", "0666", owner->session_uid, owner->session_gid,
				      owner->context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	if (parts->pts < 0)
		return err_sys(err, parts->pts, "devpts for the session");
	parts->scratch = make_owned_mount("tmpfs", "0700", "size", SCRATCH_SIZE, owner->session_uid, owner->session_gid,
					  owner->context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (parts->scratch < 0)
		return err_sys(err, parts->scratch, "tmpfs for the session's HOME");
	result = sys_act_as(owner->session_uid, owner->session_gid, make_scratch_folder, parts);
	return result < 0 ? err_sys(err, result, "TMPDIR of the session") : 0;
}

void view_parts_done(struct view_parts *parts)
{
	int *const fds[] = {
		&parts->toolbox, &parts->launcher, &parts->dev, &parts->pts, &parts->scratch, &parts->proc
	};

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close_quietly(take_fd(*fds[i]));
	for (size_t i = 0; i < VIEW_NODES; i++)
		close_quietly(take_fd(parts->nodes[i]));
}

const char *view_note_text(unsigned note)
{
	switch (note) {
	case VIEW_NOTE_HIDDEN_DBG:
		return "the target has a /dbg of its own; it is hidden behind the toolbox (see /proc/1/root/dbg)";
	case VIEW_NOTE_FRESH_PROC:
		return "the target's /proc is no procfs of the session's PID namespace; the session gets a fresh, "
		       "masked one";
	case VIEW_NOTE_NO_PROC:
		return "the target's /proc is no procfs of the session's PID namespace and this kernel cannot make one "
		       "from outside "
		       "(Linux 6.17 can); the session has none, so ps and top will not work";
	case VIEW_NOTE_OLD_ROOT:
		return "pivot_root is refused to the caller: the old root lies beneath the session's, read-only and "
		       "with "
		       "nothing mounted in it; who has SYS_ADMIN in the session could uncover it";
	default:
		return NULL;
	}
}
