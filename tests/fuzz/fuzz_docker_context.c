/* SPDX-License-Identifier: Apache-2.0 */
/* The Docker CLI's config.json and meta.json. */
#include "dbgattach/format/docker_context.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct docker_context context = { 0 };
	struct err err = { 0 };
	char *name = NULL;

	int r = docker_context_parse((const char *)data, size, &context, &err);
	fuzz_check_result(r, &err);
	if (r == 0)
		fuzz_require(context.name != NULL);
	docker_context_done(&context);
	err = (struct err) { 0 };
	r = docker_current_context_parse((const char *)data, size, &name, &err);
	fuzz_check_result(r, &err);
	free(name);
	return 0;
}
