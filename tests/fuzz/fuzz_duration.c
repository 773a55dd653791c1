/* SPDX-License-Identifier: Apache-2.0 */
/* A duration of the command line. */
#include "dbgattach/base/text.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t seconds = 0;
	char *text = fuzz_text(data, size);

	int r = text_duration(text, &seconds);
	fuzz_require(r <= 0 && (r == 0) == (seconds > 0) && seconds <= 365U * 24 * 60 * 60);
	free(text);
	return 0;
}
