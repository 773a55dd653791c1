// SPDX-License-Identifier: Apache-2.0
/* What an attack has to say, and the few things that all of them need. */
#include "attacker.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>

#define LINES_MAX 64

static int report_fd = -1;
static unsigned lines;

void report_open(bool in_session)
{
	report_fd = in_session ? STDOUT_FILENO : open("/report", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (report_fd < 0)
		_exit(90);
}

static void say(const char *word, const char *format, va_list arguments)
{
	char line[512];
	int used = snprintf(line, sizeof(line), "%s ", word);

	used += vsnprintf(line + used, sizeof(line) - (size_t)used - 1, format, arguments);
	if (used > (int)sizeof(line) - 2)
		used = sizeof(line) - 2;
	line[used++] = '\n';
	if (lines++ < LINES_MAX && write(report_fd, line, (size_t)used) < 0)
		_exit(91);
}

void fell(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("fell", format, arguments);
	va_end(arguments);
}

void note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("note", format, arguments);
	va_end(arguments);
}

/* The attack itself could not be made: no result at all. */
void broken(const char *format, ...)
{
	char text[256];
	int error = errno;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (dprintf(report_fd, "broken %s: %s\n", text, strerror(error)) < 0)
		_exit(91);
	rest();
}

void ready(void)
{
	if (dprintf(report_fd, "ready\n") < 0)
		_exit(91);
}

void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		broken("writing %s", path);
	close(fd);
}

bool read_text(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t length;

	out[0] = '\0';
	if (fd < 0)
		return false;
	while (used < size - 1 && (length = read(fd, out + used, size - 1 - used)) > 0)
		used += (size_t)length;
	out[used] = '\0';
	close(fd);
	return true;
}

int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void rest(void)
{
	for (;;)
		pause();
}

/* The maps are written by a process that stays outside: only who has SETUID there may map more than himself. */
static pid_t start_mapper(int ends[2])
{
	char byte;
	pid_t pid;

	if (pipe(ends) < 0 || (pid = fork()) < 0)
		broken("a process that writes the maps");
	if (pid > 0)
		return pid;
	close(ends[1]);
	if (read(ends[0], &byte, 1) != 1)
		_exit(1);
	write_text("/proc/1/uid_map", "0 0 65536\n");
	write_text("/proc/1/gid_map", "0 0 65536\n");
	_exit(0);
}

void need_mounts(void)
{
	char map[64];
	int ends[2];

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
		return;
	note("in a user namespace of the attacker's own");
	start_mapper(ends);
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		broken("a user namespace");
	if (write(ends[1], "x", 1) != 1)
		broken("telling the process that writes the maps");
	for (int i = 0; i < 2000; i++) {
		if (read_text("/proc/self/gid_map", map, sizeof(map)) && map[0] != '\0')
			break;
		usleep(1000);
	}
	close(ends[0]);
	close(ends[1]);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		broken("mounting in a user namespace");
}
