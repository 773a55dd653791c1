/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the tests of the tests only: the test build (-DDBG_TEST_BUILD) can leave out protections, named by the
 * environment variable DBG_WITHOUT (comma-separated), so that the suite can prove that the matching test then fails; it can stop at a
 * step named by DBG_BARRIER=PROCESS/STEP; it can fail an allocation (DBG_FAIL_MALLOC=N:FILE);
 * and it can read its configuration elsewhere (DBG_CONFIG=PATH). In the real build PROTECTED() is the constant true and nothing else exists.
 */
#pragma once

#include <stdbool.h>

#ifdef DBG_TEST_BUILD
bool weaken_is_protected(const char *name);
/* Stops the calling process with SIGSTOP when it is at the barrier that DBG_BARRIER names. */
void weaken_barrier(const char *process, const char *step);
/* DBG_BARRIER names a step of this process: it stops by itself. */
bool weaken_holds(const char *process);
/* What an attach that forks too early does: goes on in a child, which a PID namespace joined before makes visible. */
void weaken_become_visible(void);
/* The path that the variable NAME of the environment holds, else path. */
const char *weaken_path(const char *name, const char *path);
#define PROTECTED(name) weaken_is_protected(#name)
#else
#define PROTECTED(name) true
static inline void weaken_barrier(const char *process, const char *step)
{
	(void)process;
	(void)step;
}
static inline bool weaken_holds(const char *process)
{
	(void)process;
	return false;
}
static inline void weaken_become_visible(void)
{
}
static inline const char *weaken_path(const char *name, const char *path)
{
	(void)name;
	return path;
}
#endif
