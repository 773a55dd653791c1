/* SPDX-License-Identifier: Apache-2.0 */
/* A chosen toolbox becomes one tree: its images, laid over each other. */
#include "mount.h"
#include "seal.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/text.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/sys/mount_api.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LOWER_MAX (SEAL_MOUNTS_MAX * 32)

_Static_assert(2 * (1 + TOOLBOX_LAYERS_MAX) <= SEAL_MOUNTS_MAX, "each part twice; one alone with an empty folder");

struct stack {
	int mounts[SEAL_MOUNTS_MAX];
	size_t count;
	bool sealed; /* all of them, each by itself */
};

static void stack_done(struct stack *stack)
{
	while (stack->count > 0)
		close_quietly(stack->mounts[--stack->count]);
}

/* A second lower layer makes an overlay without an upper one legal. */
static int add_empty(struct stack *stack, const struct toolbox_owner *owner)
{
	cleanup_close int fs = sys_fsopen("tmpfs");
	int result = fs < 0 ? fs : sys_fsconfig_string(fs, "mode", "0755");

	if (result == 0)
		result = sys_fsconfig_optional(fs, "context", owner->context);
	if (result == 0)
		result = sys_fsconfig_create(fs);
	if (result == 0)
		result = sys_fsmount(fs, IMAGE_ATTRIBUTES);
	if (result < 0)
		return result;
	stack->mounts[stack->count++] = result;
	return 0;
}

static int lay_over(const struct stack *stack, const struct toolbox_owner *owner)
{
	char lower[LOWER_MAX] = "";
	const struct seal seal = { stack->mounts, stack->count, lower, IMAGE_ATTRIBUTES, owner->context };

	/* The last layer that was added lies on top; the empty folder, if there is one, is the last of all and hides nothing. */
	for (size_t i = stack->count; i-- > 0;) {
		size_t length = strlen(lower);

		(void)snprintf(lower + length, sizeof(lower) - length, "%s/proc/self/fd/%d", length == 0 ? "" : ":",
			       stack->mounts[i]);
	}
	return seal_mounts(&seal);
}

/* Every part, and over it what of it is hot: a tree has that as it is. */
static int stack_parts(struct stack *stack, const struct toolbox *toolbox, enum toolbox_check check,
		       const struct toolbox_owner *owner, bool hot, const char **ret_how, struct err *err)
{
	for (size_t i = 0; i < toolbox->count; i++) {
		bool sealed;
		int over = -EBADF;
		int result = part_mount(&toolbox->parts[i], check, owner, &stack->mounts[stack->count], &sealed,
					ret_how, err);

		if (result < 0)
			return result;
		stack->count++;
		stack->sealed &= sealed;
		if (hot && sealed)
			result = part_mount_hot(&toolbox->parts[i], check, owner, &over, err);
		if (result < 0)
			return result;
		if (over >= 0) {
			stack->mounts[stack->count++] = over;
			stack->sealed = false;
		}
	}
	return 0;
}

static int open_parts(const struct toolbox *toolbox, enum toolbox_check check, const struct toolbox_owner *owner,
		      bool hot, int *ret_tree, const char **ret_how, struct err *err)
{
	__attribute__((cleanup(stack_done))) struct stack stack = { .sealed = true };
	int result = stack_parts(&stack, toolbox, check, owner, hot, ret_how, err);

	if (result < 0)
		return result;
	if (stack.count == 1 && (stack.sealed || !PROTECTED(SEALED_TOOLBOX))) {
		*ret_tree = take_fd(stack.mounts[0]);
		return 0;
	}
	if (stack.count == 1)
		result = add_empty(&stack, owner);
	if (result == 0)
		result = lay_over(&stack, owner);
	/* The images alone may do: one of them needs no overlayfs. */
	if (result < 0 && hot)
		return open_parts(toolbox, check, owner, false, ret_tree, ret_how, err);
	if (result < 0)
		return err_sys(err, result, "laying the parts of toolbox %s over each other (needs overlayfs)",
			       toolbox->parts[0].manifest.name);
	*ret_tree = result;
	*ret_how = "overlay";
	return 0;
}

int toolbox_open(const struct toolbox *toolbox, enum toolbox_check check, const struct toolbox_owner *owner,
		 struct toolbox_mounts *ret, struct err *err)
{
	struct toolbox_mounts mounts = { -EBADF, -EBADF, "" };
	cleanup_close int builtin = -EBADF;
	const char *how = "";
	int result = builtin_open(owner, &builtin, &how, err);

	if (result < 0)
		return result;
	if (toolbox->count == 0) {
		*ret = (struct toolbox_mounts) { take_fd(builtin), -EBADF, how };
		return 0;
	}
	result = open_parts(toolbox, check, owner, true, &mounts.tree, &mounts.how, err);
	if (result < 0)
		return result;
	/* Never the image's: launcher and program are one, and of one version. */
	mounts.launcher = seal_subtree(builtin, TOOLBOX_LAUNCHER);
	if (mounts.launcher < 0) {
		close_quietly(mounts.tree);
		return err_sys(err, mounts.launcher, "the launcher for toolbox %s", toolbox->parts[0].manifest.name);
	}
	*ret = mounts;
	return 0;
}
