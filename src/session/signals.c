/* SPDX-License-Identifier: Apache-2.0 */
/* Which signals a session takes, and which of them are for the command. */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/session.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const int passed_on[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 };

void session_signals(sigset_t *ret)
{
	(void)sigemptyset(ret);
	for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++) {
		struct sigaction action;

		/* What the caller has us ignore (nohup, a script's background job) is not to be handled either. */
		if (sigaction(passed_on[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			(void)sigaddset(ret, passed_on[i]);
	}
	(void)sigaddset(ret, SIGWINCH);
	(void)sigaddset(ret, SIGTSTP);
	(void)sigaddset(ret, SIGCHLD); /* the only word there is of an init that was stopped */
}

int session_take_signals(int *ret_fd, struct err *err)
{
	static const struct {
		int signal;
		void (*handler)(int);
	} dispositions[] = {
		{ SIGPIPE, SIG_IGN },
		{ SIGTTIN, SIG_IGN },
		{ SIGTTOU, SIG_DFL }, /* what stops us in the background */
		{ SIGCHLD, SIG_DFL }, /* ignored by the caller, it would let nobody be waited for */
	};
	sigset_t handled;

	session_signals(&handled);
	if (sigprocmask(SIG_BLOCK, &handled, NULL) < 0)
		return err_sys(err, errno, "blocking signals");
	for (size_t i = 0; i < ARRAY_SIZE(dispositions); i++) {
		struct sigaction action = { .sa_handler = dispositions[i].handler };

		if (sigaction(dispositions[i].signal, &action, NULL) < 0)
			return err_sys(err, errno, "setting a signal's disposition");
	}
	int fd = signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return err_sys(err, errno, "signalfd");
	*ret_fd = fd;
	return 0;
}

int session_stop_signal(int signal_fd)
{
	struct signalfd_siginfo info;

	while (read(signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++)
			if ((int)info.ssi_signo == passed_on[i])
				return passed_on[i];
	return 0;
}
