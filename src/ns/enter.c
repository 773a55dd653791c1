/* SPDX-License-Identifier: Apache-2.0 */
/* The one system call that enters. */
#include "kind.h"

#include <errno.h>
#include <sched.h>

int ns_enter(int pidfd, unsigned kinds, struct err *err)
{
	int flags = 0;
	char list[128];

	for (int kind = 0; kind < NS_KIND_MAX; kind++)
		if (kinds & NS_BIT(kind))
			flags |= ns_kinds[kind].clone_flag;
	if (flags == 0 || setns(pidfd, flags) == 0)
		return 0;
	if (errno == EINVAL)
		return err_set(err, ERR_UNSUPPORTED, "setns on a pidfd (%s): Invalid argument; it needs Linux 5.8",
			       ns_format_list(kinds, list, sizeof(list)));
	return err_sys(err, errno, "setns on the target's pidfd (%s)", ns_format_list(kinds, list, sizeof(list)));
}
