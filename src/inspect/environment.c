/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The environment as the runtime's config states it. Not /proc/PID/environ: that is the process's own memory, which a page
 * of a hung filesystem may stand behind.
 */
#include "inspect.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/text.h"

#include <string.h>
#include <strings.h>

/* Parts of names, in any case. Rather one too many: --show-secrets shows them all. */
static const char *const secret_words[] = {
	"pass", "pwd",    "secret", "token",   "key",       "cred",    "auth", "private", "dsn",
	"cert", "cookie", "salt",   "session", "signature", "connect", "jwt",  "oauth",   "webhook",
};

static bool has_word(const char *name, const char *word)
{
	size_t length = strlen(word);

	for (; *name != '\0'; name++)
		if (strncasecmp(name, word, length) == 0)
			return true;
	return false;
}

/* "postgres://user:word@host/db", "//user:word@host" */
static bool has_password(const char *value)
{
	const char *begin = strstr(value, "://");

	if (begin == NULL)
		return false;
	begin += strlen("://");
	size_t authority = strcspn(begin, "/ ?#");
	const char *at = memchr(begin, '@', authority);
	return at != NULL && memchr(begin, ':', (size_t)(at - begin)) != NULL;
}

bool inspect_is_secret(const char *name, const char *value)
{
	if (strcmp(name, "PWD") == 0 || strcmp(name, "OLDPWD") == 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(secret_words); i++)
		if (has_word(name, secret_words[i]))
			return true;
	return has_password(value);
}

json_t *inspect_environment(const struct inspection *inspection, struct err *err)
{
	const struct strv *env = &inspection->target.env;
	json_t *list = json_array();

	if (!inspection->target.has_config) {
		json_decref(list);
		return json_null();
	}
	for (size_t i = 0; i < env->count; i++) {
		const char *text = env->items[i];
		size_t length = strcspn(text, "=");
		cleanup_free char *name = strndup(text, length);
		const char *value = text[length] == '=' ? text + length + 1 : NULL;

		if (name == NULL)
			continue;
		bool masked = !inspection->show_secrets && value != NULL && inspect_is_secret(name, value);
		(void)json_array_append_new(list, json_pack("{s:o, s:o, s:b}", "name", json_text(name), "value",
							    json_text(masked ? NULL : value), "masked", masked));
	}
	return inspect_made(list, err);
}
