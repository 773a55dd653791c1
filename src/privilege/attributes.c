/* SPDX-License-Identifier: Apache-2.0 */
/* What a process inherits from its caller without anybody asking for it: set to known values. */
#include "dbgattach/base/weaken.h"
#include "dbgattach/privilege.h"
#include "dbgattach/sys/process.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TIMER_SLACK_NS 50000 /* what the kernel gives to the first process */

static int reset_signals(struct err *err)
{
	sigset_t none;

	for (int signal = 1; signal < _NSIG; signal++) {
		struct sigaction action = { .sa_handler = SIG_DFL };

		/* The two that libc keeps for itself, KILL and STOP answer EINVAL and are at their default anyway. */
		if (sigaction(signal, &action, NULL) < 0 && errno != EINVAL)
			return err_sys(err, errno, "resetting signal %d", signal);
	}
	(void)sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? err_sys(err, errno, "resetting the signal mask") : 0;
}

/* The caller's processors and memory nodes. A filter that he is under may keep them (EPERM): it binds the session too. */
static int reset_placement(struct err *err)
{
	unsigned char all[1024]; /* a bit for each of the 8192 processors that a kernel can be built for */

	memset(all, 0xff, sizeof(all));
	if (syscall(SYS_sched_setaffinity, 0, sizeof(all), all) < 0 && errno != EPERM)
		return err_sys(err, errno, "resetting the processor affinity");
	if (syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0) < 0 && errno != EPERM && errno != ENOSYS)
		return err_sys(err, errno, "resetting the memory policy");
	return 0;
}

static int reset_scheduling(struct err *err)
{
	struct sched_param param = { 0 };

	if (sched_getscheduler(0) != SCHED_OTHER && sched_setscheduler(0, SCHED_OTHER, &param) < 0)
		return err_sys(err, errno, "resetting the scheduling class");
	/* Lowering a positive niceness needs CAP_SYS_NICE; a session that is nicer than asked is no weaker. */
	if (setpriority(PRIO_PROCESS, 0, 0) < 0 && errno != EACCES && errno != EPERM)
		return err_sys(err, errno, "resetting the niceness");
	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, 0) < 0)
		return err_sys(err, errno, "resetting the I/O priority");
	/* Not 0, which means what our parent had. */
	if (prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS, 0, 0, 0) < 0)
		return err_sys(err, errno, "resetting the timer slack");
	return reset_placement(err);
}

int privilege_reset_attributes(struct err *err)
{
	int result = reset_signals(err);

	if (result == 0)
		result = reset_scheduling(err);
	if (result < 0)
		return result;
	if (PROTECTED(UMASK))
		(void)umask(022);
	if (personality(PER_LINUX) < 0)
		return err_sys(err, errno, "resetting the personality");
	if (prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) != 0 && prctl(PR_SET_SECUREBITS, 0, 0, 0, 0) < 0)
		return err_sys(err, errno, "resetting the securebits");
	return 0;
}

int privilege_new_keyring(struct err *err)
{
	if (!PROTECTED(KEYRING))
		return 0;
	int result = sys_keyctl_join_session();

	if (result == 0)
		return 0;
	/*
	 * A kernel without keyrings has none to leak. A filter that the caller is under (a container runtime's default one) may
	 * refuse keyctl; it binds the session as well, so no key can be read with it either. Both are shown by a call that only
	 * reads, not by faith.
	 */
	if ((result == -ENOSYS || result == -EPERM) && sys_keyctl_session_id() == result)
		return 0;
	return err_sys(err, result, "joining a session keyring of its own");
}
