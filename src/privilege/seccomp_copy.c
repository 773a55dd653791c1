/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filters of a running process, by PTRACE_SECCOMP_GET_FILTER. A disposable child does it: whatever happens to it, its end
 * detaches, and the process runs on. The process is stopped only while its filters are read; all else happens before or after.
 */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/clock.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/privilege.h"
#include "dbgattach/sys/pidfd.h"
#include "dbgattach/sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_MS 1000

/* Shared with the child, which is its only writer and has ended before anybody reads it. */
struct copied {
	unsigned count;
	struct {
		unsigned short length;
		unsigned flags;
		struct sock_filter code[BPF_MAXINSNS];
	} filters[SECCOMP_PROGRAMS_MAX];
};

/* ---- the child --------------------------------------------------------------------------------------------------- */

/* Stopped, by us or by a signal of its own, which *ret_signal is then: it must not be lost. */
static int stop(pid_t pid, int pidfd, int *ret_signal)
{
	int status;

	if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0)
		return errno;
	/* The number was right when the pidfd was opened; alive now, it still is, and we have hold of no other. */
	if (sys_pidfd_is_dead(pidfd) != 0)
		return ESRCH;
	if (ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0)
		return errno;
	while (waitpid(pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return errno;
	if (!WIFSTOPPED(status))
		return ESRCH;
	*ret_signal = status >> 16 == 0 ? WSTOPSIG(status) : 0;
	return 0;
}

/* Index 0 is the one that was loaded first, whatever ptrace(2) says [kernel/seccomp.c get_nth_filter(), and tried]. */
static int read_filters(pid_t pid, struct copied *out)
{
	for (unsigned long i = 0;; i++) {
		struct __ptrace_seccomp_metadata metadata = { .filter_off = i };
		long length = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, i, NULL);

		if (length < 0)
			return errno == ENOENT && i > 0 ? 0 : errno;
		if (i == SECCOMP_PROGRAMS_MAX || length > BPF_MAXINSNS)
			return E2BIG;
		if (ptrace(PTRACE_SECCOMP_GET_FILTER, pid, i, out->filters[i].code) != length ||
		    ptrace(PTRACE_SECCOMP_GET_METADATA, pid, sizeof(metadata), &metadata) < 0)
			return errno;
		out->filters[i].length = (unsigned short)length;
		out->filters[i].flags = (unsigned)metadata.flags & SECCOMP_FILTER_FLAG_LOG;
		out->count = (unsigned)i + 1;
	}
}

static int child_copy(pid_t pid, int pidfd, pid_t parent, struct copied *out)
{
	int signal = 0;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
		return ECHILD;
	memset(out, 0, sizeof(*out)); /* each page is there before anybody is stopped */
	int error = stop(pid, pidfd, &signal);
	if (error == 0) {
		weaken_barrier("copy", "stopped");
		error = read_filters(pid, out);
	}
	(void)ptrace(PTRACE_DETACH, pid, 0, (unsigned long)signal);
	return error;
}

/* ---- the caller -------------------------------------------------------------------------------------------------- */

/* The child's errno, or ETIMEDOUT: then it was killed. */
static int wait_for_child(int pidfd)
{
	struct pollfd poll_fd = { .fd = pidfd, .events = POLLIN };
	int64_t deadline = clock_now_ms() + DEADLINE_MS, left;
	siginfo_t info = { 0 };
	int count = 0;

	while ((left = deadline - clock_now_ms()) > 0) {
		count = poll(&poll_fd, 1, (int)left);
		if (count >= 0 || errno != EINTR)
			break;
	}
	if (count != 1)
		(void)sys_pidfd_send_signal(pidfd, SIGKILL);
	if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | __WALL) < 0)
		return errno;
	if (count != 1)
		return ETIMEDOUT;
	return info.si_code == CLD_EXITED ? info.si_status : EIO;
}

static bool asks_supervisor(const struct sock_filter *code, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (code[i].code == (BPF_RET | BPF_K) &&
		    (code[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF)
			return true;
	return false;
}

static int take(const struct copied *copied, struct seccomp_programs *ret, struct err *err)
{
	struct seccomp_programs programs = { 0 };

	for (size_t i = 0; i < copied->count; i++) {
		size_t length = copied->filters[i].length;
		struct sock_filter *code = reallocarray(NULL, length, sizeof(*code));

		if (code == NULL || asks_supervisor(copied->filters[i].code, length)) {
			bool asks = code != NULL;

			free(code);
			seccomp_programs_done(&programs);
			return asks ? err_set(err, ERR_UNSUPPORTED,
					      "the target's seccomp filter asks a supervisor (SECCOMP_RET_USER_NOTIF), "
					      "which answers for the target only; --seccomp default is an "
					      "alternative") :
				      err_sys(err, ENOMEM, "copying the target's seccomp filter");
		}
		memcpy(code, copied->filters[i].code, length * sizeof(*code));
		programs.items[programs.count++] = (struct seccomp_program) { .code = code,
									      .length = (unsigned short)length,
									      .flags = copied->filters[i].flags };
	}
	*ret = programs;
	return 0;
}

static int run_child(pid_t pid, int pidfd, struct copied *copied, struct err *err)
{
	pid_t parent = getpid();
	cleanup_close int child_pidfd = -EBADF;
	pid_t child = sys_fork(-EBADF, &child_pidfd);

	if (child == 0) {
		for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
			close_quietly(fd);
		_exit(child_copy(pid, pidfd, parent, copied));
	}
	int error = child < 0 ? -(int)child : wait_for_child(child_pidfd);
	if (error == ETIMEDOUT)
		return err_set(err, ERR_TIMEOUT,
			       "the target's seccomp filter could not be copied within %d ms: it does not stop",
			       DEADLINE_MS);
	if (error != 0)
		return err_sys(err, error, "copying the target's seccomp filter (PTRACE_SECCOMP_GET_FILTER)%s",
			       error == EPERM  ? ": another tracer has hold of it, or CAP_SYS_PTRACE is missing" :
			       error == EACCES ? ": CAP_SYS_ADMIN is missing, or the caller is under a filter himself" :
						 "");
	return 0;
}

int seccomp_copy(pid_t pid, int pidfd, struct seccomp_programs *ret, struct err *err)
{
	struct copied *copied = mmap(NULL, sizeof(*copied), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (copied == MAP_FAILED)
		return err_sys(err, errno, "copying the target's seccomp filter");
	int result = run_child(pid, pidfd, copied, err);
	if (result == 0)
		result = take(copied, ret, err);
	(void)munmap(copied, sizeof(*copied));
	return result;
}
