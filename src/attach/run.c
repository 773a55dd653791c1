/* SPDX-License-Identifier: Apache-2.0 */
/* One attach from the outside: what surrounds the steps, and what becomes of their result. */
#include "attach.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/log.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/launcher.h"
#include "dbgattach/sys/process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

static void show_step(struct attach *attach, size_t index)
{
	(void)attach;
	log_step("monitor: %s", monitor_steps[index].name);
}

static void init(struct attach *attach, const struct attach_request *request)
{
	struct timespec now;
	char pidns[48]; /* "pid:[4026531836]" */

	*attach = (struct attach) {
		.request = request,
		.host = { -EBADF, -EBADF },
		.cgroup_root_fd = -EBADF,
		.proc_self_fd = -EBADF,
		.pin = PIN_INIT,
		.tty = { .fd = -EBADF },
		.signal_fd = -EBADF,
		.parts = VIEW_PARTS_INIT,
		.channels = SESSION_CHANNELS_INIT,
		.toolbox_watch = -EBADF,
		.kept_toolbox = -EBADF,
		.kept_scratch = -EBADF,
		.monitor = getpid(),
		.mounts = -EBADF,
		.guardian_pidfd = -EBADF,
		.guardian_socket = -EBADF,
		.entry_pidfd = -EBADF,
		.init_pidfd = -EBADF,
		.wire_read = -EBADF,
		.wire_write = -EBADF,
		.entry_proc = -EBADF,
		.target_root = -EBADF,
		.view_root = -EBADF,
		.launcher = -EBADF,
		.filter_fd = -EBADF,
	};
	cgroup_init(&attach->cgroup);
	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	ssize_t length = readlink("/proc/self/ns/pid", pidns, sizeof(pidns) - 1);
	pidns[length < 0 ? 0 : length] = '\0';
	(void)snprintf(attach->session, sizeof(attach->session), "dbgattach-%d-%llx-%.*s", attach->monitor,
		       (unsigned long long)now.tv_sec * 1000000000ULL + (unsigned long long)now.tv_nsec,
		       (int)strspn(pidns + strcspn(pidns, "0123456789"), "0123456789"),
		       pidns + strcspn(pidns, "0123456789"));
}

static int exit_status(const struct attach *attach)
{
	switch (attach->result.reason) {
	case SESSION_TIMED_OUT:
		return 124;
	case SESSION_GUARDIAN_DIED:
	case SESSION_STOPPED:
		return 137;
	case SESSION_ENDED:
		break;
	}
	return attach->result.exit_status;
}

/* Why a command that is there cannot be executed stands in no error number: the target's own policy may forbid it. */
static void note_labels(const struct lsm_plan *plan)
{
	for (enum lsm_kind kind = 0; kind < LSM_UNKNOWN; kind++)
		if (lsm_plan_adopts(plan, kind))
			log_note("what may be executed is also up to the policy of the target's %s label %s (--lsm "
				 "unconfined goes without it)",
				 lsm_name(kind), lsm_planned_label(plan, kind));
}

int attach_run(const struct attach_request *request, int *ret_status, struct err *err)
{
	struct attach attach;
	struct err ignored = { 0 };

	init(&attach, request);
	/* What a debugger of the same user could read in here (environment, fds) is no business of his. */
	int result = privilege_set_undumpable(err);
	if (result == 0)
		result = session_take_signals(&attach.signal_fd, err);
	if (result == 0)
		result = steps_run("monitor", monitor_steps, monitor_steps_count, &attach, show_step, err);
	weaken_barrier("monitor", "end");
	bool target_gone = result == 0 && attach.result.exit_status == 137 && pin_verify(&attach.pin, &ignored) < 0;
	int status = result == 0 ? exit_status(&attach) : attach.result.exit_status;
	if (result == 0 && status == LAUNCHER_EXIT_CANNOT_EXECUTE)
		note_labels(&attach.plan.lsm);
	attach_end(&attach);
	if (target_gone)
		log_note("the target has ended, and the session with it");
	if (result == 0 && attach.result.reason == SESSION_STOPPED)
		log_error("refused: the session was stopped by the container again and again, and has been ended");
	if (result == 0 && attach.result.write_error != 0) {
		log_error("system: writing the session's output: %s", strerror(attach.result.write_error));
		status = status == 0 ? 1 : status;
	}
	/* A signal before the command ran is no failure of ours to report: the caller knows what he did. */
	if (result < 0 && status == 0)
		return result;
	*ret_status = status;
	return 0;
}

int attach_explain(const struct attach_request *request, FILE *out, struct err *err)
{
	struct attach attach;

	init(&attach, request);
	int result = step_resolve(&attach, err);
	if (result == 0)
		result = step_facts(&attach, err);
	if (result == 0)
		result = step_plan(&attach, err);
	if (result == 0)
		plan_print(request, &attach.facts, &attach.plan, out);
	attach_end(&attach);
	return result;
}
