/* SPDX-License-Identifier: Apache-2.0 */
/* Walks bytes line by line and word by word without changing or copying them. For the parsers of this folder only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
	const char *text;
	size_t length;
};

struct lines {
	const char *bytes;
	size_t length, offset;
	size_t number; /* of the line that was returned last, from 1 */
};

/* The last line needs no newline. */
static inline bool line_next(struct lines *lines, struct slice *ret_line)
{
	if (lines->offset >= lines->length)
		return false;
	const char *start = lines->bytes + lines->offset;
	size_t rest = lines->length - lines->offset;
	const char *end = memchr(start, '\n', rest);
	size_t length = end ? (size_t)(end - start) : rest;

	lines->offset += length + (end ? 1 : 0);
	lines->number++;
	*ret_line = (struct slice) { start, length };
	return true;
}

/* Takes the next word off the front of rest: what stands between spaces and tabs. */
static inline bool word_next(struct slice *rest, struct slice *ret_word)
{
	while (rest->length > 0 && (*rest->text == ' ' || *rest->text == '\t')) {
		rest->text++;
		rest->length--;
	}
	size_t length = 0;
	while (length < rest->length && rest->text[length] != ' ' && rest->text[length] != '\t')
		length++;
	if (length == 0)
		return false;

	*ret_word = (struct slice) { rest->text, length };
	rest->text += length;
	rest->length -= length;
	return true;
}

/* Takes everything up to the next separator, which is dropped; false when there is none (rest is left alone). */
static inline bool field_next(struct slice *rest, char separator, struct slice *ret_field)
{
	const char *end = rest->length > 0 ? memchr(rest->text, separator, rest->length) : NULL;
	if (!end)
		return false;
	size_t length = (size_t)(end - rest->text);
	*ret_field = (struct slice) { rest->text, length };
	rest->text += length + 1;
	rest->length -= length + 1;
	return true;
}

static inline bool slice_is(struct slice slice, const char *text)
{
	return slice.length == strlen(text) && memcmp(slice.text, text, slice.length) == 0;
}
