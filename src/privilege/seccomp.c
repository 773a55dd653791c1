/* SPDX-License-Identifier: Apache-2.0 */
/* Loads filters: the default one, which was compiled with the program (gen_seccomp.c), and others that were compiled now. */
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
	int result = sys_seccomp_filter(default_filter, ARRAY_SIZE(default_filter), 0);

	return result < 0 ? err_sys(err, result, "loading the seccomp filter") : 0;
}

int privilege_set_filters(const struct seccomp_programs *programs, struct err *err)
{
	if (!PROTECTED(FOREIGN_SECCOMP))
		return 0;
	for (size_t i = 0; i < programs->count; i++) {
		const struct seccomp_program *program = &programs->items[i];
		int result = sys_seccomp_filter(program->code, program->length, program->flags);

		if (result < 0)
			return err_sys(err, result, "loading seccomp filter %zu of %zu", i + 1, programs->count);
	}
	return 0;
}
