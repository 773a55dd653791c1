/* SPDX-License-Identifier: Apache-2.0 */
/* session_run() in a process of its own, with a child that plays the session's init and files that play the caller. */
#pragma once

#include "dbgattach/session.h"
#include "tests/unit/unit.h"

/* Shared by the test, the runner and the fake init. */
struct scene_page {
	volatile int ready;  /* set by the fake init when its signals may come */
	volatile int kills;  /* calls of kill_others */
	volatile int others; /* what kill_others answers, counted down to 0 */
	volatile pid_t init;
	volatile int signal_init; /* what kill_others sends to init when nobody else is left */
	int result;
	struct session_result session;
	int64_t elapsed_ms, cpu_ms;
};

struct scene {
	void (*init)(struct scene_page
			     *page); /* never returns; fds 0, 1, 2 are the session's, 3 the start pipe's read end */
	uint32_t timeout_s;
	int others, signal_init;
	int end_signal;    /* 0: none is sent */
	size_t file_limit; /* of the runner, 0: none */
	bool guardian, guardian_dies;
	int in, out, error; /* the caller's; the runner duplicates them */
	bool terminal;
	int pts;

	pid_t runner; /* set by scene_start() */
	struct scene_page *page;
};

/* Empty input, output to files. */
void scene_init(struct scene *scene, void (*init)(struct scene_page *page));
void scene_done(struct scene *scene);
#define cleanup_scene __attribute__((cleanup(scene_done)))

void scene_start(struct scene *scene);
/* Waits until the fake init says that it is ready. */
void scene_ready(const struct scene *scene);
/* Waits for the end, at most for 10 s; the page then holds the results. */
void scene_wait(struct scene *scene);
/* The file's content is exactly that. */
void assert_content(int file, const void *bytes, size_t length);
