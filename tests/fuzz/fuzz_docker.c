/* SPDX-License-Identifier: Apache-2.0 */
/* Docker's config.v2.json. */
#include "dbgattach/format/docker.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct docker_container container = { 0 };
	struct err err = { 0 };

	int r = docker_container_parse((const char *)data, size, &container, &err);
	fuzz_check_result(r, &err);
	if (r == 0)
		fuzz_require(container.id && strlen(container.id) == 64 && container.name && container.pid >= 0);
	docker_container_done(&container);
	return 0;
}
