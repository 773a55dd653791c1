/* SPDX-License-Identifier: Apache-2.0 */
/* What a pump stands between: pipes, files and sockets through which a pattern runs. */
#pragma once

#include "src/session/pump.h"
#include "tests/unit/unit.h"

#define BUFFER 65536 /* more than a pump holds */
#define PIPE_SIZE (1 << 20)
#define TOTAL 3000000 /* several pipes full, and no round number */

enum kind { PIPE, FILE_, APPEND, SOCKET };

struct end {
	int ours, pump; /* ours: what we read and write at; pump: the pump's end */
};

/* Both ends non-blocking. */
void make_pipe(int ends[2], int size);
/* An input file is full of the pattern; an output file with APPEND begins with six other bytes. */
struct end make_end(enum kind kind, bool input);
int duplicate(int fd);
/* Writes the pattern until the pipe is full or all is written; how far it has come. */
size_t feed(int fd, size_t from, size_t length);
/* Reads at most limit bytes that must be the pattern; how far it has come. */
size_t drink(int fd, size_t from, size_t limit);
