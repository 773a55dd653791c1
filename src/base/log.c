/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what is told to the person at the terminal. One line is one write(2), without stdio: lines of two processes do
 * not mix, and a forked child never prints the parent's half-filled buffer a second time.
 */
#include "dbgattach/base/log.h"

#include "dbgattach/base/text.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOG_LINE_MAX 4096 /* PIPE_BUF: up to here a write to a pipe is atomic */

#define LOG_PATIENCE_MS 100

static enum log_level current_level = LOG_NORMAL;

void log_set_level(enum log_level level)
{
	current_level = level;
}

enum log_level log_level(void)
{
	return current_level;
}

static void __attribute__((format(printf, 1, 0))) log_line(const char *format, va_list args)
{
	static const char prefix[] = "dbgattach: ";
	int saved = errno;
	char message[LOG_LINE_MAX];
	char line[LOG_LINE_MAX];

	int length = vsnprintf(message, sizeof(message), format, args);
	if (length < 0)
		length = 0;
	if ((size_t)length >= sizeof(message))
		length = sizeof(message) - 1;

	memcpy(line, prefix, sizeof(prefix));
	(void)text_escape(message, (size_t)length, line + sizeof(prefix) - 1, sizeof(line) - sizeof(prefix));
	size_t total = strlen(line);
	line[total++] = '\n';

	/* A terminal that is stopped, a pipe that nobody empties: the line is not worth a hang, and signals are blocked. */
	struct pollfd poll_fd = { .fd = STDERR_FILENO, .events = POLLOUT };
	if (poll(&poll_fd, 1, LOG_PATIENCE_MS) != 1 || !(poll_fd.revents & POLLOUT)) {
		errno = saved;
		return;
	}
	/* Not repeated when it fails or is cut short: there is nobody left to tell. */
	ssize_t ignored = write(STDERR_FILENO, line, total);
	(void)ignored;
	errno = saved;
}

void log_note(const char *format, ...)
{
	if (current_level < LOG_NORMAL)
		return;
	va_list args;
	va_start(args, format);
	log_line(format, args);
	va_end(args);
}

void log_step(const char *format, ...)
{
	if (current_level < LOG_STEPS)
		return;
	va_list args;
	va_start(args, format);
	log_line(format, args);
	va_end(args);
}

void log_error(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	log_line(format, args);
	va_end(args);
}
