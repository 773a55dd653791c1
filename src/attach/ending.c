/* SPDX-License-Identifier: Apache-2.0 */
/* Every way out leads through here: whatever state the attach was in, nothing of it stays. */
#include "attach.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/clock.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/launcher.h"
#include "dbgattach/sys/pidfd.h"
#include "dbgattach/sys/process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define INIT_GRACE_MS 1000    /* on a busy host init may need long to reap and exit; killed first, it leaves zombies */
#define SEARCH_GRACE_MS 5000  /* where it has to find the rest by itself */
#define CHILD_DEADLINE_MS 300 /* what was killed is gone at once, or hangs where no signal reaches it */

int attach_kill_others(void *context)
{
	const struct attach *attach = context;

	bool ignored;

	if (attach->has_cgroup)
		return cgroup_kill_others(&attach->cgroup, attach->init);
	if (attach->mounts < 0 || !PROTECTED(CGROUP) || !PROTECTED(MEMBERS))
		return -EOPNOTSUPP;
	int others = ns_kill_members(attach->host.proc_fd, attach->mounts, attach->init, &ignored);
	/* Who is not found is not sure to be gone, as with a cgroup's list: init looks for itself then. */
	return others == 0 ? -EOPNOTSUPP : others;
}

/*
 * Kills and reaps a child of ours; one that hangs in an uninterruptible wait (on a filesystem of the target's that never
 * answers) is left to die by itself, since nobody can make it.
 */
static void end_child(int *pidfd)
{
	struct pollfd poll_fd = { .fd = *pidfd, .events = POLLIN };
	siginfo_t info;

	if (*pidfd < 0)
		return;
	(void)sys_pidfd_send_signal(*pidfd, SIGKILL);
	if (poll(&poll_fd, 1, CHILD_DEADLINE_MS) == 1)
		(void)sys_reap(*pidfd, &info);
	close_quietly(take_fd(*pidfd));
}

/* The rest first, while init lives to reap it; closing the start pipe ends an init that still waits for it. */
static void end_session(struct attach *attach)
{
	int64_t deadline = clock_now_ms() + CHILD_DEADLINE_MS;

	close_quietly(take_fd(attach->channels.start_write));
	end_child(&attach->entry_pidfd);
	if (attach->init_pidfd >= 0) {
		struct pollfd poll_fd = { .fd = attach->init_pidfd, .events = POLLIN };

		while (attach_kill_others(attach) > 0 && clock_now_ms() < deadline)
			;
		/* Where there is no list of the others, init finds them by itself. */
		(void)sys_pidfd_send_signal(attach->init_pidfd, LAUNCHER_PARENT_DEATH_SIGNAL);
		(void)sys_pidfd_send_signal(attach->init_pidfd, SIGCONT);
		(void)poll(&poll_fd, 1, attach->has_cgroup ? INIT_GRACE_MS : SEARCH_GRACE_MS);
	}
	end_child(&attach->init_pidfd);
}

/* Nobody, where init has ended in order: it does so last. */
static void end_members(struct attach *attach)
{
	int64_t deadline = clock_now_ms() + CHILD_DEADLINE_MS;

	while (attach_kill_others(attach) > 0 && clock_now_ms() < deadline)
		clock_pause_ms(1);
}

static void end_cgroup(struct attach *attach)
{
	int64_t deadline = clock_now_ms() + CHILD_DEADLINE_MS;
	pid_t pid;

	if (!attach->has_cgroup) {
		end_members(attach);
		return;
	}
	/* An init that was not found yet ends by itself, now that its start pipe is closed; killed, it would reap nobody. */
	while (cgroup_members(&attach->cgroup, &pid, 1) > 0 && clock_now_ms() < deadline)
		clock_pause_ms(1);
	deadline += CHILD_DEADLINE_MS;
	while (cgroup_kill_others(&attach->cgroup, 0) > 0 && clock_now_ms() < deadline)
		clock_pause_ms(1);
	(void)cgroup_remove(&attach->cgroup);
}

/* An attach that failed between init's birth and its being found: it ends by itself, but is ours to reap. */
static void reap_unknown_init(const struct attach *attach)
{
	int64_t deadline = clock_now_ms() + CHILD_DEADLINE_MS;
	siginfo_t info;

	while (attach->entry > 0 && attach->init == 0 && clock_now_ms() < deadline) {
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | __WALL) < 0)
			return; /* ECHILD: there is none left */
		clock_pause_ms(1);
	}
}

void attach_end(struct attach *attach)
{
	bool disturbed = attach->result.reason != SESSION_ENDED || attach->result.exit_status > 128;

	end_session(attach);
	session_tty_restore(&attach->tty, disturbed);
	session_tty_done(&attach->tty);
	end_cgroup(attach);
	guardian_end(attach); /* from here on there is nothing to guard */
	reap_unknown_init(attach);
	cgroup_done(&attach->cgroup);
	session_channels_done(&attach->channels);
	view_parts_done(&attach->parts);
	close_quietly(take_fd(attach->mounts));
	close_quietly(take_fd(attach->toolbox_watch));
	close_quietly(take_fd(attach->kept_toolbox));
	close_quietly(take_fd(attach->kept_scratch));
	if (attach->guardian_page != NULL)
		(void)munmap(take_ptr(attach->guardian_page), sizeof(*attach->guardian_page));
	close_quietly(take_fd(attach->wire_read));
	close_quietly(take_fd(attach->wire_write));
	close_quietly(take_fd(attach->signal_fd));
	close_quietly(take_fd(attach->proc_self_fd));
	close_quietly(take_fd(attach->cgroup_root_fd));
	pin_done(&attach->pin);
	host_done(&attach->host);
	plan_done(&attach->plan);
	attach_facts_done(&attach->facts);
}
