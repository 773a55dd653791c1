/* SPDX-License-Identifier: Apache-2.0 */
#include "kubectl_plugin.h"

#include "dbgattach/kubectl.h"
#include "dbgattach/remote.h"

#include <string.h>

bool node_command_is(int argc, char **argv)
{
	return argc > 1 && strcmp(argv[1], "--node") == 0;
}

int node_command_run(int argc, char **argv, int *ret_status, struct err *err)
{
	const char *what = argc > 2 ? argv[2] : "";
	bool once = argc == 4 && strcmp(argv[3], "--once") == 0;

	*ret_status = 0;
	if (strcmp(what, "wait") == 0 && (argc == 3 || once))
		return remote_wait(once, err);
	if (strcmp(what, "session") == 0 && argc == 3)
		return remote_helper(ret_status, err);
	if (strcmp(what, "view") == 0 && argc > 3)
		return kubectl_view(argv[3], argv + 4, ret_status, err);
	return err_set(
		err, ERR_USAGE,
		"--node wait [--once], session, or view ID [COMMAND...]: what `kubectl dbgattach` runs in a pod");
}
