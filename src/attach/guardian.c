/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outlives the monitor by a moment, should it be killed: ends the session, removes the cgroup, gives the terminal back.
 * Forked before any of these is changed, in a session of its own, so that what kills the monitor's group leaves it. It
 * never reads anything from the target's side, and an orderly monitor kills it.
 */
#include "attach.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/sys/pidfd.h"
#include "dbgattach/sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define END_DEADLINE_MS 3000 /* init has a second of it to reap the rest */

static void pause_ms(long ms)
{
	struct timespec time = { .tv_nsec = ms * 1000000 };

	(void)nanosleep(&time, NULL);
}

/* Init first reaps what is killed, so that no zombie is left to the target's pid 1; a stubborn one is killed last. */
static void end_session(struct attach *attach)
{
	int64_t start = session_now_ms(), now;
	pid_t pid;

	while (cgroup_members(&attach->cgroup, &pid, 1) > 0 && (now = session_now_ms()) < start + END_DEADLINE_MS) {
		(void)cgroup_kill_others(&attach->cgroup, now < start + 1000 ? attach->guardian_page->init : 0);
		pause_ms(2);
	}
	(void)cgroup_remove(&attach->cgroup);
}

/* The session's pipes above all are to go: their ends are what tells each side of the other's death. */
static void keep_only(int *const *fds, size_t count)
{
	int high = 0;

	/* Out of the way of each other first, then to the lowest numbers, then everything behind them goes. */
	for (size_t i = 0; i < count; i++)
		if (*fds[i] >= 0)
			*fds[i] = fcntl(*fds[i], F_DUPFD_CLOEXEC, 64);
	for (size_t i = 0; i < count; i++)
		if (*fds[i] >= 0)
			*fds[i] = dup3(*fds[i], high++, O_CLOEXEC);
	(void)sys_close_from((unsigned)high);
}

_Noreturn void guardian_main(struct attach *attach, int monitor_pidfd)
{
	int *const kept[] = { &attach->tty.fd, &attach->host.root_fd, &monitor_pidfd };
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)setsid();
	keep_only(kept, ARRAY_SIZE(kept));
	struct pollfd poll_fd = { .fd = monitor_pidfd, .events = POLLIN };
	weaken_barrier("guardian", "wait");
	while (poll(&poll_fd, 1, -1) < 0 && errno == EINTR)
		;
	/* The terminal first: somebody may be looking at it. Whether it was raw by then does not matter. */
	attach->tty.raw = attach->tty.fd >= 0;
	session_tty_restore(&attach->tty, true);
	cgroup_init(&attach->cgroup);
	if (cgroup_open(&attach->cgroup, attach->host.root_fd, attach->session) == 0)
		end_session(attach);
	cgroup_done(&attach->cgroup);
	_exit(0);
}
