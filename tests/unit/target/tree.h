/* SPDX-License-Identifier: Apache-2.0 */
/* A host made of files in a temporary folder, with a child that plays the container's process. */
#pragma once

#include "dbgattach/target.h"
#include "tests/unit/unit.h"

#include <sys/types.h>

struct tree {
	char path[64];
	struct host host; /* root: the folder; proc: the real one */
	pid_t pid;        /* of the child */
	uint64_t start_time;
};

int tree_setup(void **state);
int tree_teardown(void **state);

/* Writes a file (mode 0600) and the folders above it (0755). path has no leading slash. */
void tree_write(const struct tree *tree, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same without the text: for what fopen() would not make. */
void tree_folder(const struct tree *tree, const char *path);
/* The same with bytes; and a file's, with a NUL behind them: the caller's. */
void tree_put(const struct tree *tree, const char *path, const char *bytes, size_t length);
char *tree_get(const struct tree *tree, const char *path);

/* Another child in the first one's place, of that user (0: root's), in a user namespace of his. */
void tree_child_of(struct tree *tree, uid_t uid);

/*
 * A state tree of tests/fixtures, as root's. The numbers that stand for the container's process, in files and their names,
 * become the child's. [tests/fixtures/capture]
 */
#define TREE_FIXTURE_PID "4194303"
#define TREE_FIXTURE_START "123456789012"
void tree_copy(const struct tree *tree, const char *fixture);

/* A container of Docker; pid 0: not running. start_time 0: without runc's state. */
void tree_docker(const struct tree *tree, const char *id, const char *name, pid_t pid, uint64_t start_time);
void tree_runc(const struct tree *tree, const char *folder, const char *id, pid_t pid, uint64_t start_time,
	       const char *bundle);
void tree_crun(const struct tree *tree, const char *id, pid_t pid, uint64_t start_time, const char *bundle);
/* Its pidfile; the list is the test's to write. */
void tree_podman(const struct tree *tree, const char *id, pid_t pid);

/* /proc/PID/status in the tree; uid: the four, nspid: one a level, with tabs between. */
void tree_status(const struct tree *tree, pid_t pid, const char *uid, const char *nspid);

struct resolved {
	int result;
	struct target target;
	struct pin pin;
	struct err err;
};

struct resolved tree_resolve(const struct tree *tree, const char *text);
void resolved_done(struct resolved *resolved);
#define cleanup_resolved __attribute__((cleanup(resolved_done)))

void assert_resolves(const struct tree *tree, const char *text, const char *runtime, const char *id);
/*
 * Whether a list of all, stopped ones too, tells of it: "REFERENCE NAME POD IMAGE STATE; ", "-" where nothing is known; of what
 * is damaged "RUNTIME: TEXT; ". Only a part of that is to be given; count: how often it stands there.
 */
void assert_listed(const struct tree *tree, const char *part, unsigned count);
/* says: a part of the text. */
void assert_refused(const struct tree *tree, const char *text, enum err_kind kind, const char *says);

/* Says why and skips; fails instead where the environment promises that everything can run. */
void skip_because(const char *reason);

/* The same for a whole program: what main() returns. */
int skip_all(const char *reason);
