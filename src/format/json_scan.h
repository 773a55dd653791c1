/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a few members of a large JSON text without building its tree: a strict pull parser that allocates nothing. For
 * files where jansson's time would be a good part of what an attach may take; all others use base/json.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_SCAN_DEPTH_MAX 64

struct json_scan {
	const char *at, *end;
	const char *bytes; /* at - bytes: the offset of an error */
	unsigned depth;
	bool failed;
};

/* A string as it stands between its quotes: valid, with its escapes not yet undone. */
struct json_scan_string {
	const char *text;
	size_t length;
	bool escaped;
};

void json_scan_init(struct json_scan *scan, const char *bytes, size_t length);

/*
 * Walks an object: false at its end, or when the text is not JSON (failed is set). Each value has to be read by one of
 * the functions below before the next call. first: true before the first call.
 */
bool json_scan_object_next(struct json_scan *scan, bool *first, struct json_scan_string *ret_key);
/* The same for an array. */
bool json_scan_array_next(struct json_scan *scan, bool *first);

void json_scan_string(struct json_scan *scan, struct json_scan_string *ret);
/* A whole number that is not negative. */
void json_scan_u64(struct json_scan *scan, uint64_t max, uint64_t *ret);
void json_scan_skip(struct json_scan *scan);
/* What the next value begins with: '{', '[', '"', 't', '0', ...; 0 at the end. */
char json_scan_peek(struct json_scan *scan);
/* Nothing but space may follow. */
void json_scan_finish(struct json_scan *scan);
