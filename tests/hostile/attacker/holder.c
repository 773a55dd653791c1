// SPDX-License-Identifier: Apache-2.0
/* Who keeps the session's terminal or pipe when the session has ended: a program of the session's own gave it away. */
#include "attacker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* In the network namespace, which both share; no file is needed. */
static const struct sockaddr_un meeting_point = { .sun_family = AF_UNIX, .sun_path = "\0dbgattach-hostile" };

union control {
	char space[CMSG_SPACE(sizeof(int))];
	struct cmsghdr header;
};

static int take(int server)
{
	char byte;
	union control control;
	struct iovec iovec = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iovec, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	int fd = -1, connection = accept(server, NULL, NULL);

	if (connection < 0 || recvmsg(connection, &message, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	if (header != NULL && header->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	if (write(connection, "x", 1) != 1)
		fd = -1;
	close(connection);
	return fd;
}

/* holder [flood] */
int attack_holder(int argc, char **argv)
{
	static char block[65536];
	bool flood = argc > 1 && strcmp(argv[1], "flood") == 0;
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	memset(block, 'f', sizeof(block));
	if (server < 0 || bind(server, (const struct sockaddr *)&meeting_point, sizeof(meeting_point)) < 0 ||
	    listen(server, 8) < 0)
		broken("a socket");
	ready();
	for (;;) {
		int fd = take(server);

		if (fd < 0)
			continue;
		note("holds a descriptor of the session's");
		if (flood && fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			while (write(fd, block, sizeof(block)) > 0)
				;
			_exit(0);
		}
	}
}

/* give: gives stdout away and ends. */
int probe_give(int argc, char **argv)
{
	char byte = 'x';
	union control control = {
		.header = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS }
	};
	struct iovec iovec = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iovec, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	int fd = STDOUT_FILENO, connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)argc;
	(void)argv;
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (connect(connection, (const struct sockaddr *)&meeting_point, sizeof(meeting_point)) < 0 ||
	    sendmsg(connection, &message, 0) != 1 || read(connection, &byte, 1) != 1)
		return 3;
	return 0;
}
