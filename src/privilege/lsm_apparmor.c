/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AppArmor. "NAME (MODE)" in attr/apparmor/current, "unconfined" alone; "exec NAME" to attr/apparmor/exec. [lsm.rst of the
 * kernel, aa_label_snxprint() and apparmor_bprm_creds_for_exec(): from unconfined any transition is allowed under
 * no_new_privs, from a profile only one into a stack that holds it.]
 */
#include "lsm.h"

#include <errno.h>
#include <string.h>

static bool is_active(const struct lsm_sources *sources)
{
	char text[16];

	return lsm_read_file(sources->root_fd, "sys/module/apparmor/parameters/enabled", text, sizeof(text)) > 0 &&
	       text[0] == 'Y';
}

static int parse(char *text)
{
	static const char hidden[] = "---"; /* a profile of a policy namespace that we do not see */
	size_t length = strlen(text);
	char *mode;

	/* A stack of profiles has one mode for all, at the end; a profile's own name may have spaces and brackets too. */
	if (length > 0 && text[length - 1] == ')' && (mode = strrchr(text, '(')) != NULL && mode > text + 1 &&
	    mode[-1] == ' ')
		mode[-1] = '\0';
	return *text == '\0' || strcmp(text, hidden) == 0 ? -EBADMSG : 0;
}

static bool confines(const char *label)
{
	return strcmp(label, "unconfined") != 0;
}

const struct lsm lsm_apparmor = {
	.name = "AppArmor",
	.id = "apparmor",
	.attributes = "attr/apparmor",
	.attributes_old = "attr", /* before Linux 5.8 */
	.is_active = is_active,
	.parse = parse,
	.confines = confines,
	.exec_prefix = "exec ",
};
