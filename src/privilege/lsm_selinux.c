/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SELinux. The context in attr/current, and as it is to attr/exec. Under no_new_privs, and as the toolbox is mounted nosuid,
 * the policy must allow process2 { nnp_transition nosuid_transition } beside the transition itself, as it does for
 * container runtimes [check_nnp_nosuid()].
 */
#include "lsm.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/format/mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool is_active(const struct lsm_sources *sources)
{
	char text[8192];

	/* It is registered only where SELinux was not switched off at boot, mounted or not. */
	return lsm_read_file(sources->proc_fd, "filesystems", text, sizeof(text)) > 0 &&
	       strstr(text, "\tselinuxfs\n") != NULL;
}

/* USER:ROLE:TYPE[:RANGE]; without a policy the initial context's name. attr/current may be another module's. */
static int parse(char *text)
{
	const char *role = strchr(text, ':');
	const char *type = role == NULL ? NULL : strchr(role + 1, ':');

	return (type != NULL && role > text && type > role + 1 && type[1] != '\0') || strcmp(text, "kernel") == 0 ?
		       0 :
		       -EBADMSG;
}

static bool confines(const char *label)
{
	(void)label; /* every context has rules of its own, unconfined_t too */
	return true;
}

/*
 * Container runtimes mount a root filesystem with context=, which its mount table shows: to ask the files would mean to touch
 * the target's filesystem. The mount of the root is the first of its namespace, so a part of the table is enough.
 */
static void read_file_label(int target_fd, char *out, size_t size)
{
	static char table[32768];
	cleanup_close int fd = openat(target_fd, "mountinfo", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, table, sizeof(table) - 1);
	struct mountinfo mount;
	char *rest;

	*out = '\0';
	table[length < 0 ? 0 : length] = '\0';
	for (char *line = strtok_r(table, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		struct err ignored;

		if (mountinfo_parse_line(line, &mount, &ignored) < 0 || strcmp(mount.mount_point, "/") != 0)
			continue;
		if (!mountinfo_option(mount.super_options, "context", out, size))
			*out = '\0';
		return;
	}
}

const struct lsm lsm_selinux = {
	.name = "SELinux",
	.id = "selinux",
	.attributes = "attr",
	.is_active = is_active,
	.parse = parse,
	.confines = confines,
	.read_file_label = read_file_label,
	.exec_prefix = "",
};
