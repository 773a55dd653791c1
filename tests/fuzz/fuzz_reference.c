/* SPDX-License-Identifier: Apache-2.0 */
/* TARGET as typed. What passes is used as a path component, so that is required of it. */
#include "dbgattach/format/reference.h"

#include "tests/fuzz/fuzz.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reference reference;
	struct err err = { 0 };
	char *text = fuzz_text(data, size);

	int r = reference_parse(text, &reference, &err);
	fuzz_check_result(r, &err);
	if (r == 0) {
		fuzz_require(strcmp(reference.runtime, "pid") == 0 ? reference.pid > 0 : reference.name[0] != '\0');
		fuzz_require(!strchr(reference.name, '/') && strcmp(reference.name, "..") != 0);
		char walled[sizeof(reference.scope) + 2];
		(void)snprintf(walled, sizeof(walled), "/%s/", reference.scope);
		fuzz_require(!strstr(walled, "/../") && !strstr(walled, "/./"));
	}
	free(text);
	return 0;
}
