/* SPDX-License-Identifier: Apache-2.0 */
/* The session's stdio: three pipes, or a pseudo-terminal. */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/session.h"
#include "dbgattach/sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define PIPE_CAPACITY (1 << 20) /* what an unprivileged user may have too (fs.pipe-max-size) */

static int open_terminal(int pts, const struct winsize *size, struct session_channels *channels, struct err *err)
{
	int unlock = 0;

	channels->input = openat(pts, "ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (channels->input < 0 || ioctl(channels->input, TIOCSPTLCK, &unlock) < 0 ||
	    ioctl(channels->input, TIOCSWINSZ, size) < 0)
		return err_sys(err, errno, "a pseudo-terminal for the session");
	/* By ioctl on the master (Linux 4.13), not by name: a name would be looked up somewhere. */
	int slave = ioctl(channels->input, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return err_sys(err, errno, "the session's end of the pseudo-terminal");
	channels->child[0] = slave;
	channels->output = fcntl(channels->input, F_DUPFD_CLOEXEC, 3);
	for (int i = 1; i < 3; i++)
		channels->child[i] = fcntl(slave, F_DUPFD_CLOEXEC, 3);
	return channels->output < 0 || channels->child[1] < 0 || channels->child[2] < 0 ?
		       err_sys(err, errno, "a pseudo-terminal for the session") :
		       0;
}

/* ours: 0 for the read end, 1 for the write end. */
static int open_pipe(int ours, int *ret_ours, int *ret_theirs)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	*ret_ours = ends[ours];
	*ret_theirs = ends[1 - ours];
	/* Larger is faster, but a pipe that the per-user limit keeps small is a pipe all the same. */
	(void)fcntl(ends[0], F_SETPIPE_SZ, PIPE_CAPACITY);
	return fcntl(*ret_ours, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static int open_pipes(void *context)
{
	struct session_channels *channels = context;
	int result = open_pipe(1, &channels->input, &channels->child[0]);

	if (result == 0)
		result = open_pipe(0, &channels->output, &channels->child[1]);
	if (result == 0)
		result = open_pipe(0, &channels->error, &channels->child[2]);
	return result;
}

int session_channels_open(bool terminal, int pts, const struct winsize *size, uid_t uid, gid_t gid,
			  struct session_channels *ret, struct err *err)
{
	struct session_channels channels = SESSION_CHANNELS_INIT;
	int start[2];

	channels.terminal = terminal;
	/* The session's from the beginning: to give them away would need CAP_CHOWN. */
	int result = terminal ? open_terminal(pts, size, &channels, err) : sys_act_as(uid, gid, open_pipes, &channels);
	if (result < 0 && !terminal)
		(void)err_sys(err, result, "pipes for the session");
	if (result == 0 && pipe2(start, O_CLOEXEC) < 0)
		result = err_sys(err, errno, "the start pipe");
	if (result < 0) {
		session_channels_done(&channels);
		return result;
	}
	channels.start_read = start[0];
	channels.start_write = start[1];
	*ret = channels;
	return 0;
}

void session_channels_close_child(struct session_channels *channels)
{
	for (int i = 0; i < 3; i++)
		close_quietly(take_fd(channels->child[i]));
	close_quietly(take_fd(channels->start_read));
}

void session_channels_done(struct session_channels *channels)
{
	session_channels_close_child(channels);
	close_quietly(take_fd(channels->input));
	close_quietly(take_fd(channels->output));
	close_quietly(take_fd(channels->error));
	close_quietly(take_fd(channels->start_write));
}
