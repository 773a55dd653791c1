/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle's config.json. */
#include "dbgattach/format/oci_config.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oci_config config = { 0 };
	struct err err = { 0 };

	fuzz_check_result(oci_config_parse((const char *)data, size, &config, &err), &err);
	oci_config_done(&config);
	return 0;
}
