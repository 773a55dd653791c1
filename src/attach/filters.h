/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp filters that are not ours: where they come from, and how they reach the process that loads them. */
#pragma once

#include "plan.h"

/* Those of a config or a file, into the plan; what is remarkable becomes a note. */
int filters_compile(const struct attach_request *request, const struct attach_facts *facts, struct attach_plan *plan,
		    struct err *err);
/* Those of the running process, likewise; stops it for a moment. */
int filters_copy(const struct pin *pin, struct attach_plan *plan, struct err *err);
/* A file in memory that the launcher reads (dbgattach/launcher.h) while nobody can see it. */
int filters_write(const struct plan_seccomp *seccomp, int *ret_fd, struct err *err);
