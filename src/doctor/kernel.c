/* SPDX-License-Identifier: Apache-2.0 */
/* The features of the kernel, each tried. What has a fallback says which. */
#include "doctor.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/text.h"
#include "dbgattach/format/cgroup.h"
#include "dbgattach/sys/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Into the cgroup that we are in: nobody moves. */
static int check_clone_into_cgroup(const struct examination *examination, char *detail)
{
	static const char *const mounts[] = { "sys/fs/cgroup/unified", "sys/fs/cgroup" };
	cleanup_buffer struct buffer text = { 0 };
	char cgroup[CGROUP_PATH_MAX], path[CGROUP_PATH_MAX + 64];
	int result = io_read_file_at(examination->host.proc_fd, "self/cgroup", 65536, &text);

	if (result < 0 || cgroup_path_below(text.data, text.length, "", cgroup, sizeof(cgroup)) < 0) {
		(void)snprintf(detail, DETAIL_MAX, "no cgroup2 hierarchy: not needed");
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		if (text_format(path, sizeof(path), "%s%s/cgroup.procs", mounts[i], cgroup) < 0 ||
		    faccessat(examination->cgroup_root_fd, path, F_OK, 0) < 0)
			continue;
		*strrchr(path, '/') = '\0';
		cleanup_close int fd = openat(examination->cgroup_root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return fd < 0 ? -errno : sys_probe_clone_into_cgroup(fd);
	}
	/* In a container mostly: then there is nothing to be born in. */
	(void)snprintf(detail, DETAIL_MAX, "not tried: our own cgroup is not below /sys/fs/cgroup");
	return 0;
}

static const struct condition conditions[] = {
	{ .name = "pidfd_open",
	  .required = true,
	  .since = "5.3",
	  .probe = sys_probe_pidfd,
	  .use = "the container's process is pinned",
	  .without = "no attach" },
	{ .name = "setns on a pidfd",
	  .inside = true,
	  .required = true,
	  .since = "5.8",
	  .probe = sys_probe_pidfd_setns,
	  .use = "all namespaces are joined in one call",
	  .without = "no attach" },
	{ .name = "openat2",
	  .required = true,
	  .since = "5.6",
	  .probe = sys_probe_openat2,
	  .use = "state files are opened without following links",
	  .without = "no attach by name" },
	{ .name = "mount API",
	  .inside = true,
	  .required = true,
	  .since = "5.2",
	  .probe = sys_probe_mount_api,
	  .use = "the session's root is built detached (fsopen, open_tree, move_mount)",
	  .without = "no attach" },
	{ .name = "pivot_root",
	  .probe = sys_probe_pivot_root,
	  .use = "the session's root has none beneath it",
	  .without =
		  "chroot into it: the old root lies beneath, read-only and emptied, out of reach but for SYS_ADMIN" },
	{ .name = "mount_setattr",
	  .inside = true,
	  .required = true,
	  .since = "5.12",
	  .probe = sys_probe_mount_setattr,
	  .use = "the container's tree is shown read-only",
	  .without = "no attach" },
	{ .name = "close_range",
	  .required = true,
	  .since = "5.9",
	  .probe = sys_probe_close_range,
	  .use = "no file of the host's is left open",
	  .without = "no attach" },
	{ .name = "clone into a cgroup",
	  .for_root = true,
	  .required = true,
	  .since = "5.7",
	  .check = check_clone_into_cgroup,
	  .use = "the session is born in its own cgroup",
	  .without = "no attach where there is a cgroup2 hierarchy" },
	{ .name = "seccomp filters",
	  .required = true,
	  .probe = sys_probe_seccomp,
	  .use = "what the session may call",
	  .without = "no attach but with --seccomp unconfined" },
	{ .name = "reading seccomp filters",
	  .probe = sys_probe_seccomp_copy,
	  .use = "--seccomp target where no config states the profile (PTRACE_SECCOMP_GET_FILTER)",
	  .without = "that is refused; a config's profile is taken all the same" },
	{ .name = "keyrings",
	  .probe = sys_probe_keyring,
	  .use = "a new session keyring",
	  .without = "nothing is lost where the caller's own filter refuses keyctl" },
	{ .name = "pidfd inodes",
	  .since = "6.9",
	  .probe = sys_probe_pidfs,
	  .use = "pid:N:INODE",
	  .without = "pid:N:INODE is refused" },
	{ .name = "user namespaces",
	  .probe = sys_probe_userns,
	  .use = "rootless containers can be made here",
	  .without = "nothing: those that run can be entered" },
	{ .name = "tmpfs",
	  .inside = true,
	  .required = true,
	  .type = "tmpfs",
	  .use = "the session's root and scratch space",
	  .without = "no attach" },
	{ .name = "devpts",
	  .inside = true,
	  .required = true,
	  .type = "devpts",
	  .use = "the session's own terminals",
	  .without = "no attach" },
	{ .name = "overlayfs",
	  .inside = true,
	  .type = "overlay",
	  .use = "toolboxes with layers, and where erofs cannot be mounted",
	  .without = "toolboxes of one erofs or squashfs image only" },
	{ .name = "erofs",
	  .type = "erofs",
	  .use = "toolboxes are mounted out of their image",
	  .without = "squashfs, or a tmpfs beneath an overlay: a slower start and memory" },
	{ .name = "squashfs",
	  .type = "squashfs",
	  .use = "toolboxes of that format",
	  .without = "their erofs image or folder is used" },
	{ .name = "loop devices",
	  .probe = sys_probe_loop,
	  .use = "images where a file cannot be mounted by itself",
	  .without = "erofs out of the file (Linux 6.12), or a tmpfs" },
};

const struct condition_group doctor_kernel = { "kernel", conditions, ARRAY_SIZE(conditions) };
