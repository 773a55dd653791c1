/* SPDX-License-Identifier: Apache-2.0 */
/* Strict parsing and safe printing of short texts. Nothing here allocates without saying so. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A whole decimal number: ASCII digits only, no sign, no space, no leading "+", at most max. 0, or -EINVAL (not a
 * number), -ERANGE (too large). strtoul accepts far more than people expect; a uid must not be parsed by it.
 */
int text_u64(const char *text, size_t length, uint64_t max, uint64_t *ret_value);

/* The same for a NUL-terminated string that fits 32 bits. */
int text_u32(const char *text, uint32_t *ret_value);

/* Only lower-case hexadecimal digits, at least one. */
bool text_is_hex(const char *text, size_t length);

bool text_starts(const char *text, const char *prefix);

/*
 * Writes text so that a terminal shows it and never obeys it: C0, DEL, C1, invalid UTF-8 and bidirectional controls
 * become \xNN. Always NUL-terminated when size > 0; cut with "..." where it does not fit. Returns out.
 */
char *text_escape(const char *text, size_t length, char *out, size_t size);

/* Both ends of a text that does not fit, with "..." between them. size: at least 6. Returns out. */
char *text_shorten(const char *text, char *out, size_t size);

/* printf into a fixed buffer; -ENAMETOOLONG instead of a silent cut. */
int text_format(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A newly allocated string, or NULL when there is no memory. The caller frees it. */
char *text_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Seconds from "90", "90s", "10m", "2h", "1d" (as timeout(1)); 0 and anything over a year are -ERANGE. */
int text_duration(const char *text, uint32_t *ret_seconds);

/* A growing NULL-terminated vector of strings (argv, envp). Zero-initialise it. */
struct strv {
	char **items; /* NULL-terminated once anything was added */
	size_t count;
};

/* Takes ownership of item also on failure. -ENOMEM, also when item is NULL: strv_take(v, text_printf(...)) works. */
int strv_take(struct strv *strv, char *item);
int strv_add(struct strv *strv, const char *item);
/* "NAME=..." replaces an entry of the same name, else is appended. Takes ownership. */
int strv_env_take(struct strv *strv, char *assignment);
/* The value of NAME, or NULL. */
const char *strv_env_get(const struct strv *strv, const char *name);
void strv_done(struct strv *strv);
#define cleanup_strv __attribute__((cleanup(strv_done)))
