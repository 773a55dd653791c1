/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the walk over objects, and the words for what is wrong in them. Knows no file format. */
#include "src/format/json_reader.h"

#include <errno.h>
#include <string.h>

static size_t line_of(const struct json_reader *reader)
{
	size_t line = 1;

	for (const char *at = reader->scan.bytes; at < reader->scan.at; at++)
		line += *at == '\n';
	return line;
}

int json_reader_malformed(struct json_reader *reader, const char *what, const char *word, size_t length)
{
	char text[JSON_READER_WORD_MAX];

	return err_set(reader->err, ERR_MALFORMED, "line %zu: %s%s%s%s", line_of(reader), what,
		       word == NULL ? "" : " \"", word == NULL ? "" : text_escape(word, length, text, sizeof(text)),
		       word == NULL ? "" : "\"");
}

int json_reader_unsupported(struct json_reader *reader, const char *what, const char *why)
{
	return err_set(reader->err, ERR_UNSUPPORTED, "line %zu: %s is not supported: %s", line_of(reader), what, why);
}

int json_reader_check(struct json_reader *reader)
{
	return reader->scan.failed ?
		       json_reader_malformed(reader, "is not JSON, or another type than belongs there", NULL, 0) :
		       0;
}

int json_reader_out_of_memory(struct json_reader *reader)
{
	return err_sys(reader->err, ENOMEM, "reading JSON");
}

int json_reader_word(struct json_reader *reader, char *out)
{
	struct json_scan_string string = { 0 };

	json_scan_string(&reader->scan, &string);
	if (json_reader_check(reader) < 0)
		return -EINVAL;
	/* No word that means something needs an escape; one that has some would pass by comparisons. */
	if (string.escaped || string.length >= JSON_READER_WORD_MAX)
		return json_reader_malformed(reader, "too long, or with escapes:", string.text, string.length);
	memcpy(out, string.text, string.length);
	out[string.length] = '\0';
	return 0;
}

int json_reader_number(struct json_reader *reader, uint64_t max, uint64_t *ret)
{
	json_scan_u64(&reader->scan, max, ret);
	return json_reader_check(reader);
}

int json_reader_words(struct json_reader *reader, size_t max, struct strv *ret)
{
	bool first = true;
	char word[JSON_READER_WORD_MAX];

	while (json_scan_array_next(&reader->scan, &first)) {
		if (ret->count == max)
			return json_reader_malformed(reader, "too long a list", NULL, 0);
		if (json_reader_word(reader, word) < 0)
			return -EINVAL;
		if (word[0] == '\0')
			return json_reader_malformed(reader, "an empty name", NULL, 0);
		if (strv_add(ret, word) < 0)
			return json_reader_out_of_memory(reader);
	}
	return json_reader_check(reader);
}

int json_reader_skip(struct json_reader *reader, void *base)
{
	(void)base;
	json_scan_skip(&reader->scan);
	return json_reader_check(reader);
}

static const struct json_reader_field *find_field(const struct json_reader_field *fields, struct json_scan_string key)
{
	for (; fields->name != NULL; fields++)
		if (key.length == strlen(fields->name) && memcmp(key.text, fields->name, key.length) == 0)
			return fields;
	return NULL;
}

/* null is as good as absent: Go writes it for an empty list. */
int json_reader_object(struct json_reader *reader, const struct json_reader_field *fields, void *base)
{
	struct json_scan_string key = { 0 };
	bool first = true;
	uint64_t seen = 0;

	while (json_scan_object_next(&reader->scan, &first, &key)) {
		const struct json_reader_field *field = find_field(fields, key);
		if (field == NULL)
			return json_reader_malformed(reader, "unknown field", key.text, key.length);
		uint64_t bit = UINT64_C(1) << (field - fields);
		if ((seen & bit) != 0)
			return json_reader_malformed(reader, "a second", key.text, key.length);
		seen |= bit;
		int result = json_scan_peek(&reader->scan) == 'n' ? json_reader_skip(reader, NULL) :
								    field->read(reader, base);
		if (result < 0)
			return result;
	}
	return json_reader_check(reader);
}
