/* SPDX-License-Identifier: Apache-2.0 */
/* containers/storage's containers.json. */
#include "dbgattach/format/podman.h"

#include "tests/fuzz/fuzz.h"

static int visit(const struct podman_container *container, void *context, struct err *err)
{
	(void)context;
	(void)err;
	fuzz_require(strlen(container->id) == 64 && container->image);
	for (size_t i = 0; i < container->names_count; i++)
		fuzz_require(container->names[i] != NULL);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };

	fuzz_check_result(podman_containers_parse((const char *)data, size, NULL, visit, NULL, &err), &err);
	return 0;
}
