/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/status. */
#include "dbgattach/format/proc_status.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proc_status status = { 0 };
	struct err err = { 0 };

	int r = proc_status_parse((const char *)data, size, &status, &err);
	fuzz_check_result(r, &err);
	if (r == 0)
		fuzz_require(status.groups_count <= PROC_STATUS_GROUPS_MAX && status.tgid >= 0);
	proc_status_done(&status);
	return 0;
}
