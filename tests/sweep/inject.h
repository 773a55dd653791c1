/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of inject share; inject.c says what it does. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define CALLS_MAX 512
#define PATH_LENGTH 48

struct tracee {
	pid_t pid;
	char path[PATH_LENGTH]; /* "" until its parent's stop has told whose child it is */
	struct tracee *parent;
	int children;
	bool alive, waits; /* waits: stopped, and not known yet or held */
	bool failing;      /* between the two stops of the call that is made to fail */
	long call;         /* between the two stops: its number */
	uint64_t argument[2];
	uint16_t count[CALLS_MAX];
};

struct wanted {
	const char *path; /* the process, NULL: none is made to fail */
	long call;        /* number */
	unsigned turn;    /* its how-maniest, from 1 */
	long result;
	const char *watched; /* the process whose successful prctl and keyctl calls are told */
	bool list;           /* print each call of each process */
};

extern FILE *record;
extern struct wanted wanted;

const char *call_name(long number);
long call_number(const char *name);

int64_t now_ms(void);

/* follow.c: the first process, before it executes anything; then all of them to the end. Returns the first one's status. */
int follow_adopt(pid_t pid);
int follow(int64_t deadline_ms);

/*
 * session.c: everything of the two processes that the host can see, as blocks "@WHO NAME LENGTH\nBYTES\n"; nothing where one
 * is ending. init 0: there is none.
 */
void session_dump(pid_t command, pid_t init);
/* It sleeps in rt_sigtimedwait, which is where init waits for its children. */
bool session_init_sleeps(pid_t pid);
