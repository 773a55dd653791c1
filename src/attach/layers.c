/* SPDX-License-Identifier: Apache-2.0 */
/* The session's toolbox as mounts: at the beginning, and when layers come while it runs. */
#include "attach.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int prepare_view(struct attach *attach, struct err *err)
{
	const struct attach_plan *plan = &attach->plan;
	const struct view_owner owner = {
		.root_uid = attach_root_uid(attach),
		.root_gid = attach_root_gid(attach),
		.session_uid = plan->inside ? plan->uid : plan->host_uid,
		.session_gid = plan->inside ? plan->gid : plan->host_gid,
		.context = plan->view.context,
	};

	return view_prepare(&owner, &attach->parts, err);
}

/* Where it is made inside: found there with the caller's ids, made with root's. */
static int open_toolbox(struct attach *attach, struct toolbox *toolbox, struct toolbox_mounts *ret, struct err *err)
{
	const struct attach_plan *plan = &attach->plan;
	struct toolbox_owner owner = { -EBADF, attach_root_uid(attach), attach_root_gid(attach), plan->view.context };
	cleanup_close int userns = -EBADF;
	int result = plan->inside ? toolbox_follow(toolbox, err) : 0;

	if (result == 0)
		result = attach_become(attach, owner.root_uid, owner.root_gid, err);
	if (result < 0)
		return result;
	if (plan->own_userns && !plan->inside) {
		userns = openat(attach->pin.proc_fd, "ns/user", O_RDONLY | O_CLOEXEC);
		if (userns < 0)
			return err_sys(err, errno, "the target's user namespace");
		owner.userns_fd = userns;
	}
	return toolbox_open(toolbox, attach->request->toolbox_check, &owner, ret, err);
}

/* What a user may not mount as an image is used as a folder, looked at while ids still mean what they mean on the host. */
static int settle_toolbox(const struct attach *attach, struct toolbox *toolbox, struct err *err)
{
	return attach->plan.inside ? toolbox_settle(toolbox, attach->request->toolbox_check, err) : 0;
}

static int make_parts(struct attach *attach, void *context, struct err *err)
{
	struct toolbox_mounts mounts;
	const char **how = context;
	int result = open_toolbox(attach, &attach->facts.toolbox, &mounts, err);

	if (result < 0)
		return result;
	attach->parts.toolbox = mounts.tree;
	attach->parts.launcher = mounts.launcher;
	*how = mounts.how;
	return prepare_view(attach, err);
}

/* Nobody asked for it by name, and the one inside this program always works: told, and done without. */
static int fall_back(struct attach *attach, const char **how, struct err *err)
{
	log_note("%s; the toolbox inside dbgattach is used", err->text);
	*err = (struct err) { 0 };
	toolbox_done(&attach->facts.toolbox);
	close_quietly(take_fd(attach->toolbox_watch));
	int result = plan_toolbox(attach->request, &attach->facts, &attach->plan, err);
	return result < 0 ? result : attach_inside(attach, true, make_parts, how, err);
}

int step_toolbox(struct attach *attach, struct err *err)
{
	const char *how = "";
	char label[512];

	/* Before it is opened: a layer that comes between the two would be missed. */
	attach->toolbox_watch = toolbox_watch(&attach->facts.toolbox);
	int result = settle_toolbox(attach, &attach->facts.toolbox, err);
	if (result == 0)
		result = attach_inside(attach, true, make_parts, &how, err);
	if (result < 0 && attach->parts.toolbox < 0 && attach->request->toolbox == NULL &&
	    attach->facts.toolbox.count > 0)
		result = fall_back(attach, &how, err);
	if (result < 0)
		return result;
	toolbox_label(&attach->facts.toolbox, label, sizeof(label));
	log_step("toolbox %s is mounted as %s", label, how);
	return 0;
}

void attach_keep_mounts(struct attach *attach)
{
	if (attach->toolbox_watch < 0)
		return;
	attach->kept_toolbox = take_fd(attach->parts.toolbox);
	attach->kept_scratch = take_fd(attach->parts.scratch);
}

static int lay_over(struct attach *attach, void *context, struct err *err)
{
	struct toolbox_mounts mounts;
	int result = open_toolbox(attach, context, &mounts, err);

	if (result < 0)
		return result;
	result = toolbox_cover(attach->init_pidfd, mounts.tree, attach->kept_toolbox, attach->kept_scratch, err);
	close_quietly(mounts.launcher);
	close_quietly(mounts.tree);
	return result;
}

void attach_add_layers(void *context)
{
	struct attach *attach = context;
	struct toolbox now;
	struct err err = { 0 };
	char label[512];
	int result = toolbox_refresh(&attach->facts.toolbox, attach->toolbox_watch, &now, &err);

	if (result == 0)
		return;
	if (result > 0) {
		result = settle_toolbox(attach, &now, &err);
		if (result == 0)
			result = attach_inside(attach, true, lay_over, &now, &err);
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
