/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that enters. Invisible to the target: joining a PID namespace only moves one's children. It finishes
 * everything, becomes the launcher, and only then is the first process born that the target can see. Disposable: whatever
 * filesystem of the target's it hangs on, the monitor gives it up at a deadline.
 */
#include "attach.h"
#include "filters.h"
#include "wire.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/log.h"
#include "dbgattach/base/text.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/launcher.h"
#include "dbgattach/sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Dies with the monitor: alone on the way nobody would pick it up. An id change clears this, so it is said again after each;
 * a monitor that died just before is seen by its pid, which as a parent's cannot have been reused unnoticed.
 */
static int follow_monitor(const struct attach *attach, struct err *err)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return err_sys(err, errno, "PR_SET_PDEATHSIG");
	if (getppid() != attach->monitor)
		_exit(LAUNCHER_EXIT_UNKNOWN);
	return privilege_set_undumpable(err);
}

/* It may hang for ever on a filesystem of the target's: whoever reads our caller's output must not wait for it then. */
static int entry_stdio(struct attach *attach, struct err *err)
{
	session_tty_done(&attach->tty);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && !PROTECTED(RELAY); fd++)
		attach->channels.child[fd] = fcntl(fd, F_DUPFD_CLOEXEC, LAUNCHER_FILTER_FD);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (dup3(attach->channels.child[fd], fd, O_CLOEXEC) < 0)
			return err_sys(err, errno, "the session's stdio");
	return 0;
}

static enum likeness likeness_of(const struct attach *attach)
{
	return !attach->plan.profile->target_attributes ? LIKENESS_SAFE :
	       attach->plan.fall_short                  ? LIKENESS_NEAR :
							  LIKENESS_EXACT;
}

/* What of the attributes needs the caller's capabilities; the rest is in entry_limits(). */
static int set_attributes(struct attach *attach, struct err *err)
{
	const struct process_facts *process = &attach->facts.process;
	int result = privilege_reset_attributes(err);

	if (result == 0)
		result = privilege_set_oom_score(attach->entry_proc, process->oom_score_adj, likeness_of(attach), err);
	return result < 0 ? result : privilege_raise_limits(&process->limits, likeness_of(attach), err);
}

/* Out of the caller's session, away with what his process hands down; the session's cgroup in the v1 hierarchies. */
static int entry_detach(struct attach *attach, struct err *err)
{
	/* Kept for the label: after the join "self" would be looked up in the target's /proc. */
	attach->entry_proc = openat(attach->host.proc_fd, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (attach->entry_proc < 0)
		return err_sys(err, errno, "our own /proc/self");
	if (PROTECTED(SETSID) && setsid() < 0)
		return err_sys(err, errno, "a session of its own");
	int result = set_attributes(attach, err);
	if (result == 0)
		result = follow_monitor(attach, err);
	if (result == 0 && attach->has_cgroup)
		result = cgroup_join_v1(&attach->cgroup, err);
	return result;
}

static int entry_keyring(struct attach *attach, struct err *err)
{
	(void)attach;
	return privilege_new_keyring(err);
}

static uint64_t session_pidns(const struct attach *attach)
{
	const struct attach_facts *facts = &attach->facts;

	return (attach->plan.join & NS_BIT(NS_PID)) != 0 ? facts->theirs.inode[NS_PID] : facts->ours.inode[NS_PID];
}

static int prepare_proc(struct attach *attach, void *context, struct err *err)
{
	const int *pidns = context;
	int result = attach_become(attach, attach_root_uid(attach), attach_root_gid(attach), err);

	return result < 0 ? result :
			    view_proc_prepare(attach->target_root, *pidns, session_pidns(attach),
					      attach->facts.process.status.nspid, &attach->parts, &attach->notes, err);
}

/* Before the namespaces are joined: afterwards the way to it would lead through the target's own /proc. */
static int entry_root(struct attach *attach, struct err *err)
{
	pid_t nspid = attach->facts.process.status.nspid;
	bool pid_joined = (attach->plan.join & NS_BIT(NS_PID)) != 0;
	cleanup_close int pidns = pid_joined ? openat(attach->pin.proc_fd, "ns/pid", O_RDONLY | O_CLOEXEC) :
					       openat(attach->host.proc_fd, "self/ns/pid", O_RDONLY | O_CLOEXEC);

	if (pidns < 0)
		return err_sys(err, errno, "the PID namespace of the session");
	if (attach->plan.view.target_tree) {
		/* Not the namespace's root, which setns() would give: a process may have been chrooted. */
		attach->target_root = openat(attach->pin.proc_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (attach->target_root < 0)
			return err_sys(err, errno, "the target's root");
	}
	/* Tried first: a mount namespace costs some milliseconds. */
	if (attach->plan.inside && view_proc_serves(attach->target_root, session_pidns(attach), nspid))
		return 0;
	return attach_inside(attach, true, prepare_proc, &pidns, err);
}

static int entry_join(struct attach *attach, struct err *err)
{
	int result = ns_enter(attach->pin.pidfd, attach->plan.join, err);

	if (result < 0)
		return result;
	/* In the target's user namespace we are nobody with every capability; what we make must belong to its root. */
	if (attach->plan.own_userns) {
		bool root = attach->plan.root_mapped;

		result = privilege_set_ids(root ? 0 : attach->plan.uid, root ? 0 : attach->plan.gid, err);
		if (result == 0)
			result = follow_monitor(attach, err);
	}
	if (result == 0 && attach->target_root >= 0 && fchdir(attach->target_root) < 0)
		return err_sys(err, errno, "the target's root");
	close_quietly(take_fd(attach->target_root));
	if (!PROTECTED(VISIBLE_LAST))
		weaken_become_visible();
	return result;
}

static int entry_unshare(struct attach *attach, struct err *err)
{
	(void)attach;
	return view_unshare(err);
}

static int entry_view(struct attach *attach, struct err *err)
{
	return view_build(&attach->parts, &attach->plan.view, &attach->view_root, &attach->notes, err);
}

static int entry_pivot(struct attach *attach, struct err *err)
{
	const struct capability_sets *sets = &attach->plan.capabilities;
	unsigned notes = 0;
	int result = view_pivot(attach->view_root, attach->entry_proc, &notes, err);

	/* Of no consequence for who could not uncover it. */
	if (((sets->bounding | sets->permitted | sets->ambient) & CAPABILITY_BIT(CAP_SYS_ADMIN)) != 0)
		attach->notes |= notes;
	return result;
}

static int entry_groups(struct attach *attach, struct err *err)
{
	if (attach->plan.kept_groups)
		return 0;
	return privilege_set_groups(attach->plan.groups, attach->plan.groups_count, err);
}

static int entry_bounding(struct attach *attach, struct err *err)
{
	return privilege_drop_bounding(attach->plan.capabilities.bounding, err);
}

static int entry_limits(struct attach *attach, struct err *err)
{
	const struct process_facts *process = &attach->facts.process;

	if (attach->plan.profile->target_attributes && process->status.umask != (mode_t)-1)
		(void)umask(process->status.umask);
	return privilege_set_limits(&process->limits, likeness_of(attach), err);
}

static int entry_ids(struct attach *attach, struct err *err)
{
	int result = privilege_set_ids(attach->plan.uid, attach->plan.gid, err);

	return result < 0 ? result : follow_monitor(attach, err);
}

/* With the session's own ids: a directory that it may not enter must not become its working directory. */
static int entry_workdir(struct attach *attach, struct err *err)
{
	attach->launcher = open(TOOLBOX_PREFIX "/" LAUNCHER_PATH, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (attach->launcher < 0)
		return err_sys(err, errno, "the toolbox's launcher");
	return view_workdir(attach->plan.workdir, attach->plan.workdir_fallback, err);
}

static int entry_caps(struct attach *attach, struct err *err)
{
	int result = privilege_set_capabilities(&attach->plan.capabilities, err);

	return result < 0 ? result : privilege_set_undumpable(err);
}

static int entry_label(struct attach *attach, struct err *err)
{
	return lsm_apply(attach->entry_proc, &attach->plan.lsm, err);
}

static int entry_no_new_privs(struct attach *attach, struct err *err)
{
	(void)attach;
	return privilege_set_no_new_privs(err);
}

/* A filter of others that may forbid what the session's own programs need. */
static bool loads_late(const struct attach *attach)
{
	return attach->plan.seccomp.programs.count > 0 && !attach->plan.seccomp.early && PROTECTED(FOREIGN_SECCOMP);
}

/*
 * The fds that may stay, and no other: stdio, the start pipe, the filters that the launcher reads; and until the exec closes
 * them the wire and the launcher's.
 */
static int entry_close(struct attach *attach, struct err *err)
{
	int sources[7] = { attach->channels.child[0], attach->channels.child[1], attach->channels.child[2],
			   attach->channels.start_read };
	size_t kept = LAUNCHER_START_FD + 1;
	int high[ARRAY_SIZE(sources)];

	if (loads_late(attach)) {
		int result = filters_write(&attach->plan.seccomp, &attach->filter_fd, err);
		if (result < 0)
			return result;
		sources[kept++] = attach->filter_fd;
	}
	const size_t count = kept + 2;
	sources[kept] = attach->wire_write;
	sources[kept + 1] = attach->launcher;
	if (attach->notes != 0)
		wire_send(attach->wire_write, WIRE_NOTES, attach->notes, NULL);
	for (size_t i = 0; i < count; i++) {
		high[i] = fcntl(sources[i], F_DUPFD_CLOEXEC, 16);
		if (high[i] < 0)
			return err_sys(err, errno, "arranging the session's fds");
	}
	for (size_t i = 0; i < count; i++)
		if (dup3(high[i], (int)i, i >= kept ? O_CLOEXEC : 0) < 0)
			return err_sys(err, errno, "arranging the session's fds");
	attach->wire_write = (int)kept;
	attach->launcher = (int)kept + 1;
	if (!PROTECTED(CLOSE_RANGE))
		return 0;
	int result = sys_close_from((unsigned)count);
	return result < 0 ? err_sys(err, result, "closing every other fd (close_range, Linux 5.9)") : 0;
}

static int entry_seccomp(struct attach *attach, struct err *err)
{
	const struct plan_seccomp *seccomp = &attach->plan.seccomp;
	int result = seccomp->ours ? privilege_set_default_filter(err) : 0;

	return result == 0 && seccomp->early ? privilege_set_filters(&seccomp->programs, err) : result;
}

#ifdef DBG_TEST_BUILD
/* The launcher has only the session's environment, so it is told by its options. */
static const char *test_options(void)
{
	static const char *const launcher_protections[] = { "SUBREAPER", "PDEATHSIG", "SETSID", "STOPPED" };
	static char options[160];
	const char *barrier = getenv("DBG_BARRIER");
	int used = snprintf(options, sizeof(options), ",barrier=%s", barrier == NULL ? "" : barrier);

	for (size_t i = 0; i < ARRAY_SIZE(launcher_protections); i++)
		if (!weaken_is_protected(launcher_protections[i]))
			used += snprintf(options + used, sizeof(options) - (size_t)used, ",without=%s",
					 launcher_protections[i]);
	return options;
}
#else
static const char *test_options(void)
{
	return "";
}
#endif

static int entry_launch(struct attach *attach, struct err *err)
{
	const struct strv *command = &attach->plan.argv;
	cleanup_free char *options = text_printf("%s%s%s", attach->plan.terminal ? "tty" : "-",
						 loads_late(attach) ? ",filter" : "", test_options());
	cleanup_free char **argv = calloc(command->count + 3, sizeof(*argv));
	char name[] = LAUNCHER_NAME;

	if (argv == NULL || options == NULL)
		return err_sys(err, ENOMEM, "the launcher's arguments");
	argv[0] = name;
	argv[1] = options;
	memcpy(argv + 2, command->items, command->count * sizeof(*argv));
	/* By fd: the launcher was opened as a file of the toolbox, whatever is mounted where meanwhile. */
	int result = sys_fexecve(attach->launcher, argv, PROTECTED(OWN_ENVIRONMENT) ? attach->plan.env.items : environ);
	result = err_sys(err, result, "executing the toolbox's launcher%s",
			 result == -E2BIG ? " (the command line or environment is too long)" : "");
	return err->kind == ERR_DENIED ? lsm_add_hint(&attach->plan.lsm, err) : result;
}

const struct step entry_steps[] = {
	{ "stdio", entry_stdio, "first: the caller's fds must not be held by a process that may hang" },
	{ "detach", entry_detach, "the caller's attributes must be gone before anything is joined" },
	{ "keyring", entry_keyring, "on the host: seccomp will refuse keyctl later" },
	{ "root", entry_root, "before join: after it the target's /proc would be in the way" },
	{ "join", entry_join, "one setns: all namespaces or none" },
	{ "unshare", entry_unshare,
	  "after join: a copy of the target's mounts; before view: nothing may reach the target" },
	{ "view", entry_view, "before ids: mounting needs SYS_ADMIN" },
	{ "pivot", entry_pivot, "after view; from here on no path leads to the old root" },
	{ "groups", entry_groups, "before ids: needs SETGID" },
	{ "bounding", entry_bounding, "before caps: needs SETPCAP" },
	{ "ids", entry_ids, "before caps: needs SETUID and SETGID" },
	{ "caps", entry_caps, "after everything that needs one" },
	{ "workdir", entry_workdir, "after caps: entered with the session's own rights" },
	{ "label", entry_label,
	  "after everything that the label's policy may forbid; it holds from the launcher's exec on" },
	{ "no-new-privs", entry_no_new_privs, "before seccomp: loading a filter without SYS_ADMIN asks for it" },
	{ "close", entry_close, "as late as possible: everything before may open fds" },
	{ "limits", entry_limits, "after close: the target's may allow fewer fds than the steps before need" },
	{ "seccomp", entry_seccomp, "last: it refuses what the steps before did" },
	{ "launcher", entry_launch, "the exec drops the host's memory, environment and executable" },
};
const size_t entry_steps_count = ARRAY_SIZE(entry_steps);

static void tell_step(struct attach *attach, size_t index)
{
	/* Only where somebody listens: each record wakes the monitor. */
	if (log_level() >= LOG_STEPS)
		wire_send(attach->wire_write, WIRE_STEP, (uint32_t)index, NULL);
}

_Noreturn void entry_main(struct attach *attach)
{
	struct err err = { 0 };

	/* Before the first step: where there is no cgroup nobody else would end it. */
	int result = follow_monitor(attach, &err);
	if (result == 0)
		result = steps_run("entry", entry_steps, entry_steps_count, attach, tell_step, &err);
	if (result < 0)
		wire_send(attach->wire_write, WIRE_ERROR, 0, &err);
	_exit(LAUNCHER_EXIT_UNKNOWN);
}
