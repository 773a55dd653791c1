/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/cmdline of systemd-nspawn, an LXC monitor, dockerd. */
#include "dbgattach/format/command_line.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[COMMAND_NAME_MAX], value[PATH_MAX];
	const char *bytes = (const char *)data;

	if (command_line_lxc_name(bytes, size, name))
		fuzz_require(name[0] != '\0' && strlen(name) < sizeof(name));
	if (command_line_nspawn_machine(bytes, size, name))
		fuzz_require(name[0] != '\0' && strlen(name) < sizeof(name));
	if (command_line_option(bytes, size, "data-root", value))
		fuzz_require(value[0] != '\0' && strlen(value) < sizeof(value));
	return 0;
}
