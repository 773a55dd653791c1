/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an exec makes of capability sets [capabilities(7), security/commoncap.c], under no_new_privs and without securebits:
 *
 *   ambient' = ambient
 *   root:      permitted' = ((inheritable | bounding) & permitted) | ambient, effective' = permitted'
 *   any other: permitted' = effective' = ambient
 *
 * A session execs twice before its command runs, so only sets that stay the same under this are sets it can have.
 */
#include "dbgattach/privilege.h"

#include <string.h>

static struct capability_sets after_exec(bool root, const struct capability_sets *sets)
{
	struct capability_sets after = *sets;

	after.permitted = sets->ambient;
	if (root)
		after.permitted |= (sets->inheritable | sets->bounding) & sets->permitted;
	after.effective = after.permitted;
	return after;
}

bool capability_sets_settle(bool root, struct capability_sets *sets)
{
	const struct capability_sets before = *sets;
	struct capability_sets after = after_exec(root, sets);

	/* The kernel takes no inheritable capability that the bounding set lacks: that is dropped first. */
	if (memcmp(&after, sets, sizeof(after)) == 0 && (sets->inheritable & ~sets->bounding) == 0)
		return false;
	/* What counts is what the process can use: effective stays, and the others follow it. */
	uint64_t usable = sets->effective & sets->bounding;

	sets->permitted = sets->effective = usable;
	sets->inheritable = (sets->inheritable & sets->bounding) | (root ? 0 : usable);
	sets->ambient = root ? sets->ambient & usable & sets->inheritable : usable;
	return memcmp(&before, sets, sizeof(before)) != 0;
}
