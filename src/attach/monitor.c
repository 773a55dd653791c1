/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that stays on the host: owns the caller's terminal, makes what the session is made of, never opens a path of
 * the target's, and checks from outside that the session is what was planned before it lets the command run.
 */
#include "attach.h"
#include "filters.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/clock.h"
#include "dbgattach/base/log.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/launcher.h"
#include "dbgattach/sys/pidfd.h"
#include "dbgattach/sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define DYING_MS 100 /* between a process's losing its namespaces and its end */
#define NOT_STOPPED_MAX 20

/* ---- waiting ------------------------------------------------------------------------------------- */

/*
 * A target that died meanwhile makes fork fail with ENOMEM, setns with ESRCH and a verification with anything: what to say is
 * that it is gone. Its PID 1 cannot be gone before the session's init, dead with it, has been reaped.
 */
int explain_failure(struct attach *attach, struct err *err)
{
	struct pollfd poll_fd = { .fd = attach->pin.pidfd, .events = POLLIN };
	struct pollfd poll_init = { .fd = attach->init_pidfd, .events = POLLIN };
	struct err gone = { 0 };
	siginfo_t info;

	if (attach->init_pidfd >= 0 && poll(&poll_init, 1, DYING_MS) == 1) {
		(void)sys_reap(attach->init_pidfd, &info);
		close_quietly(take_fd(attach->init_pidfd));
	} else if (attach->init_pidfd < 0) {
		(void)waitid(P_ALL, 0, &info,
			     WEXITED | WNOHANG | __WALL); /* an init that was gone before it was found */
	}
	(void)poll(&poll_fd, 1, DYING_MS);
	if (pin_verify(&attach->pin, &gone) < 0)
		*err = gone;
	return -(err->errnum != 0 ? err->errnum : EINVAL);
}

int attach_take_signal(struct attach *attach, struct err *err)
{
	struct signalfd_siginfo info;

	while (read(attach->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGWINCH || info.ssi_signo == SIGTSTP || info.ssi_signo == SIGCHLD)
			continue;
		attach->result.exit_status = 128 + (int)info.ssi_signo;
		return err_set(err, ERR_GONE, "ended by signal %u before the command ran", info.ssi_signo);
	}
	return 0;
}

/* ---- before anything is made ----------------------------------------------------------------------------------- */

/* Else what is missing shows as "operation not permitted", somewhere. A plain user has other ways, and none of these. */
static int check_caller(struct err *err)
{
	uint64_t permitted = 0;
	int result = capabilities_permitted(&permitted, err);

	return result < 0 || geteuid() != 0 || !PROTECTED(CAPABILITY_CHECK) ? result :
									      capabilities_check_caller(permitted, err);
}

int step_resolve(struct attach *attach, struct err *err)
{
	int result = check_caller(err);

	if (result == 0)
		result = host_open(attach->request->host_root, &attach->host, err);
	if (result < 0)
		return result;
	ns_join_host_cgroup(attach->host.proc_fd);
	result = attach->cgroup_root_fd = cgroup_open_root(attach->host.root_fd);
	if (result < 0)
		return err_sys(err, result, "where cgroups are mounted");
	result = target_resolve(&attach->host, &attach->request->target, &attach->facts.target, &attach->pin, err);
	if (result < 0)
		return result;
	attach->proc_self_fd = openat(attach->host.proc_fd, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return attach->proc_self_fd < 0 ? err_sys(err, errno, "our own /proc/self") : 0;
}

int step_facts(struct attach *attach, struct err *err)
{
	int result = attach_gather(attach, err);

	return result < 0 ? explain_failure(attach, err) : 0;
}

int step_plan(struct attach *attach, struct err *err)
{
	int result = plan_make(attach->request, &attach->facts, &attach->plan, err);

	return result < 0 ? result : filters_compile(attach->request, &attach->facts, &attach->plan, err);
}

static int step_notes(struct attach *attach, struct err *err)
{
	(void)err;
	for (size_t i = 0; i < attach->plan.notes_count; i++)
		log_note("%s", attach->plan.notes[i]);
	return 0;
}

static int step_filter(struct attach *attach, struct err *err)
{
	int result = filters_copy(&attach->pin, &attach->plan, err);

	return result < 0 ? explain_failure(attach, err) : 0;
}

/* There before there is anything to guard. */
static int step_guardian(struct attach *attach, struct err *err)
{
	bool stdin_tty = isatty(STDIN_FILENO) == 1;

	if (attach->request->terminal != TERMINAL_NO && (stdin_tty || isatty(STDOUT_FILENO) == 1)) {
		int result = session_tty_open(stdin_tty ? STDIN_FILENO : STDOUT_FILENO, &attach->tty, err);
		if (result < 0)
			return result;
	}
	return PROTECTED(GUARDIAN) ? guardian_start(attach, err) : 0;
}

/* ---- what the session is made of -------------------------------------------------------------------------------- */

/* With the session's ids where they are not root's to give: a pipe belongs to whoever makes it. */
static int open_channels(struct attach *attach, void *context, struct err *err)
{
	const struct attach_plan *plan = &attach->plan;
	uid_t uid = plan->inside ? plan->uid : plan->host_uid;
	gid_t gid = plan->inside ? plan->gid : plan->host_gid;
	int result = attach_become(attach, uid, gid, err);

	return result < 0 ? result :
			    session_channels_open(plan->terminal, attach->parts.pts, context, uid, gid,
						  &attach->channels, err);
}

static int step_channels(struct attach *attach, struct err *err)
{
	struct winsize size = session_tty_size(&attach->tty);
	int wire[2];

	int result = attach_inside(attach, false, open_channels, &size, err);
	if (result < 0)
		return result;
	if (pipe2(wire, O_CLOEXEC) < 0)
		return err_sys(err, errno, "a pipe to the entering process");
	attach->wire_read = wire[0];
	attach->wire_write = wire[1];
	return fcntl(wire[0], F_SETFL, O_NONBLOCK) < 0 ? err_sys(err, errno, "a pipe to the entering process") : 0;
}

static int step_cgroup(struct attach *attach, struct err *err)
{
	static const char *const names[] = { [CGROUP_PIDS] = "pids", [CGROUP_MEMORY] = "memory" };
	struct err made = { 0 };

	if (!PROTECTED(CGROUP))
		return 0;
	if (cgroup_make(&attach->cgroup, attach->cgroup_root_fd, attach->session, &made) < 0) {
		/* The one protection that may be missing: without it the session is still ended by init. */
		if (made.kind != ERR_UNSUPPORTED && made.errnum != EROFS && made.errnum != EACCES &&
		    made.errnum != EPERM) {
			*err = made;
			return err_wrap(err, "the session's cgroup");
		}
		log_note(
			"the session has no cgroup of its own, so no limits, and opens what devices the caller may: %s",
			made.text);
		return 0;
	}
	attach->has_cgroup = true;
	int result = cgroup_set_limits(&attach->cgroup, &attach->plan.limits, err);
	if (result == 0 && !attach->plan.profile->all_devices && PROTECTED(DEVICES))
		result = cgroup_restrict_devices(&attach->cgroup, err);
	for (int i = CGROUP_PIDS; result == 0 && i <= CGROUP_MEMORY; i++)
		if (attach->cgroup.missing & (1U << i))
			log_note("the session has no %s limit: the host's cgroups do not offer the controller",
				 names[i]);
	return result;
}

static int step_terminal(struct attach *attach, struct err *err)
{
	if (attach->tty.fd < 0 || !attach->facts.stdin_tty || !attach->plan.terminal)
		return 0;
	unsigned not_stopped = 0;
	/* In the background we stop, as whoever wants the terminal does there, until the shell says fg, or ends us. */
	for (pid_t group; (group = tcgetpgrp(attach->tty.fd)) > 0 && group != getpgrp();) {
		int64_t now = clock_now_ms();
		int result = attach_take_signal(attach, err);
		if (result < 0)
			return result;
		(void)raise(SIGTTOU);
		/* The kernel does not stop a group that no shell could bring forward again. */
		not_stopped = clock_now_ms() - now < 2 ? not_stopped + 1 : 0;
		if (not_stopped == NOT_STOPPED_MAX)
			return err_set(err, ERR_REFUSED,
				       "in the background of a terminal, and no shell is there to "
				       "bring it forward (-T needs no terminal)");
	}
	if (attach->guardian_page != NULL)
		attach->guardian_page->raw = true;
	return session_tty_raw(&attach->tty, err);
}

static int step_start(struct attach *attach, struct err *err)
{
	static const char go = 1;

	if (write(attach->channels.start_write, &go, 1) == 1)
		return 0;
	(void)err_sys(err, errno, "starting the command");
	return explain_failure(attach, err);
}

static int step_relay(struct attach *attach, struct err *err)
{
	struct session session = {
		.channels = &attach->channels,
		.tty = &attach->tty,
		.signal_fd = attach->signal_fd,
		.init_pidfd = attach->init_pidfd,
		.guardian_pidfd = attach->guardian_pidfd,
		.timeout_s = attach->request->timeout_s,
		.end_signal = LAUNCHER_PARENT_DEATH_SIGNAL,
		.watch_fd = attach->toolbox_watch,
		.kill_others = attach_kill_others,
		.watched = attach_add_layers,
		.context = attach,
	};
	int result = session_run(&session, &attach->result, err);

	if (result == 0)
		close_quietly(take_fd(attach->init_pidfd)); /* it has been reaped */
	return result;
}

const struct step monitor_steps[] = {
	{ "resolve", step_resolve, "names become a pidfd before anything is read" },
	{ "guardian", step_guardian, "before cgroup and terminal: it must outlive whoever changes them" },
	{ "facts", step_facts, "read through the pin, verified after" },
	{ "plan", step_plan, "all decisions before the first thing is made" },
	{ "notes", step_notes, "what deviates is told before anything is done" },
	{ "filter", step_filter, "after notes, which say that the target is stopped for a moment" },
	{ "toolbox", step_toolbox, "on the host, where its files can be trusted" },
	{ "channels", step_channels, "after toolbox: the terminal is one of the session's devpts" },
	{ "cgroup", step_cgroup, "before entry, which is born in it" },
	{ "entry", step_entry, "everything it needs exists" },
	{ "launcher", step_launcher, "its exit says that init exists" },
	{ "init", step_init, "found by the kernel's word, not by the session's" },
	{ "verify", step_verify, "before start: a session that is not as planned runs nothing" },
	{ "terminal", step_terminal,
	  "after guardian, which gives it back; late, so that what is to be said is said before" },
	{ "start", step_start, "after verify" },
	{ "relay", step_relay, "until the session has ended" },
};
const size_t monitor_steps_count = ARRAY_SIZE(monitor_steps);
