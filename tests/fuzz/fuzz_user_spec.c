/* SPDX-License-Identifier: Apache-2.0 */
/* UID, UID:GID or NAME. */
#include "dbgattach/format/passwd.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct user_spec spec;
	struct err err = { 0 };
	char *text = fuzz_text(data, size);

	int r = user_spec_parse(text, &spec, &err);
	fuzz_check_result(r, &err);
	if (r == 0) {
		fuzz_require((spec.name[0] != '\0') == (spec.uid == (uid_t)-1));
		fuzz_require(strspn(spec.name, "0123456789") < strlen(spec.name) || spec.name[0] == '\0');
	}
	free(text);
	return 0;
}
