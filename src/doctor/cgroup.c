/* SPDX-License-Identifier: Apache-2.0 */
/* What a session's own cgroup can be and limit here. */
#include "doctor.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/ns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

static bool is_mounted(const struct examination *examination, const char *path, long magic)
{
	struct statfs statfs;
	cleanup_close int fd = openat(examination->cgroup_root_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && fstatfs(fd, &statfs) == 0 && (long)statfs.f_type == magic;
}

/* Where the session's limit would be set: a v1 hierarchy, or what the root of the unified one hands down. */
static int check_controller(const struct examination *examination, const char *controller, char *detail)
{
	cleanup_buffer struct buffer text = { 0 };
	char path[64];

	(void)snprintf(path, sizeof(path), "sys/fs/cgroup/%s", controller);
	if (is_mounted(examination, path, CGROUP_SUPER_MAGIC)) {
		(void)snprintf(detail, DETAIL_MAX, "cgroup v1");
		return 0;
	}
	if (io_read_file_at(examination->cgroup_root_fd, "sys/fs/cgroup/cgroup.subtree_control", 4096, &text) < 0)
		return -ENOENT;
	size_t length = strlen(controller);
	for (const char *word = text.data; *word != '\0'; word += strcspn(word, " \n"), word += strspn(word, " \n"))
		if (strncmp(word, controller, length) == 0 && strchr(" \n", word[length]) != NULL) {
			(void)snprintf(detail, DETAIL_MAX, "cgroup2");
			return 0;
		}
	(void)snprintf(detail, DETAIL_MAX, "cgroup2, but its root does not hand it down");
	return -ENOENT;
}

int doctor_check_pids(const struct examination *examination, char *detail)
{
	return check_controller(examination, "pids", detail);
}

int doctor_check_memory_controller(const struct examination *examination, char *detail)
{
	return check_controller(examination, "memory", detail);
}

/* cgroup2 freezes without a controller of that name, and restricts devices by a BPF program. */
static int check_part(const struct examination *examination, const char *v1, const char *how, char *detail)
{
	bool unified = is_mounted(examination, "sys/fs/cgroup", CGROUP2_SUPER_MAGIC) ||
		       is_mounted(examination, "sys/fs/cgroup/unified", CGROUP2_SUPER_MAGIC);

	if (is_mounted(examination, v1, CGROUP_SUPER_MAGIC))
		(void)snprintf(detail, DETAIL_MAX, "cgroup v1");
	else if (unified)
		(void)snprintf(detail, DETAIL_MAX, "%s", how);
	else
		return -ENOENT;
	return 0;
}

int doctor_check_freezer(const struct examination *examination, char *detail)
{
	return check_part(examination, "sys/fs/cgroup/freezer", "cgroup2", detail);
}

int doctor_check_devices(const struct examination *examination, char *detail)
{
	return check_part(examination, "sys/fs/cgroup/devices", "cgroup2, by BPF", detail);
}

int doctor_check_own_cgroup(const struct examination *examination, char *detail)
{
	int result = cgroup_is_writable(examination->cgroup_root_fd);

	if (result == -ENOENT)
		(void)snprintf(detail, DETAIL_MAX, "no cgroup hierarchy below /sys/fs/cgroup");
	return result;
}
