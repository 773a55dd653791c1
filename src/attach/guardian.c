/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outlives the monitor by a moment should that be killed: then it ends the session, removes its cgroup and gives the
 * terminal back. Forked before either is changed, in a session of its own, so that what kills the monitor's group leaves
 * it. It never reads anything from the target's side.
 */
#include "attach.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/clock.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/format/proc_stat.h"
#include "dbgattach/sys/pidfd.h"
#include "dbgattach/sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_DEADLINE_MS 2500 /* init has INIT_GRACE_MS of it to reap the rest */
#define INIT_GRACE_MS 1500
#define SEARCH_DEADLINE_MS 6000 /* without a cgroup init may have to find the rest by itself */
#define SEARCH_GRACE_MS 5000

/*
 * The member that is nobody's child among the members: init, or on the way there the entering process. Known to the monitor
 * a moment after it exists; a monitor that is killed in that moment could not tell.
 */
static pid_t find_init(const struct attach *attach)
{
	pid_t members[512];
	int count = cgroup_members(&attach->cgroup, members, ARRAY_SIZE(members));

	for (int i = 0; i < count && i < (int)ARRAY_SIZE(members); i++) {
		cleanup_buffer struct buffer text = { 0 };
		struct proc_stat stat;
		struct err ignored;
		char path[32];
		bool child = false;

		(void)snprintf(path, sizeof(path), "%d/stat", members[i]);
		if (io_read_file_at(attach->host.proc_fd, path, 4096, &text) < 0 ||
		    proc_stat_parse(text.data, text.length, &stat, &ignored) < 0)
			continue;
		for (int k = 0; k < count && k < (int)ARRAY_SIZE(members); k++)
			child = child || members[k] == stat.ppid;
		if (!child)
			return members[i];
	}
	return 0;
}

/* The same where there is no cgroup. A session that was not verified yet has run nothing, and ends by itself. */
static void end_members(const struct attach *attach, pid_t init)
{
	int64_t start = clock_now_ms(), now = start;
	bool init_lives = true;
	int others = 1;

	if (attach->mounts < 0 || !PROTECTED(MEMBERS))
		return;
	while ((others > 0 || init_lives) && now < start + SEARCH_DEADLINE_MS) {
		others = ns_kill_members(attach->host.proc_fd, attach->mounts, now < start + SEARCH_GRACE_MS ? init : 0,
					 &init_lives);
		clock_pause_ms(2);
		now = clock_now_ms();
	}
}

/* Init first reaps what is killed, so that no zombie is left to the target's pid 1; a stubborn one is killed last. */
static void end_session(struct attach *attach)
{
	int64_t start = clock_now_ms(), now;
	pid_t pid, init = attach->guardian_page->init;

	cgroup_init(&attach->cgroup);
	if (!PROTECTED(CGROUP))
		return;
	int result = cgroup_open(&attach->cgroup, attach->cgroup_root_fd, attach->session);
	if (result == -ENOENT)
		end_members(attach, init);
	if (init == 0)
		init = find_init(attach);
	while (cgroup_members(&attach->cgroup, &pid, 1) > 0 && (now = clock_now_ms()) < start + END_DEADLINE_MS) {
		(void)cgroup_kill_others(&attach->cgroup, now < start + INIT_GRACE_MS ? init : 0);
		clock_pause_ms(2);
	}
	(void)cgroup_remove(&attach->cgroup);
}

/* True: the monitor ends in order. False: it is dead. What comes with an fd before is the session's mount namespace. */
static bool wait_for_monitor(struct attach *attach, int monitor_pidfd, int socket)
{
	struct pollfd polls[] = { { .fd = socket, .events = POLLIN }, { .fd = monitor_pidfd, .events = POLLIN } };

	for (;;) {
		int mounts = -EBADF;

		/* A poll that fails says nothing about the monitor: taken for his death it would end a session that is well. */
		while (poll(polls, ARRAY_SIZE(polls), -1) < 0)
			clock_pause_ms(1);
		int result = sys_receive_fd(socket, &mounts);
		if (result != 1 || mounts < 0)
			return result == 1;
		attach->mounts = mounts;
	}
}

static _Noreturn void guardian_main(struct attach *attach, int monitor_pidfd, int socket)
{
	int *const kept[] = { &attach->tty.fd, &attach->cgroup_root_fd, &attach->host.proc_fd, &monitor_pidfd,
			      &socket };
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)setsid();
	/* The session's pipes above all are to go: their ends are what tells each side of the other's death. */
	attach->guardian_page->failed = sys_keep_only(kept, ARRAY_SIZE(kept));
	if (attach->guardian_page->failed < 0)
		_exit(1);
	weaken_barrier("guardian", "wait");
	if (wait_for_monitor(attach, monitor_pidfd, socket))
		_exit(0);
	/* The terminal first: somebody may be looking at it. */
	attach->tty.raw = attach->guardian_page->raw;
	session_tty_restore(&attach->tty, true);
	end_session(attach);
	_exit(0);
}

int guardian_start(struct attach *attach, struct err *err)
{
	void *page =
		mmap(NULL, sizeof(*attach->guardian_page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int sockets[2];

	if (page == MAP_FAILED)
		return err_sys(err, errno, "memory shared with the guardian");
	attach->guardian_page = page;
	cleanup_close int own_pidfd = sys_pidfd_open(attach->monitor, 0);
	if (own_pidfd < 0)
		return err_sys(err, own_pidfd, "a pidfd of our own");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets) < 0)
		return err_sys(err, errno, "a socket to the guardian");
	attach->guardian_socket = sockets[0];
	attach->guardian = sys_fork(-EBADF, &attach->guardian_pidfd);
	if (attach->guardian == 0)
		guardian_main(attach, own_pidfd, sockets[1]);
	close_quietly(sockets[1]);
	return attach->guardian < 0 ? err_sys(err, (int)attach->guardian, "the guardian process") : 0;
}

int guardian_lost(const struct attach *attach, struct err *err)
{
	int failed = attach->guardian_page->failed;

	return failed < 0 ?
		       err_sys(err, failed, "the guardian process, closing every other fd (close_range, Linux 5.9)") :
		       err_set(err, ERR_SYSTEM, "the guardian process was killed");
}

void guardian_end(struct attach *attach)
{
	struct pollfd poll_fd = { .fd = attach->guardian_pidfd, .events = POLLIN };
	siginfo_t info;

	if (attach->guardian_pidfd < 0)
		return;
	if (sys_send_fd(attach->guardian_socket, -EBADF) < 0)
		(void)sys_pidfd_send_signal(attach->guardian_pidfd, SIGKILL); /* nothing is left to guard */
	(void)sys_pidfd_send_signal(attach->guardian_pidfd, SIGCONT);         /* should somebody have stopped it */
	if (poll(&poll_fd, 1, END_DEADLINE_MS) == 0)
		(void)sys_pidfd_send_signal(attach->guardian_pidfd, SIGKILL);
	if (poll(&poll_fd, 1, END_DEADLINE_MS) == 1)
		(void)waitid(P_PIDFD, (id_t)attach->guardian_pidfd, &info, WEXITED);
	close_quietly(take_fd(attach->guardian_pidfd));
	close_quietly(take_fd(attach->guardian_socket));
}
