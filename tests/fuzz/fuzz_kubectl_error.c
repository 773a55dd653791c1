/* SPDX-License-Identifier: Apache-2.0 */
/* What kubectl says on stderr. */
#include "dbgattach/format/kubectl_error.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kubectl_error error;

	kubectl_error_parse((const char *)data, size, &error);
	fuzz_require(memchr(error.text, '\0', sizeof(error.text)) != NULL && error.next != NULL);
	for (const char *at = error.text; *at != '\0'; at++)
		fuzz_require((unsigned char)*at >= 0x20);
	return 0;
}
