/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the reading of a target's passwd file and of "UID[:GID]|NAME". Never asks NSS, which would load the host's
 * idea of users.
 */
#include "dbgattach/format/passwd.h"

#include "dbgattach/base/text.h"
#include "src/format/line.h"

#include <errno.h>

#define PASSWD_FIELDS 7
#define ID_MAX (UINT32_MAX - 1) /* (uid_t)-1 means "no change" to the kernel: never an id */

static bool is_digits(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return length > 0;
}

/* A number is never a name, wherever it stands. */
static bool is_name(const char *name, size_t length, size_t max)
{
	if (length == 0 || length >= max || name[0] == '-' || is_digits(name, length))
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = name[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!plain && !(c != '\0' && strchr("_.-@", c)) && !(c == '$' && i > 0 && i == length - 1))
			return false;
	}
	return true;
}

static bool parse_id(const char *text, size_t length, uint32_t *ret)
{
	uint64_t value;
	if (text_u64(text, length, ID_MAX, &value) < 0)
		return false;
	*ret = (uint32_t)value;
	return true;
}

int user_spec_parse(const char *text, struct user_spec *ret, struct err *err)
{
	struct user_spec out = { .uid = (uid_t)-1, .gid = (gid_t)-1 };
	size_t first = strcspn(text, ":");

	if (is_digits(text, first)) {
		const char *gid = text[first] == ':' ? text + first + 1 : NULL;
		if (parse_id(text, first, &out.uid) && (!gid || parse_id(gid, strlen(gid), &out.gid))) {
			*ret = out;
			return 0;
		}
	} else if (text[first] == '\0' && is_name(text, first, sizeof(out.name))) {
		memcpy(out.name, text, first);
		*ret = out;
		return 0;
	}

	char shown[64];
	return err_set(err, ERR_USAGE, "user \"%s\": expected UID, UID:GID or NAME",
		       text_escape(text, strlen(text), shown, sizeof(shown)));
}

/* NAME:PASSWORD:UID:GID:GECOS:HOME:SHELL and nothing else. */
static bool split_line(struct slice line, struct slice fields[PASSWD_FIELDS], uid_t *ret_uid, gid_t *ret_gid)
{
	if (line.length == 0 || memchr(line.text, '\0', line.length))
		return false;
	for (size_t i = 0; i < PASSWD_FIELDS - 1; i++)
		if (!field_next(&line, ':', &fields[i]))
			return false;
	if (line.length > 0 && memchr(line.text, ':', line.length))
		return false;
	return parse_id(fields[2].text, fields[2].length, ret_uid) &&
	       parse_id(fields[3].text, fields[3].length, ret_gid);
}

static bool parse_line(struct slice line, const char *name, uid_t *ret_uid, gid_t *ret_gid)
{
	struct slice fields[PASSWD_FIELDS] = { 0 };
	uid_t uid;
	gid_t gid;

	if (!split_line(line, fields, &uid, &gid) || !slice_is(fields[0], name))
		return false;
	*ret_uid = uid;
	*ret_gid = gid;
	return true;
}

int passwd_find(const char *bytes, size_t length, const char *name, uid_t *ret_uid, gid_t *ret_gid, struct err *err)
{
	struct lines lines = { .bytes = bytes, .length = length };
	struct slice line;
	uid_t uid;
	gid_t gid;

	if (length > PASSWD_FILE_MAX)
		return err_set(err, ERR_MALFORMED, "the passwd file is larger than %u bytes", PASSWD_FILE_MAX);
	if (is_name(name, strlen(name), sizeof(((struct user_spec *)NULL)->name))) {
		while (line_next(&lines, &line)) {
			if (!parse_line(line, name, &uid, &gid))
				continue;
			*ret_uid = uid;
			*ret_gid = gid;
			return 0;
		}
	}

	char shown[64];
	return err_set(err, ERR_NOT_FOUND, "no user \"%s\" in the target's passwd file",
		       text_escape(name, strlen(name), shown, sizeof(shown)));
}

int passwd_find_user(const char *bytes, size_t length, const char *user, struct passwd_user *ret, struct err *err)
{
	struct lines lines = { .bytes = bytes, .length = length };
	struct slice line;
	uid_t wanted = (uid_t)-1;
	char shown[64];

	bool by_id = is_digits(user, strlen(user)) && parse_id(user, strlen(user), &wanted);
	while (length <= PASSWD_FILE_MAX && line_next(&lines, &line)) {
		struct slice fields[PASSWD_FIELDS] = { 0 };
		struct passwd_user out = { 0 };
		gid_t gid;

		if (!split_line(line, fields, &out.uid, &gid) ||
		    (by_id ? out.uid != wanted : !slice_is(fields[0], user)))
			continue;
		if (fields[5].length == 0 || fields[5].length >= sizeof(out.home) || fields[5].text[0] != '/')
			continue;
		memcpy(out.home, fields[5].text, fields[5].length);
		*ret = out;
		return 0;
	}
	return err_set(err, ERR_NOT_FOUND, "no user \"%s\" with a home in /etc/passwd",
		       text_escape(user, strlen(user), shown, sizeof(shown)));
}
