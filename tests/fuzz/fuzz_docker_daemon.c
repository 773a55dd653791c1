/* SPDX-License-Identifier: Apache-2.0 */
/* Docker's daemon.json. */
#include "dbgattach/format/docker_daemon.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct docker_daemon out = { 0 };
	struct err err = { 0 };

	int r = docker_daemon_parse((const char *)data, size, &out, &err);
	fuzz_check_result(r, &err);
	if (r == 0 && out.data_root)
		fuzz_require(out.data_root[0] == '/');
	docker_daemon_done(&out);
	return 0;
}
