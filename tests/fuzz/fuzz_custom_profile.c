/* SPDX-License-Identifier: Apache-2.0 */
/* A profile of one's own: its name is always one that a prompt can show. */
#include "dbgattach/format/custom_profile.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct custom_profile profile = { 0 };
	struct err err = { 0 };

	int r = custom_profile_parse((const char *)data, size, &profile, &err);
	fuzz_check_result(r, &err);
	if (r == 0) {
		fuzz_require(profile.name[0] != '\0' && strlen(profile.name) <= 32 &&
			     strpbrk(profile.name, "$`\\ (") == NULL);
		fuzz_require(!(profile.all_capabilities && profile.target_capabilities));
	}
	custom_profile_done(&profile);
	return 0;
}
