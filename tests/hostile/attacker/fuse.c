// SPDX-License-Identifier: Apache-2.0
/*
 * A filesystem whose server takes every request and answers none: whoever waits for an answer waits uninterruptibly, also
 * when he is killed, until the server is gone. It is gone with the container.
 */
#include "attacker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static void answer_init(int fd, const struct fuse_in_header *request)
{
	struct {
		struct fuse_out_header header;
		struct fuse_init_out init;
	} reply = {
		.header = { .len = sizeof(reply), .unique = request->unique },
		.init = { .major = FUSE_KERNEL_VERSION, .minor = 31, .max_readahead = 4096, .max_write = 4096 },
	};

	if (write(fd, &reply, sizeof(reply)) != (ssize_t)sizeof(reply))
		broken("answering FUSE_INIT");
}

static void allow(int fd, const struct fuse_in_header *request)
{
	const struct fuse_out_header reply = { .len = sizeof(reply), .unique = request->unique };

	if (write(fd, &reply, sizeof(reply)) != (ssize_t)sizeof(reply))
		broken("answering FUSE_ACCESS");
}

static void serve(int fd)
{
	static union {
		char data[1 << 16];
		struct fuse_in_header header;
	} request;

	for (;;) {
		ssize_t length = read(fd, &request, sizeof(request));

		if (length < 0 && errno != EINTR && errno != ENOENT && errno != EAGAIN)
			_exit(0);
		if (length > 0 && request.header.opcode == FUSE_INIT)
			answer_init(fd, &request.header);
		/* The container's first process alone gets in. */
		if (length > 0 && request.header.opcode == FUSE_ACCESS && request.header.pid == 1)
			allow(fd, &request.header);
	}
}

/* fuse PATH [cwd]: PATH becomes such a filesystem; with cwd it is also the working directory. */
int attack_fuse(int argc, char **argv)
{
	char options[128];

	if (argc < 2)
		return 2;
	need_mounts();
	mkdir(argv[1], 0755);
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		broken("/dev/fuse");
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fd);
	if (mount("hung", argv[1], "fuse.hung", MS_NOSUID | MS_NODEV, options) < 0)
		broken("mounting FUSE on %s", argv[1]);
	pid_t server = fork();
	if (server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(fd);
	}
	if (server < 0)
		broken("the server");
	close(fd);
	if (argc > 2 && chdir(argv[1]) < 0)
		broken("%s", argv[1]);
	ready();
	rest();
}
