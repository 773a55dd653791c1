/* SPDX-License-Identifier: Apache-2.0 */
/* Init: the session's first visible process. */
#pragma once

#include <stdbool.h>

/* Never returns. options as in dbgattach/launcher.h. */
_Noreturn void init_run(const char *options, char **command);

/* Replaces the process by the command, or writes one line to stderr and returns the exit status that says why. */
int command_exec(char **command);

/* filter.c: takes the filters from LAUNCHER_FILTER_FD and closes it; loads them for this process. 0, or an errno. */
int filter_read(void);
int filter_load(void);
/* Ends the process where a filter may forbid to end it. */
_Noreturn void filter_end(int status);

/* The word is one of the comma-separated options. */
bool option_has(const char *options, const char *word);

#ifdef DBG_TEST_BUILD
/* Stops at "barrier=PROCESS/STEP"; for the tests that kill us at each step. */
void test_barrier(const char *options, const char *step);
/* The command's process stops by itself. */
bool test_holds(const char *options);
#define PROTECTED(options, name) (!option_has(options, "without=" name))
#else
static inline void test_barrier(const char *options, const char *step)
{
	(void)options;
	(void)step;
}
static inline bool test_holds(const char *options)
{
	(void)options;
	return false;
}
#define PROTECTED(options, name) true
#endif
