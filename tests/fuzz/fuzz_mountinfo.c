/* SPDX-License-Identifier: Apache-2.0 */
/* A line of /proc/PID/mountinfo: all that is returned points into it. */
#include "dbgattach/format/mountinfo.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mountinfo mount;
	struct err err = { 0 };
	char *line = fuzz_text(data, size);

	int r = mountinfo_parse_line(line, &mount, &err);
	fuzz_check_result(r, &err);
	if (r == 0) {
		const char *const fields[] = { mount.root, mount.mount_point, mount.options,
					       mount.type, mount.source,      mount.super_options };
		for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
			fuzz_require(fields[i] >= line && fields[i] + strlen(fields[i]) <= line + size);
	}
	free(line);
	return 0;
}
