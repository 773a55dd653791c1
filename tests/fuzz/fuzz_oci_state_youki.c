/* SPDX-License-Identifier: Apache-2.0 */
/* youki's state.json. */
#include "dbgattach/format/oci_state.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oci_state state = { 0 };
	struct err err = { 0 };

	int r = oci_state_parse_youki((const char *)data, size, &state, &err);
	fuzz_check_result(r, &err);
	if (r == 0)
		fuzz_require(state.pid >= 0 && state.pid <= INT32_MAX);
	oci_state_done(&state);
	return 0;
}
