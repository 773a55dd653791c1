/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/sys/pidfd.h"
#include "dbgattach/sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <termios.h>

#define SIZE_LIMIT (8U << 20)
#define WORDS_MAX 4096
#define PROGRAM "/proc/self/exe"

void command_init(struct command *command)
{
	*command = (struct command) { .file = -EBADF,
				      .pidfd = -EBADF,
				      .fds = { -EBADF, -EBADF, -EBADF },
				      .window = { .ws_row = 24, .ws_col = 80 } };
}

void command_done(struct command *command)
{
	strv_done(&command->words);
	close_quietly(take_fd(command->file));
	close_quietly(take_fd(command->pidfd));
	for (size_t i = 0; i < command->file_count; i++)
		close_quietly(command->files[i]);
	command->file_count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(command->fds); i++)
		close_quietly(take_fd(command->fds[i]));
}

/* ---- what it is to be -------------------------------------------------------------------------------------------------- */

static int take_file(struct command *command, const struct frame *frame)
{
	if (command->file < 0)
		command->file = memfd_create("dbgattach", MFD_CLOEXEC);
	return command->file < 0 ? -errno : io_write_all(command->file, frame->bytes, frame->length);
}

static int take_word(struct command *command, const struct frame *frame)
{
	char path[64] = "";

	if (command->words.count >= WORDS_MAX || memchr(frame->bytes, '\0', frame->length) != NULL)
		return -EPROTO;
	if (command->file >= 0) {
		if (command->file_count == ARRAY_SIZE(command->files))
			return -E2BIG;
		/* The program closes what it inherits; ours stays open for as long as we live. */
		(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), command->file);
		command->files[command->file_count++] = take_fd(command->file);
	}
	return strv_take(&command->words, text_printf("%.*s%s", (int)frame->length, frame->bytes, path));
}

int command_take(struct command *command, const struct frame *frame)
{
	command->size += frame->length;
	if (command->size > SIZE_LIMIT)
		return -E2BIG;
	switch (frame->type) {
	case FRAME_FILE:
		return take_file(command, frame);
	case FRAME_WORD:
		return take_word(command, frame);
	default:
		if (frame->length >= sizeof(command->term) || memchr(frame->bytes, '\0', frame->length) != NULL)
			return -EPROTO;
		command->terminal = true;
		command->window = (struct winsize) { .ws_row = frame->rows, .ws_col = frame->columns };
		(void)snprintf(command->term, sizeof(command->term), "%.*s", (int)frame->length, frame->bytes);
		return 0;
	}
}

/* ---- its start --------------------------------------------------------------------------------------------------------- */

static int open_pipes(int ours[static 3], int theirs[static 3])
{
	for (int i = 0; i < 3; i++) {
		int ends[2];

		if (pipe2(ends, O_CLOEXEC) < 0)
			return -errno;
		ours[i] = ends[i == 0 ? 1 : 0];
		theirs[i] = ends[i == 0 ? 0 : 1];
	}
	return 0;
}

/*
 * Raw from the beginning, since what is typed ahead is for the session's own terminal; but lines of ours that come before it
 * are ended as on any terminal.
 */
static int make_raw(int terminal)
{
	struct termios modes;

	if (tcgetattr(terminal, &modes) < 0)
		return -errno;
	tcflag_t output = modes.c_oflag;
	cfmakeraw(&modes);
	modes.c_oflag = output;
	return tcsetattr(terminal, TCSANOW, &modes) < 0 ? -errno : 0;
}

static int open_terminal(const struct winsize *size, int ours[static 3], int theirs[static 3])
{
	int unlock = 0;

	ours[0] = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (ours[0] < 0 || ioctl(ours[0], TIOCSPTLCK, &unlock) < 0 || ioctl(ours[0], TIOCSWINSZ, size) < 0)
		return -errno;
	theirs[0] = ioctl(ours[0], TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	ours[1] = fcntl(ours[0], F_DUPFD_CLOEXEC, 3);
	theirs[1] = fcntl(theirs[0], F_DUPFD_CLOEXEC, 3);
	theirs[2] = fcntl(theirs[0], F_DUPFD_CLOEXEC, 3);
	return theirs[0] < 0 || ours[1] < 0 || theirs[1] < 0 || theirs[2] < 0 ? -errno : make_raw(theirs[0]);
}

static _Noreturn void become(struct command *command, const int theirs[static 3], pid_t parent)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	/* In a session of its own, so that the terminal can be its own. A helper that is killed ends it. */
	(void)setsid();
	(void)signal(SIGPIPE, SIG_DFL);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	for (int fd = 0; fd < 3; fd++)
		if (dup2(theirs[fd], fd) < 0)
			_exit(1);
	if (command->terminal)
		(void)ioctl(STDIN_FILENO, TIOCSCTTY, 0);
	if (command->term[0] != '\0')
		(void)setenv("TERM", command->term, 1);
	(void)execv(PROGRAM, command->words.items);
	_exit(1);
}

int command_start(struct command *command, struct err *err)
{
	int theirs[3] = { -EBADF, -EBADF, -EBADF };
	pid_t parent = getpid();
	int result = command->words.count == 0 ? -EPROTO :
		     command->terminal         ? open_terminal(&command->window, command->fds, theirs) :
						 open_pipes(command->fds, theirs);

	if (result == 0) {
		command->pid = sys_fork(-EBADF, &command->pidfd);
		if (command->pid == 0)
			become(command, theirs, parent);
		result = command->pid < 0 ? (int)command->pid : 0;
	}
	for (int i = 0; i < 3; i++)
		close_quietly(theirs[i]);
	return result < 0 ? err_sys(err, result, "starting the session") : 0;
}
