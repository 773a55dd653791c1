/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines, and short waits between two looks at something that cannot be polled. */
#pragma once

#include <stdint.h>
#include <time.h>

/* CLOCK_MONOTONIC: a clock that is set must not move a deadline. */
static inline int64_t clock_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void clock_pause_ms(long ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&time, NULL);
}
