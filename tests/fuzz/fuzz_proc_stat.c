/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/stat. */
#include "dbgattach/format/proc_stat.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proc_stat stat;
	struct err err = { 0 };

	int r = proc_stat_parse((const char *)data, size, &stat, &err);
	fuzz_check_result(r, &err);
	if (r == 0)
		fuzz_require(stat.pid > 0 && stat.ppid >= 0);
	return 0;
}
