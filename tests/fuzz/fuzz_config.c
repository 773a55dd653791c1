/* SPDX-License-Identifier: Apache-2.0 */
/* The system's configuration: a longest time is one, and nothing is allowed that has no name. */
#include "dbgattach/format/config.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config = { 0 };
	struct err err = { 0 };

	int r = config_parse((const char *)data, size, &config, &err);
	fuzz_check_result(r, &err);
	if (r == 0) {
		fuzz_require(config.allow >> CONFIG_ALLOW_MAX == 0);
		fuzz_require(config.max_timeout_s <= 366U * 24 * 60 * 60);
		fuzz_require(config.policy ||
			     (config.allow == 0 && config.max_timeout_s == 0 && !config.profiles_given));
		fuzz_require(config.profiles_given || config.profiles.count == 0);
	}
	config_done(&config);
	return 0;
}
