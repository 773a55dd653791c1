/* SPDX-License-Identifier: Apache-2.0 */
/* What the unit tests share. */
#pragma once

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/err.h"

/* cmocka.h wants these four before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_A "aaaaaaaa00000000000000000000000000000000000000000000000000000001"
#define ID_B "aaaaaaaa00000000000000000000000000000000000000000000000000000002"
#define ID_C "cccccccc00000000000000000000000000000000000000000000000000000003"

/* Fails with the error's text rather than with a number. */
#define assert_success(result, err)                                                                                    \
	do {                                                                                                           \
		if ((result) < 0)                                                                                      \
			fail_msg("%s: %s", err_kind_name((err).kind), (err).text);                                     \
	} while (0)

#define assert_failure(result, err, expected)                                                                          \
	do {                                                                                                           \
		if ((result) >= 0)                                                                                     \
			fail_msg("succeeded instead of: %s", err_kind_name(expected));                                 \
		if ((err).kind != (expected))                                                                          \
			fail_msg("%s: %s, instead of: %s", err_kind_name((err).kind), (err).text,                      \
				 err_kind_name(expected));                                                             \
		assert_true((err).text[0] != '\0');                                                                    \
	} while (0)

/* The bytes in memory of exactly that size, without a NUL: a sanitizer sees every read behind them. */
static inline char *unit_exact(const void *bytes, size_t length)
{
	char *copy = malloc(length ? length : 1);
	assert_non_null(copy);
	if (length > 0)
		memcpy(copy, bytes, length);
	return copy;
}

/*
 * Gives parse() the bytes cut at every place, in memory of their exact size. What it returns is parse()'s own
 * matter.
 */
static inline void unit_each_cut(const char *bytes, size_t length, void (*parse)(const char *bytes, size_t length))
{
	for (size_t cut = 0; cut < length; cut++) {
		cleanup_free char *copy = unit_exact(bytes, cut);
		parse(copy, cut);
	}
}
