/* SPDX-License-Identifier: Apache-2.0 */
/* The session's toolbox as mounts: at the beginning, and when layers come while it runs. */
#include "attach.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int open_toolbox(const struct attach *attach, const struct toolbox *toolbox, struct toolbox_mounts *ret,
			struct err *err)
{
	const struct attach_plan *plan = &attach->plan;
	struct toolbox_owner owner = { -EBADF, plan->root_host_uid, plan->root_host_gid, plan->view.context };
	cleanup_close int userns = -EBADF;

	if (plan->own_userns) {
		userns = openat(attach->pin.proc_fd, "ns/user", O_RDONLY | O_CLOEXEC);
		if (userns < 0)
			return err_sys(err, errno, "the target's user namespace");
		owner.userns_fd = userns;
	}
	return toolbox_open(toolbox, attach->request->toolbox_check, &owner, ret, err);
}

/* Nobody asked for it by name, and the one inside this program always works: told, and done without. */
static int fall_back(struct attach *attach, struct toolbox_mounts *ret, struct err *err)
{
	log_note("%s; the toolbox inside dbgattach is used", err->text);
	toolbox_done(&attach->facts.toolbox);
	close_quietly(take_fd(attach->toolbox_watch));
	int result = plan_toolbox(attach->request, &attach->facts, &attach->plan, err);
	return result < 0 ? result : open_toolbox(attach, &attach->facts.toolbox, ret, err);
}

int step_toolbox(struct attach *attach, struct err *err)
{
	const struct attach_plan *plan = &attach->plan;
	const struct view_owner owner = { plan->root_host_uid, plan->root_host_gid, plan->host_uid, plan->host_gid,
					  plan->view.context };
	struct toolbox_mounts mounts;
	char label[512];

	/* Before it is opened: a layer that comes between the two would be missed. */
	attach->toolbox_watch = toolbox_watch(&attach->facts.toolbox);
	int result = open_toolbox(attach, &attach->facts.toolbox, &mounts, err);
	if (result < 0 && attach->request->toolbox == NULL && attach->facts.toolbox.count > 0)
		result = fall_back(attach, &mounts, err);
	if (result < 0)
		return result;
	attach->parts.toolbox = mounts.tree;
	attach->parts.launcher = mounts.launcher;
	toolbox_label(&attach->facts.toolbox, label, sizeof(label));
	log_step("toolbox %s is mounted as %s", label, mounts.how);
	return view_prepare(&owner, &attach->parts, err);
}

void attach_keep_mounts(struct attach *attach)
{
	if (attach->toolbox_watch < 0)
		return;
	attach->kept_toolbox = take_fd(attach->parts.toolbox);
	attach->kept_scratch = take_fd(attach->parts.scratch);
}

void attach_add_layers(void *context)
{
	struct attach *attach = context;
	struct toolbox_mounts mounts;
	struct toolbox now;
	struct err err = { 0 };
	char label[512];
	int result = toolbox_refresh(&attach->facts.toolbox, attach->toolbox_watch, &now, &err);

	if (result == 0)
		return;
	if (result > 0) {
		result = open_toolbox(attach, &now, &mounts, &err);
		if (result == 0) {
			result = toolbox_cover(attach->init_pidfd, mounts.tree, attach->kept_toolbox,
					       attach->kept_scratch, &err);
			close_quietly(mounts.launcher);
			close_quietly(mounts.tree);
		}
		if (result == 0) {
			toolbox_done(&attach->facts.toolbox);
			attach->facts.toolbox = now;
			toolbox_label(&now, label, sizeof(label));
			log_step("the toolbox is %s now", label);
			return;
		}
		toolbox_done(&now);
	}
	log_note("the session goes on with the tools that it has: %s", err.text);
}
