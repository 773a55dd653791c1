/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of an attach as data: for each process a table of steps, run from the first to the last. A step that fails ends
 * the attach. Unit tests state which must come before which, and why.
 */
#pragma once

#include "dbgattach/base/err.h"

#include <stddef.h>

struct attach;

struct step {
	const char *name;
	int (*run)(struct attach *attach, struct err *err);
	const char *reason; /* why it stands where it stands */
};

extern const struct step monitor_steps[];
extern const size_t monitor_steps_count;
extern const struct step entry_steps[];
extern const size_t entry_steps_count;

/* Runs the table; on failure *ret_failed is the step's index. before: told of each step before it runs. */
int steps_run(const char *process, const struct step *steps, size_t count, struct attach *attach,
	      void (*before)(struct attach *attach, size_t index), struct err *err);
