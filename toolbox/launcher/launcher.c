/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs from the read-only toolbox with exactly the session's power; holds nothing of the host. Its one act is to clone
 * init into the target's PID namespace. CLONE_PARENT makes the monitor init's parent: init's zombie, its exit status and
 * its parent-death signal belong to the one process that stays on the host, and the launcher need not stay at all.
 */
#include "init.h"

#include "dbgattach/launcher.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Numbers travel as exit statuses: the monitor turns this one into a sentence. */
static int exit_status_of(int error)
{
	return error > 0 && error < LAUNCHER_EXIT_UNKNOWN ? error : LAUNCHER_EXIT_UNKNOWN;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return exit_status_of(EINVAL);
	/* execve has just made us dumpable again, and init is what the target can look at. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return exit_status_of(errno);
	if (option_has(argv[1], "filter")) {
		int error = filter_read();
		if (error != 0)
			return exit_status_of(error);
	}
	test_barrier(argv[1], "launcher/clone");
	long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
	if (pid < 0)
		return exit_status_of(errno);
	if (pid == 0)
		init_run(argv[1], argv + 2);
	return 0;
}
