/* SPDX-License-Identifier: Apache-2.0 */
/* An fd over a socket; and what runs aside with our memory and fds. */
#include "dbgattach/sys/process.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void an_fd_arrives(void **state)
{
	(void)state;
	struct stat sent, received;
	int sockets[2], ends[2], fd = -EBADF;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets), 0);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(sys_receive_fd(sockets[1], &fd), -EAGAIN);
	/* Two at once are two: what comes with an fd is never taken for the byte without. */
	assert_int_equal(sys_send_fd(sockets[0], ends[0]), 0);
	assert_int_equal(sys_send_fd(sockets[0], -EBADF), 0);
	assert_int_equal(sys_receive_fd(sockets[1], &fd), 1);
	assert_int_equal(fstat(ends[0], &sent), 0);
	assert_int_equal(fstat(fd, &received), 0);
	assert_int_equal(sent.st_ino, received.st_ino);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	(void)close(fd);
	fd = -EBADF;
	assert_int_equal(sys_receive_fd(sockets[1], &fd), 1);
	assert_int_equal(fd, -EBADF);
	(void)close(sockets[0]);
	assert_int_equal(sys_receive_fd(sockets[1], &fd), 0);
	assert_int_equal(sys_send_fd(sockets[1], -EBADF), -EPIPE);
	(void)close(sockets[1]);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static int open_one(void *argument)
{
	int *fd = argument;

	*fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return getpid();
}

static int die(void *argument)
{
	(void)argument;
	(void)kill(getpid(), SIGKILL);
	return 0;
}

static void runs_aside(void **state)
{
	(void)state;
	int fd = -EBADF, pid = sys_run_aside(open_one, &fd);

	assert_true(pid > 0 && pid != getpid());
	assert_true(fcntl(fd, F_GETFD) >= 0);
	(void)close(fd);
	assert_int_equal(sys_run_aside(die, NULL), -ECHILD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_fd_arrives),
		cmocka_unit_test(runs_aside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
