/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/limits. */
#include "dbgattach/format/proc_limits.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proc_limits limits;
	struct err err = { 0 };

	fuzz_check_result(proc_limits_parse((const char *)data, size, &limits, &err), &err);
	return 0;
}
