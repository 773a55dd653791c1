/* SPDX-License-Identifier: Apache-2.0 */
/* The container's mount table as the kernel keeps it: no path of it is looked up, so no filesystem is asked. */
#include "inspect.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/format/mountinfo.h"

#include <string.h>

#define MOUNTINFO_MAX (64U << 20) /* 100,000 mounts with long options */

static json_t *mount_row(const struct mountinfo *mount)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "mount_point", json_text(mount->mount_point), "type",
			 json_text(mount->type), "source", json_text(mount->source), "root", json_text(mount->root),
			 "options", json_text(mount->options), "super_options", json_text(mount->super_options));
}

json_t *inspect_mounts(const struct inspection *inspection, struct err *err)
{
	cleanup_buffer struct buffer text = { 0 };
	cleanup_json json_t *list = json_array();
	char *rest = NULL;
	int result = io_read_file_at(inspection->pin.proc_fd, "mountinfo", MOUNTINFO_MAX, &text);

	if (result < 0) {
		(void)err_sys(err, result, "/proc/%d/mountinfo", inspection->pin.pid);
		return NULL;
	}
	for (char *line = strtok_r(text.data, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		struct mountinfo mount;

		if (mountinfo_parse_line(line, &mount, err) < 0) {
			(void)err_wrap(err, "/proc/%d/mountinfo", inspection->pin.pid);
			return NULL;
		}
		(void)json_array_append_new(list, mount_row(&mount));
	}
	return inspect_made(take_ptr(list), err);
}
