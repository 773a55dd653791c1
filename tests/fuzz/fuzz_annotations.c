/* SPDX-License-Identifier: Apache-2.0 */
/* The annotations in a bundle's config.json. */
#include "dbgattach/format/annotations.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct annotations out = { 0 };
	struct err err = { 0 };

	int r = annotations_parse((const char *)data, size, &out, &err);
	fuzz_check_result(r, &err);
	annotations_done(&out);
	return 0;
}
