/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TARGET as typed: NAME, ID, RUNTIME:REF, RUNTIME://REF, pod/[NAMESPACE/]POD[/CONTAINER], pid:N, pid:N:INODE. Grammar only;
 * nothing is looked up.
 */
#pragma once

#include "dbgattach/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define REFERENCE_MAX 512

struct reference {
	char runtime[16];         /* "" where none was named; "pid" for pid:N, "pod" for pod/... */
	char scope[256];          /* runc:[ROOT_DIR/]REF, pod/A/B: what stands before the last slash, else "" */
	char name[REFERENCE_MAX]; /* the name, id or prefix; "" for pid:N */
	pid_t pid;                /* pid:N, else 0 */
	uint64_t pidfd_inode;     /* pid:N:INODE, else 0 */
};

/*
 * -EINVAL with ERR_USAGE for anything that no runtime would take as a name: empty, longer than REFERENCE_MAX - 1,
 * control characters, "..", a leading "-" or ".", characters outside [A-Za-z0-9_.+-] in the name (crun 1.28's grammar).
 * Which runtimes exist is not known here: an unknown word before ":" is refused by target/.
 */
int reference_parse(const char *text, struct reference *ret, struct err *err);

/* What may stand as a name: safe to compare, to print and to use as a path component. */
bool reference_name_is_valid(const char *name);
