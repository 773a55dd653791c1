/* SPDX-License-Identifier: Apache-2.0 */
/* What all fuzzers share: the entry point and the promises that every parser makes, whatever the bytes are. */
#pragma once

#include "dbgattach/base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A crash is what the fuzzer looks for, so a broken promise is made one. */
static inline void fuzz_require(int condition)
{
	if (!condition)
		abort();
}

/* Success is 0 and says nothing; a failure is negative, has a kind and a text. */
static inline void fuzz_check_result(int result, const struct err *err)
{
	fuzz_require(result <= 0);
	fuzz_require((result < 0) == (err->kind != ERR_NONE));
	fuzz_require((result < 0) == (err->text[0] != '\0'));
	fuzz_require(memchr(err->text, '\0', sizeof(err->text)) != NULL);
	for (const char *at = err->text; *at; at++)
		fuzz_require((unsigned char)*at >= 0x20); /* a hostile file must not write to the terminal */
}

/* For the parsers of C strings. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	fuzz_require(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}
