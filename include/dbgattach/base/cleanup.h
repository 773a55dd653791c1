/* SPDX-License-Identifier: Apache-2.0 */
/* Scope-bound release of what C does not release by itself. An fd that is not open is -EBADF, never -1 or 0. */
#pragma once

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Closes and keeps errno; accepts anything negative as "not open". */
static inline void close_quietly(int fd)
{
	if (fd < 0)
		return;
	int saved = errno;
	(void)close(fd);
	errno = saved;
}

static inline void cleanup_close_fn(const int *fd)
{
	close_quietly(*fd);
}

static inline void cleanup_free_fn(void *pointer)
{
	int saved = errno;
	free(*(void **)pointer);
	errno = saved;
}

#define cleanup_close __attribute__((cleanup(cleanup_close_fn)))
#define cleanup_free __attribute__((cleanup(cleanup_free_fn)))

/* Hands the value over: the variable no longer owns it. */
#define take_fd(fd)                                                                                                    \
	({                                                                                                             \
		int taken_ = (fd);                                                                                     \
		(fd) = -EBADF;                                                                                         \
		taken_;                                                                                                \
	})

#define take_ptr(pointer)                                                                                              \
	({                                                                                                             \
		__typeof__(pointer) taken_ = (pointer);                                                                \
		(pointer) = NULL;                                                                                      \
		taken_;                                                                                                \
	})

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
