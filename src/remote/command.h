/* SPDX-License-Identifier: Apache-2.0 */
/* What the helper runs: gathered word by word from the client, then started as a child, which is this same program. */
#pragma once

#include "dbgattach/base/err.h"
#include "dbgattach/base/text.h"
#include "dbgattach/format/frame.h"

#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/types.h>

struct command {
	struct strv words;
	size_t size; /* of all that was gathered */
	int file;    /* that the next word names; -EBADF: none */
	int files[8];
	size_t file_count;
	bool terminal;
	struct winsize window;
	char term[64];
	pid_t pid; /* 0: not started */
	int pidfd;
	/* Our ends of its stdin, stdout and stderr; with a terminal its master twice, and -EBADF. Whoever takes one sets it so. */
	int fds[3];
};

void command_init(struct command *command);
/* The fds and memory; a child that runs is left to itself. */
void command_done(struct command *command);

/* FRAME_WORD, FRAME_FILE, FRAME_TERMINAL. -E2BIG, -EPROTO, or what the system says. */
int command_take(struct command *command, const struct frame *frame);
int command_start(struct command *command, struct err *err);
