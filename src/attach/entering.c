/* SPDX-License-Identifier: Apache-2.0 */
/* The monitor's side of entering: starts the process that enters, waits no longer than it should, and hears what it says. */
#include "attach.h"
#include "patience.h"
#include "wire.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/clock.h"
#include "dbgattach/base/log.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/launcher.h"
#include "dbgattach/sys/process.h"

#include <errno.h>
#include <poll.h>
#include <sys/wait.h>

#define ENTRY_SLEEP_MS 2500 /* entering takes a millisecond; longer means that a filesystem does not answer */

int step_entry(struct attach *attach, struct err *err)
{
	int cgroup_fd = attach->has_cgroup ? attach->cgroup.dir[CGROUP_UNIFIED] : -EBADF;

	attach->entry_since = clock_now_ms();
	attach->entry = sys_fork(cgroup_fd, &attach->entry_pidfd);
	if (attach->entry == 0)
		entry_main(attach);
	if (attach->entry < 0)
		return err_sys(err, (int)attach->entry, "the process that enters the target");
	close_quietly(take_fd(attach->wire_write));
	session_channels_close_child(&attach->channels);
	attach_keep_mounts(attach);
	view_parts_done(&attach->parts);
	return 0;
}

static int entry_is_late(const struct patience *patience, struct err *err)
{
	int64_t passed = clock_now_ms() - patience->since;

	return err_set(err, ERR_TIMEOUT, "no sign of the process that enters the target for %lld ms: %s",
		       (long long)passed,
		       passed >= PATIENCE_BUSY_MAX_MS ?
			       "the host is too busy, and gives it no processor" :
			       "a filesystem of the target's does not respond (a hung FUSE server is freed by "
			       "/sys/fs/fuse/connections/N/abort), or the target stops it");
}

/*
 * Waits for the entering process to end. A signal that would end the session ends the attach; a dead guardian ends it as
 * well.
 */
static int wait_for_entry(struct attach *attach, struct err *err)
{
	const struct patience patience = { attach->host.proc_fd, attach->entry, attach->entry_since, ENTRY_SLEEP_MS };
	struct pollfd polls[] = {
		{ .fd = attach->entry_pidfd, .events = POLLIN },
		{ .fd = attach->signal_fd, .events = POLLIN },
		{ .fd = attach->guardian_pidfd, .events = POLLIN },
	};

	for (;;) {
		int64_t left = patience_left(&patience);
		int count = poll(polls, ARRAY_SIZE(polls), PROTECTED(DEADLINE) ? (int)left : -1);

		if (count < 0 && errno != EINTR)
			return err_sys(err, errno, "waiting for the process that enters the target");
		if (count == 0 && left == 0)
			return entry_is_late(&patience, err);
		if (count <= 0)
			continue;
		if (polls[2].revents != 0)
			return guardian_lost(attach, err);
		if (polls[0].revents != 0)
			return 0;
		int result = attach_take_signal(attach, err);
		if (result < 0)
			return result;
	}
}

static void tell_notes(unsigned notes)
{
	for (unsigned bit = 0; bit < VIEW_NOTE_MAX; bit++)
		if (notes & (1U << bit))
			log_note("%s", view_note_text(1U << bit));
}

/*
 * What the entering process had to say. It is read when that process has ended, as itself or as the launcher it became: all
 * of it fits the pipe, and being woken for each record costs more than the record.
 */
static int hear_entry(struct attach *attach, struct err *err)
{
	for (;;) {
		struct wire_record record;
		int result = wire_receive(attach->wire_read, &record);

		if (result <= 0)
			return result == 0 ? 0 :
					     err_sys(err, result, "hearing from the process that enters the target");
		if (record.kind == WIRE_ERROR) {
			*err = record.err;
			return -(err->errnum != 0 ? err->errnum : EINVAL);
		}
		if (record.kind == WIRE_NOTES)
			tell_notes(record.value);
		else if (record.value < entry_steps_count)
			log_step("entry: %s", entry_steps[record.value].name);
	}
}

int step_launcher(struct attach *attach, struct err *err)
{
	siginfo_t info = { 0 };
	int result = wait_for_entry(attach, err);

	if (result == 0)
		result = hear_entry(attach, err);
	if (result < 0)
		return err->kind == ERR_TIMEOUT || attach->result.exit_status != 0 ? result :
										     explain_failure(attach, err);
	if (waitid(P_PIDFD, (id_t)attach->entry_pidfd, &info, WEXITED) < 0)
		return err_sys(err, errno, "waiting for the toolbox's launcher");
	close_quietly(take_fd(attach->entry_pidfd));
	if (info.si_code == CLD_EXITED && info.si_status == 0)
		return 0;
	if (info.si_code != CLD_EXITED) {
		(void)err_set(err, ERR_SYSTEM, "the process that enters the target was killed by signal %d",
			      info.si_status);
		(void)lsm_add_hint(&attach->plan.lsm, err); /* a policy that forbids mapping the launcher ends it so */
	} else if (info.si_status == LAUNCHER_EXIT_UNKNOWN)
		(void)err_set(err, ERR_SYSTEM, "the process that enters the target ended without a word");
	else
		(void)err_sys(err, info.si_status, "making the session's first process in the target");
	return explain_failure(attach, err);
}
