/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the default filter, which was compiled with the program (gen_seccomp.c). */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/privilege.h"
#include "dbgattach/sys/process.h"

#include <linux/filter.h>

static const struct sock_filter default_filter[] = {
#include "gen/seccomp_default.inc"
};

_Static_assert(ARRAY_SIZE(default_filter) <= BPF_MAXINSNS, "the kernel takes no longer program");

int privilege_set_default_filter(struct err *err)
{
	if (!PROTECTED(SECCOMP))
		return 0;
	int result = sys_seccomp_filter(default_filter, ARRAY_SIZE(default_filter));

	return result < 0 ? err_sys(err, result, "loading the seccomp filter") : 0;
}
