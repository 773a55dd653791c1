// SPDX-License-Identifier: Apache-2.0
/* pidreuse PID CMD...: runs CMD as a child that has this very pid, which must be free. [CLONE3(2), set_tid; needs SYS_ADMIN] */
#include "names.h"

#include <linux/sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	pid_t wanted = argc > 2 ? (pid_t)atoi(argv[1]) : 0;
	struct clone_args args = { .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&wanted, .set_tid_size = 1 };
	int status;
	long pid;

	if (wanted <= 0) {
		fprintf(stderr, "usage: pidreuse PID CMD...\n");
		return 97;
	}
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0) {
		perror("pidreuse: clone3");
		return 1;
	}
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execv(argv[2], argv + 2);
		_exit(127);
	}
	dprintf(1, "pid %ld\n", pid);
	return waitpid((pid_t)pid, &status, 0) < 0 || !WIFEXITED(status) ? 1 : WEXITSTATUS(status);
}
