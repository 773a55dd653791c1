/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the reading of a profile of one's own. Opens nothing, and knows no capability by name. */
#include "dbgattach/format/custom_profile.h"

#include "dbgattach/format/seccomp_profile.h"
#include "src/format/json_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LENGTH 32
#define CAPABILITIES_MAX 64

static int refuse(struct json_reader *reader, const char *what, const char *word)
{
	return json_reader_malformed(reader, what, word, strlen(word));
}

static int keep(struct json_reader *reader, const char *word, char **ret)
{
	*ret = strdup(word);
	return *ret == NULL ? json_reader_out_of_memory(reader) : 0;
}

/* One of two words; *ret: it was the second. */
static int choose(struct json_reader *reader, const char *what, const char *first, const char *second, bool *ret)
{
	char word[JSON_READER_WORD_MAX];

	if (json_reader_word(reader, word) < 0)
		return -EINVAL;
	*ret = strcmp(word, second) == 0;
	return *ret || strcmp(word, first) == 0 ? 0 : refuse(reader, what, word);
}

/* It stands in the prompt and, one day, in a record: nothing but plain characters. */
static int read_name(struct json_reader *reader, void *base)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	char word[JSON_READER_WORD_MAX];

	if (json_reader_word(reader, word) < 0)
		return -EINVAL;
	if (word[0] == '\0' || word[0] == '-' || strlen(word) > NAME_MAX_LENGTH || strspn(word, plain) != strlen(word))
		return refuse(reader, "name: not 1 to 32 letters, digits, _ and -:", word);
	return keep(reader, word, &((struct custom_profile *)base)->name);
}

static int read_summary(struct json_reader *reader, void *base)
{
	char word[JSON_READER_WORD_MAX];

	if (json_reader_word(reader, word) < 0)
		return -EINVAL;
	return keep(reader, word, &((struct custom_profile *)base)->summary);
}

static int read_ids(struct json_reader *reader, void *base)
{
	return choose(reader, "ids: neither root nor target:", "root", "target",
		      &((struct custom_profile *)base)->target_ids);
}

static int read_limits(struct json_reader *reader, void *base)
{
	return choose(reader, "limits: neither session nor target:", "session", "target",
		      &((struct custom_profile *)base)->target_limits);
}

static int read_capabilities(struct json_reader *reader, void *base)
{
	struct custom_profile *profile = base;

	if (json_scan_peek(&reader->scan) == '[')
		return json_reader_words(reader, CAPABILITIES_MAX, &profile->capabilities);
	int result = choose(reader, "capabilities: neither a list, nor all, nor target:", "all", "target",
			    &profile->target_capabilities);
	profile->all_capabilities = !profile->target_capabilities;
	return result;
}

static int read_seccomp(struct json_reader *reader, void *base)
{
	char word[JSON_READER_WORD_MAX];

	if (json_reader_word(reader, word) < 0)
		return -EINVAL;
	/* A relative path would depend on where the caller stands. */
	if (seccomp_mode_of_word(word) == SECCOMP_FILE && word[0] != '/')
		return refuse(reader, "seccomp: neither default, target, unconfined nor an absolute path:", word);
	return keep(reader, word, &((struct custom_profile *)base)->seccomp);
}

static int read_bool(struct json_reader *reader, bool *ret)
{
	char first = json_scan_peek(&reader->scan);

	if (first != 't' && first != 'f')
		return json_reader_malformed(reader, "neither true nor false", NULL, 0);
	*ret = first == 't';
	return json_reader_skip(reader, NULL);
}

static int read_unmasked(struct json_reader *reader, void *base)
{
	return read_bool(reader, &((struct custom_profile *)base)->unmasked_proc);
}

static int read_devices(struct json_reader *reader, void *base)
{
	return read_bool(reader, &((struct custom_profile *)base)->all_devices);
}

static const struct json_reader_field fields[] = {
	{ "name", read_name },
	{ "summary", read_summary },
	{ "ids", read_ids },
	{ "capabilities", read_capabilities },
	{ "seccomp", read_seccomp },
	{ "limits", read_limits },
	{ "unmasked_proc", read_unmasked },
	{ "all_devices", read_devices },
	{ 0 },
};

void custom_profile_done(struct custom_profile *profile)
{
	free(profile->name);
	free(profile->summary);
	free(profile->seccomp);
	strv_done(&profile->capabilities);
	*profile = (struct custom_profile) { 0 };
}

int custom_profile_parse(const char *bytes, size_t length, struct custom_profile *ret, struct err *err)
{
	struct json_reader reader = { .err = err };
	struct custom_profile profile = { 0 };

	json_scan_init(&reader.scan, bytes, length);
	int result = json_reader_object(&reader, fields, &profile);
	if (result == 0) {
		json_scan_finish(&reader.scan);
		result = json_reader_check(&reader);
	}
	if (result == 0 && profile.name == NULL)
		result = refuse(&reader, "there is no", "name");
	if (result < 0)
		custom_profile_done(&profile);
	else
		*ret = profile;
	return result;
}
