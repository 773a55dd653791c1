/* SPDX-License-Identifier: Apache-2.0 */
/* systemd-machined's files. */
#include "dbgattach/format/machine.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine out = { 0 };
	struct err err = { 0 };

	int r = machine_parse((const char *)data, size, &out, &err);
	fuzz_check_result(r, &err);
	if (r == 0)
		fuzz_require(out.leader > 0 && strlen(out.unit) < sizeof(out.unit));
	return 0;
}
