/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/schedstat. */
#include "dbgattach/format/proc_schedstat.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proc_schedstat schedstat;
	struct err err = { 0 };

	fuzz_check_result(proc_schedstat_parse((const char *)data, size, &schedstat, &err), &err);
	return 0;
}
