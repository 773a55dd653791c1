/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What --mode=view runs in the pod: a shell of the image's own toolbox, beside the target in its PID namespace, with no power
 * that the target has not. No namespace is joined and nothing is mounted.
 */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/log.h"
#include "dbgattach/base/text.h"
#include "dbgattach/kubectl.h"
#include "dbgattach/pin.h"
#include "dbgattach/target.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TOOLBOX "/dbg"
#define NOT_FOUND 127
#define CANNOT_EXECUTE 126

static int find(const char *id, pid_t *ret, struct err *err)
{
	__attribute__((cleanup(host_done))) struct host host = { -EBADF, -EBADF };
	__attribute__((cleanup(pin_done))) struct pin pin = PIN_INIT;
	__attribute__((cleanup(target_done))) struct target target = { 0 };
	struct reference reference;
	int result = reference_parse(id, &reference, err);

	if (result == 0)
		result = host_open(NULL, &host, err);
	if (result == 0)
		result = target_resolve(&host, &reference, &target, &pin, err);
	if (result == 0)
		*ret = pin.pid;
	return result;
}

int kubectl_view(const char *id, char **command, int *ret_status, struct err *err)
{
	static char shell[] = TOOLBOX "/bin/sh", login[] = "-l";
	static char *const shell_words[] = { shell, login, NULL };
	char *const *words = command[0] != NULL ? command : shell_words;
	char root[32];
	pid_t pid = 0;
	int result = find(id, &pid, err);

	if (result < 0)
		return result;
	(void)snprintf(root, sizeof(root), "/proc/%d/root", pid);
	if (chdir(root) < 0)
		log_note("its files cannot be seen by this user (%s: %s)", root, strerror(errno));
	if (setenv("PATH", TOOLBOX "/bin", 1) < 0 || setenv("HOME", "/", 1) < 0)
		return err_sys(err, errno, "the environment");
	(void)execvp(words[0], words);
	*ret_status = errno == ENOENT ? NOT_FOUND : CANNOT_EXECUTE;
	log_error("%s: %s", words[0], strerror(errno));
	return 0;
}
