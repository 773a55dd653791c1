/* SPDX-License-Identifier: Apache-2.0 */
/* Owns strict parsing of numbers, safe printing, and string vectors. Knows no file format and no locale. */
#include "dbgattach/base/text.h"

#include "dbgattach/base/weaken.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_OF_A_YEAR (365U * 24 * 60 * 60)

int text_u64(const char *text, size_t length, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;
	bool too_large = false;

	if (length == 0)
		return -EINVAL;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		uint64_t next;
		if (__builtin_mul_overflow(value, 10U, &next) ||
		    __builtin_add_overflow(next, (uint64_t)(text[i] - '0'), &next))
			too_large = true; /* not returned yet: "99999999999999999999x" is no number at all */
		else
			value = next;
	}
	if (too_large || value > max)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int text_u32(const char *text, uint32_t *ret_value)
{
	uint64_t value;
	int r = text_u64(text, strlen(text), UINT32_MAX, &value);
	if (r < 0)
		return r;
	*ret_value = (uint32_t)value;
	return 0;
}

bool text_is_hex(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
			return false;
	return length > 0;
}

bool text_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Length and value of the UTF-8 sequence at text, 0 when it is not valid (overlong forms and surrogates are not). */
static size_t utf8_decode(const unsigned char *text, size_t length, uint32_t *ret_code)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t size = text[0] < 0x80           ? 1 :
		      (text[0] & 0xe0) == 0xc0 ? 2 :
		      (text[0] & 0xf0) == 0xe0 ? 3 :
		      (text[0] & 0xf8) == 0xf0 ? 4 :
						 0;
	if (size == 0 || size > length)
		return 0;

	uint32_t code = size == 1 ? text[0] : text[0] & (0xffU >> (size + 1));
	for (size_t i = 1; i < size; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3fU);
	}
	if (code < smallest[size] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret_code = code;
	return size;
}

/* What a terminal would obey, or show in an order other than that of the bytes. */
static bool is_unsafe(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) ||       /* C0, DEL, C1 */
	       code == 0x061c || code == 0x200e || code == 0x200f || /* bidirectional marks */
	       (code >= 0x2028 && code <= 0x202e) ||                 /* separators, embeddings, overrides */
	       (code >= 0x2066 && code <= 0x2069) || code == 0xfeff; /* isolates, invisible mark */
}

/*
 * A backslash is left alone on purpose: a text may be escaped when it is put into an error and again when that error is
 * printed, and the second pass must not change it.
 */
char *text_escape(const char *text, size_t length, char *out, size_t size)
{
	static const char hex[] = "0123456789abcdef";
	static const char cut[] = "...";
	const unsigned char *in = (const unsigned char *)text;
	size_t used = 0, last_cut = 0; /* last_cut: as much as leaves room for the dots, in whole units */

	if (size == 0)
		return out;
	for (size_t i = 0; i < length;) {
		uint32_t code = 0;
		size_t step = utf8_decode(in + i, length - i, &code);
		bool plain = (step > 0 && !is_unsafe(code)) || !PROTECTED(ESCAPE);
		if (step == 0)
			step = 1;
		size_t unit = plain ? step : 4 * step;
		if (unit >= size - used) {
			const char *dots = size >= sizeof(cut) ? cut : "";
			memcpy(out + last_cut, dots, strlen(dots));
			used = last_cut + strlen(dots);
			break;
		}
		if (plain) {
			memcpy(out + used, in + i, step);
		} else {
			for (size_t k = 0; k < step; k++) {
				char *at = out + used + 4 * k;
				at[0] = '\\';
				at[1] = 'x';
				at[2] = hex[in[i + k] >> 4];
				at[3] = hex[in[i + k] & 15];
			}
		}
		used += unit;
		i += step;
		if (used + sizeof(cut) <= size)
			last_cut = used;
	}
	out[used] = '\0';
	return out;
}

char *text_shorten(const char *text, char *out, size_t size)
{
	static const char gap[] = "...";
	size_t length = strlen(text), tail = (size - sizeof(gap)) / 2, head = size - sizeof(gap) - tail;

	if (length < size)
		return memcpy(out, text, length + 1);
	memcpy(out, text, head);
	memcpy(out + head, gap, sizeof(gap) - 1);
	memcpy(out + head + sizeof(gap) - 1, text + length - tail, tail + 1);
	return out;
}

int text_format(char *out, size_t size, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int length = vsnprintf(out, size, format, args);
	va_end(args);
	if (length < 0)
		return -EINVAL;
	return (size_t)length < size ? 0 : -ENAMETOOLONG;
}

char *text_printf(const char *format, ...)
{
	char *text;
	va_list args;
	va_start(args, format);
	int length = vasprintf(&text, format, args);
	va_end(args);
	return length < 0 ? NULL : text;
}

int text_duration(const char *text, uint32_t *ret_seconds)
{
	static const struct {
		char unit;
		uint32_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 60 * 60 }, { 'd', 24 * 60 * 60 } };
	size_t length = strlen(text);
	uint32_t factor = 1;

	for (size_t i = 0; length > 0 && i < sizeof(units) / sizeof(units[0]); i++) {
		if (text[length - 1] == units[i].unit) {
			factor = units[i].seconds;
			length--;
			break;
		}
	}

	uint64_t value;
	int r = text_u64(text, length, SECONDS_OF_A_YEAR / factor, &value);
	if (r < 0)
		return r;
	if (value == 0)
		return -ERANGE;
	*ret_seconds = (uint32_t)value * factor;
	return 0;
}

int strv_take(struct strv *strv, char *item)
{
	if (!item)
		return -ENOMEM;
	char **items = reallocarray(strv->items, strv->count + 2, sizeof(*items));
	if (!items) {
		free(item);
		return -ENOMEM;
	}
	strv->items = items;
	items[strv->count++] = item;
	items[strv->count] = NULL;
	return 0;
}

int strv_add(struct strv *strv, const char *item)
{
	return strv_take(strv, strdup(item));
}

int strv_env_take(struct strv *strv, char *assignment)
{
	if (!assignment)
		return -ENOMEM;
	const char *equals = strchr(assignment, '=');
	if (!equals || equals == assignment) {
		free(assignment);
		return -EINVAL;
	}

	size_t prefix = (size_t)(equals - assignment) + 1;
	for (size_t i = 0; i < strv->count; i++) {
		if (strncmp(strv->items[i], assignment, prefix) == 0) {
			free(strv->items[i]);
			strv->items[i] = assignment;
			return 0;
		}
	}
	return strv_take(strv, assignment);
}

const char *strv_env_get(const struct strv *strv, const char *name)
{
	size_t length = strlen(name);
	for (size_t i = 0; i < strv->count; i++)
		if (strncmp(strv->items[i], name, length) == 0 && strv->items[i][length] == '=')
			return strv->items[i] + length + 1;
	return NULL;
}

void strv_done(struct strv *strv)
{
	int saved = errno;
	for (size_t i = 0; i < strv->count; i++)
		free(strv->items[i]);
	free(strv->items);
	errno = saved;
	*strv = (struct strv) { 0 };
}
