/* SPDX-License-Identifier: Apache-2.0 */
/* The target of a session: PID 1, with a thread, a file, and a function to be found in; given ROUNDS, it ends. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char answer[64];

static void *work(void *unused)
{
	(void)unused;
	for (unsigned int count = 0;; count++) {
		snprintf(answer, sizeof(answer), "served %u", count);
		usleep(20000);
	}
	return NULL;
}

__attribute__((noinline)) static void serve_forever(const char *name, int rounds)
{
	for (int i = 0; rounds == 0 || i < rounds; i++) {
		int fd = open("/app/data", O_RDONLY | O_CLOEXEC);
		if (fd >= 0)
			close(fd);
		if (strlen(name) > 3)
			usleep(20000);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

int main(int argc, char **argv)
{
	pthread_t thread;

	int log = open("/app/log", O_WRONLY | O_APPEND);
	if (log >= 0 && argc == 1)
		dprintf(log, "here\n");
	pthread_create(&thread, NULL, work, NULL);
	serve_forever(argv[0], argc > 1 ? atoi(argv[1]) : 0);
	return 0;
}
