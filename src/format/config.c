/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the reading of the system's configuration. Opens nothing, and knows no profile and no toolbox by name. */
#include "dbgattach/format/config.h"

#include "src/format/json_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PROFILES_MAX 64

static const char *const allow_names[] = {
	[CONFIG_CAP_ADD] = "cap-add",   [CONFIG_CUSTOM] = "custom", [CONFIG_HOST_NET] = "host-net",
	[CONFIG_HOST_PID] = "host-pid", [CONFIG_LSM] = "lsm",       [CONFIG_NS] = "ns",
	[CONFIG_SECCOMP] = "seccomp",   [CONFIG_USER] = "user",     [CONFIG_WRITE] = "write",
};

const char *config_allow_name(enum config_allow allow)
{
	return allow_names[allow];
}

static int refuse(struct json_reader *reader, const char *what, const char *word)
{
	return json_reader_malformed(reader, what, word, strlen(word));
}

static int keep(struct json_reader *reader, char **ret)
{
	char word[JSON_READER_WORD_MAX];

	if (json_reader_word(reader, word) < 0)
		return -EINVAL;
	if (word[0] == '\0')
		return refuse(reader, "an empty word", word);
	*ret = strdup(word);
	return *ret == NULL ? json_reader_out_of_memory(reader) : 0;
}

/* ---- defaults ---------------------------------------------------------------------------------------------------- */

#define DEFAULT(member)                                                                                                \
	static int read_##member(struct json_reader *reader, void *base)                                               \
	{                                                                                                              \
		return keep(reader, &((struct config *)base)->member);                                                 \
	}
DEFAULT(profile)
DEFAULT(toolbox)
DEFAULT(toolbox_check)
DEFAULT(shell)

static int duration(struct json_reader *reader, const char *word, uint32_t *ret)
{
	return text_duration(word, ret) < 0 ? refuse(reader, "neither 90s, 10m, 2h, 1d nor the like:", word) : 0;
}

static int read_timeout(struct json_reader *reader, void *base)
{
	struct config *config = base;
	uint32_t seconds;
	int result = keep(reader, &config->timeout);

	return result < 0 ? result : duration(reader, config->timeout, &seconds);
}

static const struct json_reader_field default_fields[] = {
	{ "profile", read_profile }, { "toolbox", read_toolbox }, { "toolbox_check", read_toolbox_check },
	{ "shell", read_shell },     { "timeout", read_timeout }, { 0 },
};

/* ---- policy ------------------------------------------------------------------------------------------------------ */

static int read_profiles(struct json_reader *reader, void *base)
{
	struct config *config = base;

	config->profiles_given = true;
	return json_reader_words(reader, PROFILES_MAX, &config->profiles);
}

static int read_max_timeout(struct json_reader *reader, void *base)
{
	char word[JSON_READER_WORD_MAX];

	if (json_reader_word(reader, word) < 0)
		return -EINVAL;
	return duration(reader, word, &((struct config *)base)->max_timeout_s);
}

static int read_allow(struct json_reader *reader, void *base)
{
	struct config *config = base;
	cleanup_strv struct strv words = { 0 };
	int result = json_reader_words(reader, CONFIG_ALLOW_MAX, &words);

	for (size_t i = 0; result == 0 && i < words.count; i++) {
		unsigned allow = 0;

		while (allow < CONFIG_ALLOW_MAX && strcmp(allow_names[allow], words.items[i]) != 0)
			allow++;
		if (allow == CONFIG_ALLOW_MAX)
			return refuse(reader, "allow: nothing that a policy can allow:", words.items[i]);
		config->allow |= 1U << allow;
	}
	return result;
}

static const struct json_reader_field policy_fields[] = {
	{ "profiles", read_profiles },
	{ "max_timeout", read_max_timeout },
	{ "allow", read_allow },
	{ 0 },
};

/* ---- both -------------------------------------------------------------------------------------------------------- */

static int read_defaults(struct json_reader *reader, void *base)
{
	return json_reader_object(reader, default_fields, base);
}

static int read_policy(struct json_reader *reader, void *base)
{
	((struct config *)base)->policy = true;
	return json_reader_object(reader, policy_fields, base);
}

static const struct json_reader_field fields[] = {
	{ "defaults", read_defaults },
	{ "policy", read_policy },
	{ 0 },
};

void config_done(struct config *config)
{
	free(config->profile);
	free(config->toolbox);
	free(config->toolbox_check);
	free(config->shell);
	free(config->timeout);
	strv_done(&config->profiles);
	*config = (struct config) { 0 };
}

int config_parse(const char *bytes, size_t length, struct config *ret, struct err *err)
{
	struct json_reader reader = { .err = err };
	struct config config = { 0 };

	json_scan_init(&reader.scan, bytes, length);
	int result = json_reader_object(&reader, fields, &config);
	if (result == 0) {
		json_scan_finish(&reader.scan);
		result = json_reader_check(&reader);
	}
	if (result < 0)
		config_done(&config);
	else
		*ret = config;
	return result;
}
