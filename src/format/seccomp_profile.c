/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the reading of seccomp profiles as a whole. */
#include "dbgattach/format/seccomp_profile.h"

#include "dbgattach/base/cleanup.h"
#include "src/format/seccomp_rule.h"

#include <errno.h>
#include <string.h>

#define SECCOMP_RULES_MAX 1024

enum seccomp_mode seccomp_mode_of_word(const char *word)
{
	static const struct {
		const char *word;
		enum seccomp_mode mode;
	} words[] = {
		{ "default", SECCOMP_DEFAULT },
		{ "target", SECCOMP_TARGET },
		{ "unconfined", SECCOMP_UNCONFINED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].mode;
	return SECCOMP_FILE;
}

struct read_profile {
	struct seccomp_profile profile;
	struct seccomp_read_verdict otherwise;
};

static int read_rules(struct json_reader *reader, void *base)
{
	struct seccomp_profile *profile = &((struct read_profile *)base)->profile;
	bool first = true;

	while (json_scan_array_next(&reader->scan, &first)) {
		if (profile->rules_count == SECCOMP_RULES_MAX)
			return json_reader_malformed(reader, "too many rules", NULL, 0);
		struct seccomp_profile_rule *more =
			reallocarray(profile->rules, profile->rules_count + 1, sizeof(*more));
		if (more == NULL)
			return json_reader_out_of_memory(reader);
		profile->rules = more;
		int result = seccomp_read_rule(reader, &more[profile->rules_count]);
		if (result < 0)
			return result;
		profile->rules_count++;
	}
	return json_reader_check(reader);
}

static int read_default_action(struct json_reader *reader, void *base)
{
	return seccomp_read_action(reader, &((struct read_profile *)base)->otherwise);
}

static int read_default_number(struct json_reader *reader, void *base)
{
	return seccomp_read_number(reader, &((struct read_profile *)base)->otherwise);
}

static int read_default_errno(struct json_reader *reader, void *base)
{
	return seccomp_read_errno(reader, &((struct read_profile *)base)->otherwise);
}

static int read_architectures(struct json_reader *reader, void *base)
{
	return json_reader_words(reader, SECCOMP_LIST_MAX, &((struct read_profile *)base)->profile.architectures);
}

static int read_map_architecture(struct json_reader *reader, void *base)
{
	struct strv *arches = base;
	char word[JSON_READER_WORD_MAX];

	if (json_reader_word(reader, word) < 0)
		return -EINVAL;
	if (arches[0].count > 0)
		return json_reader_malformed(reader, "a second", "architecture", strlen("architecture"));
	return strv_add(&arches[0], word) < 0 ? json_reader_out_of_memory(reader) : 0;
}

static int read_map_sub(struct json_reader *reader, void *base)
{
	return json_reader_words(reader, SECCOMP_LIST_MAX, (struct strv *)base + 1);
}

static const struct json_reader_field map_fields[] = {
	{ "architecture", read_map_architecture },
	{ "subArchitectures", read_map_sub },
	{ 0 },
};

static int read_map_entry(struct json_reader *reader, struct strv *ret)
{
	struct strv in[2] = { { 0 } }; /* the architecture, its sub-architectures */
	int result = json_reader_object(reader, map_fields, in);

	if (result == 0 && in[0].count == 0)
		result = json_reader_malformed(reader, "an entry of archMap without architecture", NULL, 0);
	for (size_t i = 0; result == 0 && i < in[1].count; i++)
		result = strv_add(&in[0], in[1].items[i]) < 0 ? json_reader_out_of_memory(reader) : 0;
	strv_done(&in[1]);
	if (result < 0)
		strv_done(&in[0]);
	else
		*ret = in[0];
	return result;
}

static int read_arch_map(struct json_reader *reader, void *base)
{
	struct seccomp_profile *profile = &((struct read_profile *)base)->profile;
	bool first = true;

	while (json_scan_array_next(&reader->scan, &first)) {
		if (profile->arch_map_count == SECCOMP_LIST_MAX)
			return json_reader_malformed(reader, "too long a list", NULL, 0);
		struct strv *more = reallocarray(profile->arch_map, profile->arch_map_count + 1, sizeof(*more));
		if (more == NULL)
			return json_reader_out_of_memory(reader);
		profile->arch_map = more;
		int result = read_map_entry(reader, &more[profile->arch_map_count]);
		if (result < 0)
			return result;
		profile->arch_map_count++;
	}
	return json_reader_check(reader);
}

static const struct {
	const char *name;
	unsigned flag;
} flags[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", 0 }, /* there is one thread only */
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_PROFILE_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_PROFILE_SPEC_ALLOW },
};

static int read_flags(struct json_reader *reader, void *base)
{
	__attribute__((cleanup(strv_done))) struct strv words = { 0 };
	int result = json_reader_words(reader, SECCOMP_LIST_MAX, &words);

	for (size_t i = 0; result == 0 && i < words.count; i++) {
		size_t known = 0;
		while (known < ARRAY_SIZE(flags) && strcmp(flags[known].name, words.items[i]) != 0)
			known++;
		if (known == ARRAY_SIZE(flags))
			return json_reader_malformed(reader, "a flag that cannot be had:", words.items[i],
						     strlen(words.items[i]));
		((struct read_profile *)base)->profile.flags |= flags[known].flag;
	}
	return result;
}

static int refuse_listener(struct json_reader *reader, void *base)
{
	char word[JSON_READER_WORD_MAX];

	(void)base;
	if (json_reader_word(reader, word) < 0)
		return -EINVAL;
	return word[0] == '\0' ? 0 : seccomp_refuse_supervised(reader, "a listener (listenerPath, listenerMetadata)");
}

static const struct json_reader_field profile_fields[] = {
	{ "defaultAction", read_default_action },
	{ "defaultErrnoRet", read_default_number },
	{ "defaultErrno", read_default_errno },
	{ "architectures", read_architectures },
	{ "archMap", read_arch_map },
	{ "flags", read_flags },
	{ "listenerPath", refuse_listener },
	{ "listenerMetadata", refuse_listener },
	{ "syscalls", read_rules },
	{ "comment", json_reader_skip },
	{ 0 },
};

void seccomp_profile_done(struct seccomp_profile *profile)
{
	for (size_t i = 0; i < profile->rules_count; i++)
		seccomp_rule_done(&profile->rules[i]);
	for (size_t i = 0; i < profile->arch_map_count; i++)
		strv_done(&profile->arch_map[i]);
	free(profile->rules);
	free(profile->arch_map);
	strv_done(&profile->architectures);
	*profile = (struct seccomp_profile) { 0 };
}

static int read_profile(struct json_reader *reader, struct seccomp_profile *ret)
{
	struct read_profile in = { 0 };
	int result = json_reader_object(reader, profile_fields, &in);

	if (result == 0)
		result = seccomp_make_verdict(reader, &in.otherwise, "defaultAction", &in.profile.otherwise);
	if (result == 0 && in.profile.architectures.count > 0 && in.profile.arch_map_count > 0)
		result = json_reader_malformed(reader, "both architectures and archMap", NULL, 0);
	if (result < 0)
		seccomp_profile_done(&in.profile);
	else
		*ret = in.profile;
	return result;
}

int seccomp_profile_parse(const char *bytes, size_t length, struct seccomp_profile *ret, struct err *err)
{
	struct json_reader reader = { .err = err };
	struct seccomp_profile profile = { 0 };

	json_scan_init(&reader.scan, bytes, length);
	int result = read_profile(&reader, &profile);
	if (result < 0)
		return result;
	json_scan_finish(&reader.scan);
	result = json_reader_check(&reader);
	if (result < 0)
		seccomp_profile_done(&profile);
	else
		*ret = profile;
	return result;
}

/* ---- in a bundle's config.json: others' file, of which the rest is skipped ------------------------------------------- */

/* Goes to the value of the object's member name: true when it is there, and reader stands before it. */
static bool enter(struct json_reader *reader, const char *name)
{
	struct json_scan_string key = { 0 };
	bool first = true;

	if (json_scan_peek(&reader->scan) == 'n') {
		json_scan_skip(&reader->scan);
		return false;
	}
	while (json_scan_object_next(&reader->scan, &first, &key)) {
		if (key.length == strlen(name) && memcmp(key.text, name, key.length) == 0)
			return true;
		json_scan_skip(&reader->scan);
	}
	return false;
}

int seccomp_profile_parse_config(const char *bytes, size_t length, struct seccomp_profile *ret, bool *ret_stated,
				 struct err *err)
{
	struct json_reader reader = { .err = err };
	bool stated = false;

	json_scan_init(&reader.scan, bytes, length);
	if (enter(&reader, "linux") && enter(&reader, "seccomp") && json_scan_peek(&reader.scan) != 'n')
		stated = !reader.scan.failed;
	int result = json_reader_check(&reader);
	if (result == 0 && stated)
		result = read_profile(&reader, ret);
	if (result < 0)
		return err_wrap(err, "linux.seccomp");
	*ret_stated = stated;
	return 0;
}
