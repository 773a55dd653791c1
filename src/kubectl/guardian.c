/* SPDX-License-Identifier: Apache-2.0 */
#include "guardian.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/sys/pidfd.h"
#include "dbgattach/sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

/* The caller's own streams would be kept open for as long as kubectl needs: whoever reads them is not to wait for that. */
static int leave_streams(void)
{
	cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			return -errno;
	return 0;
}

static _Noreturn void guardian_main(struct kubectl *kubectl, struct session_tty *tty,
				    const struct kube_guardian_page *page, int end)
{
	sigset_t all;
	ssize_t length;
	char byte;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)setsid();
	if (leave_streams() < 0)
		_exit(1);
	do
		length = read(end, &byte, 1);
	while (length < 0 && errno == EINTR);
	if (length == 1)
		_exit(0);
	tty->raw = page->raw;
	session_tty_restore(tty, true);
	place_remove(kubectl, &page->place);
	_exit(0);
}

int kube_guardian_start(struct kubectl *kubectl, struct session_tty *tty, struct kube_guardian *ret, struct err *err)
{
	void *page = mmap(NULL, sizeof(*ret->page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int ends[2];

	if (page == MAP_FAILED)
		return err_sys(err, errno, "memory shared with the guardian");
	ret->page = page;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, errno, "a pipe to the guardian");
	ret->pid = sys_fork(-EBADF, &ret->pidfd);
	if (ret->pid == 0) {
		(void)close(ends[1]);
		guardian_main(kubectl, tty, ret->page, ends[0]);
	}
	close_quietly(ends[0]);
	ret->pipe = ends[1];
	return ret->pid < 0 ? err_sys(err, (int)ret->pid, "the guardian process") : 0;
}

void kube_guardian_end(struct kube_guardian *guardian)
{
	static const char in_order = 1;
	siginfo_t info;

	if (guardian->pidfd < 0)
		return;
	if (write(guardian->pipe, &in_order, 1) != 1)
		(void)sys_pidfd_send_signal(guardian->pidfd, SIGKILL);
	close_quietly(take_fd(guardian->pipe));
	(void)waitid(P_PIDFD, (id_t)guardian->pidfd, &info, WEXITED);
	close_quietly(take_fd(guardian->pidfd));
}
