/* SPDX-License-Identifier: Apache-2.0 */
/* The demo's application: a web server that answers one sentence. Static and alone in its image, as hardened services are. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT 8080

static const char answer[] = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n"
			     "This container holds one program and no shell.\n";

/* As PID 1 it would not heed a signal without a handler. */
static void stop(int signal)
{
	(void)signal;
	_exit(0);
}

static int fail(const char *what)
{
	perror(what);
	return EXIT_FAILURE;
}

int main(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	(void)signal(SIGTERM, stop);
	(void)signal(SIGINT, stop);
	(void)signal(SIGPIPE, SIG_IGN);
	if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)
		return fail("socket");
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(listener, 16) < 0)
		return fail("listen");
	for (;;) {
		char request[1024];
		int client = accept(listener, NULL, NULL);

		if (client < 0)
			continue;
		if (read(client, request, sizeof(request)) > 0)
			(void)!write(client, answer, strlen(answer));
		(void)close(client);
	}
}
