/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/cgroup. */
#include "dbgattach/format/cgroup.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const controllers[] = { "", "pids", "memory", "name=systemd" };
	char path[CGROUP_PATH_MAX], id[65];

	for (size_t i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++) {
		if (cgroup_path_of((const char *)data, size, controllers[i], path, sizeof(path)) == 0)
			fuzz_require(path[0] == '/' && !strchr(path, '\n'));
	}
	if (cgroup_container_id((const char *)data, size, id) == 0)
		fuzz_require(strlen(id) == 64 && strspn(id, "0123456789abcdef") == 64);
	const char *runtime = NULL;
	if (cgroup_outer_container((const char *)data, size, id, &runtime) == 0)
		fuzz_require(strlen(id) == 64 && cgroup_has_component((const char *)data, size, id));
	return 0;
}
