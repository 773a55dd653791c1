/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the scanning of JSON (RFC 8259) without a tree. Everything is checked, what is skipped included; nothing
 * is kept.
 */
#include "src/format/json_scan.h"

#include "dbgattach/base/text.h"

#include <string.h>

static void fail(struct json_scan *scan)
{
	scan->failed = true;
}

static void skip_space(struct json_scan *scan)
{
	while (scan->at < scan->end &&
	       (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\t' || *scan->at == '\r'))
		scan->at++;
}

/* Takes c, after space, if it is what comes next. */
static bool take(struct json_scan *scan, char c)
{
	skip_space(scan);
	if (scan->failed || scan->at == scan->end || *scan->at != c)
		return false;
	scan->at++;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex_digit(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

void json_scan_init(struct json_scan *scan, const char *bytes, size_t length)
{
	*scan = (struct json_scan) { .at = bytes, .end = bytes + length, .bytes = bytes };
}

static bool take_escape(struct json_scan *scan)
{
	size_t rest = (size_t)(scan->end - scan->at);

	if (rest < 2 || scan->at[1] == '\0' || !strchr("\"\\/bfnrtu", scan->at[1]))
		return false;
	if (scan->at[1] != 'u') {
		scan->at += 2;
		return true;
	}
	if (rest < 6)
		return false;
	for (size_t i = 2; i < 6; i++)
		if (!is_hex_digit(scan->at[i]))
			return false;
	scan->at += 6;
	return true;
}

void json_scan_string(struct json_scan *scan, struct json_scan_string *ret)
{
	bool escaped = false;

	if (!take(scan, '"')) {
		fail(scan);
		return;
	}
	const char *start = scan->at;
	while (scan->at < scan->end && *scan->at != '"') {
		if (*scan->at == '\\') {
			escaped = true;
			if (!take_escape(scan))
				break;
		} else if ((unsigned char)*scan->at < 0x20) {
			break;
		} else {
			scan->at++;
		}
	}
	if (scan->at == scan->end || *scan->at != '"') {
		fail(scan);
		return;
	}
	*ret = (struct json_scan_string) { start, (size_t)(scan->at - start), escaped };
	scan->at++;
}

static bool open_one(struct json_scan *scan, char bracket)
{
	if (!take(scan, bracket) || scan->depth == JSON_SCAN_DEPTH_MAX) {
		fail(scan);
		return false;
	}
	scan->depth++;
	return true;
}

/* What object and array have in common: the bracket, the comma and the end. */
static bool next_of(struct json_scan *scan, bool *first, char open, char close)
{
	bool was_first = *first;

	*first = false;
	if (scan->failed || (was_first && !open_one(scan, open)))
		return false;
	if (take(scan, close)) {
		scan->depth--;
		return false;
	}
	if (!was_first && !take(scan, ',')) {
		fail(scan);
		return false;
	}
	return true;
}

bool json_scan_object_next(struct json_scan *scan, bool *first, struct json_scan_string *ret_key)
{
	if (!next_of(scan, first, '{', '}'))
		return false;
	json_scan_string(scan, ret_key);
	if (!take(scan, ':'))
		fail(scan);
	return !scan->failed;
}

bool json_scan_array_next(struct json_scan *scan, bool *first)
{
	return next_of(scan, first, '[', ']');
}

char json_scan_peek(struct json_scan *scan)
{
	skip_space(scan);
	return scan->failed || scan->at == scan->end ? '\0' : *scan->at;
}

static size_t take_digits(struct json_scan *scan)
{
	const char *start = scan->at;
	while (scan->at < scan->end && is_digit(*scan->at))
		scan->at++;
	return (size_t)(scan->at - start);
}

static void skip_number(struct json_scan *scan)
{
	if (*scan->at == '-')
		scan->at++;
	const char *start = scan->at;
	size_t digits = take_digits(scan);
	if (digits == 0 || (digits > 1 && *start == '0'))
		fail(scan);
	if (scan->at < scan->end && *scan->at == '.') {
		scan->at++;
		if (take_digits(scan) == 0)
			fail(scan);
	}
	if (scan->at < scan->end && (*scan->at == 'e' || *scan->at == 'E')) {
		scan->at++;
		if (scan->at < scan->end && (*scan->at == '+' || *scan->at == '-'))
			scan->at++;
		if (take_digits(scan) == 0)
			fail(scan);
	}
}

void json_scan_u64(struct json_scan *scan, uint64_t max, uint64_t *ret)
{
	if (!is_digit(json_scan_peek(scan))) {
		fail(scan);
		return;
	}
	const char *start = scan->at;
	skip_number(scan);
	/* "1.0" and "1e3" are numbers, and refused by this. */
	if (!scan->failed && text_u64(start, (size_t)(scan->at - start), max, ret) < 0)
		fail(scan);
}

static void skip_word(struct json_scan *scan, const char *word)
{
	size_t length = strlen(word);
	if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, word, length) != 0)
		fail(scan);
	else
		scan->at += length;
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than JSON_SCAN_DEPTH_MAX, which open_one() keeps. */
void json_scan_skip(struct json_scan *scan)
{
	struct json_scan_string ignored;
	bool first = true;

	switch (json_scan_peek(scan)) {
	case '{':
		while (json_scan_object_next(scan, &first, &ignored))
			json_scan_skip(scan);
		break;
	case '[':
		while (json_scan_array_next(scan, &first))
			json_scan_skip(scan);
		break;
	case '"':
		json_scan_string(scan, &ignored);
		break;
	case 't':
		skip_word(scan, "true");
		break;
	case 'f':
		skip_word(scan, "false");
		break;
	case 'n':
		skip_word(scan, "null");
		break;
	case '-':
	case '0' ... '9':
		skip_number(scan);
		break;
	default:
		fail(scan);
	}
}

void json_scan_finish(struct json_scan *scan)
{
	skip_space(scan);
	if (scan->at != scan->end)
		fail(scan);
}
