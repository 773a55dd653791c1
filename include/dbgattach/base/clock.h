/* SPDX-License-Identifier: Apache-2.0 */
/* Short waits between two looks at something that cannot be polled. */
#pragma once

#include <time.h>

static inline void clock_pause_ms(long ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&time, NULL);
}
