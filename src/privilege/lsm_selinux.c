/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SELinux. The context in attr/current, and as it is to attr/exec. Under no_new_privs, and as the toolbox is mounted nosuid,
 * the policy must allow process2 { nnp_transition nosuid_transition } beside the transition itself, as it does for
 * container runtimes [check_nnp_nosuid()].
 */
#include "lsm.h"

#include <errno.h>
#include <string.h>

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

const struct lsm lsm_selinux = {
	.name = "SELinux",
	.id = "selinux",
	.attributes = "attr",
	.is_active = is_active,
	.parse = parse,
	.confines = confines,
	.exec_prefix = "",
};
