/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a table of steps. The tables stand beside the functions they name: monitor.c and entry.c. */
#include "steps.h"

#include "dbgattach/base/weaken.h"

int steps_run(const char *process, const struct step *steps, size_t count, struct attach *attach,
	      void (*before)(struct attach *attach, size_t index), struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		before(attach, i);
		weaken_barrier(process, steps[i].name);
		int result = steps[i].run(attach, err);
		if (result < 0 && (PROTECTED(FAIL_CLOSED) || steps != entry_steps))
			return result;
	}
	return 0;
}
