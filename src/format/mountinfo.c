/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the reading of a line of /proc/PID/mountinfo:
 *   ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS [OPTIONAL...] - TYPE SOURCE SUPEROPTIONS
 * Fields are split at single spaces: an empty source leaves two in a row.
 */
#include "dbgattach/format/mountinfo.h"

#include "dbgattach/base/text.h"

#include <errno.h>
#include <string.h>

static int malformed(const char *field, struct err *err)
{
	return err_set(err, ERR_MALFORMED, "mountinfo: the %s cannot be read", field);
}

/* Cuts the next field off; NULL when no space follows it. */
static char *take(char **rest)
{
	char *field = *rest;
	char *space = strchr(field, ' ');
	if (!space)
		return NULL;
	*space = '\0';
	*rest = space + 1;
	return field;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* \040 and its like become the byte; another backslash stays. \000 would end the string early: refused. */
static int unescape(char *text)
{
	char *out = text;
	for (const char *in = text; *in;) {
		if (in[0] == '\\' && in[1] >= '0' && in[1] <= '3' && is_octal(in[2]) && is_octal(in[3])) {
			int byte = (in[1] - '0') << 6 | (in[2] - '0') << 3 | (in[3] - '0');
			if (byte == 0)
				return -EINVAL;
			*out++ = (char)byte;
			in += 4;
		} else {
			*out++ = *in++;
		}
	}
	*out = '\0';
	return 0;
}

static bool parse_number(const char *text, uint64_t max, uint64_t *ret)
{
	return text && text_u64(text, strlen(text), max, ret) == 0;
}

static int parse_device(char *text, struct mountinfo *out, struct err *err)
{
	char *colon = text ? strchr(text, ':') : NULL;
	uint64_t major, minor;

	if (!colon)
		return malformed("device", err);
	*colon = '\0';
	if (!parse_number(text, UINT32_MAX, &major) || !parse_number(colon + 1, UINT32_MAX, &minor))
		return malformed("device", err);
	out->major = (uint32_t)major;
	out->minor = (uint32_t)minor;
	return 0;
}

static int parse_paths(char **rest, struct mountinfo *out, struct err *err)
{
	char *root = take(rest);
	char *mount_point = root ? take(rest) : NULL;

	if (!root || root[0] == '\0' || unescape(root) < 0)
		return malformed("root", err);
	if (!mount_point || mount_point[0] != '/' || unescape(mount_point) < 0)
		return malformed("mount point", err);
	out->root = root;
	out->mount_point = mount_point;
	out->options = take(rest);
	return out->options && out->options[0] ? 0 : malformed("options", err);
}

int mountinfo_parse_line(char *line, struct mountinfo *ret, struct err *err)
{
	struct mountinfo out = { 0 };
	char *rest = line;
	char *type, *source;

	if (strnlen(line, MOUNTINFO_LINE_MAX) == MOUNTINFO_LINE_MAX)
		return malformed("line", err);
	if (!parse_number(take(&rest), UINT64_MAX, &out.id) || !parse_number(take(&rest), UINT64_MAX, &out.parent))
		return malformed("id", err);
	int r = parse_device(take(&rest), &out, err);
	if (r < 0)
		return r;
	r = parse_paths(&rest, &out, err);
	if (r < 0)
		return r;

	for (const char *optional = ""; strcmp(optional, "-") != 0;) {
		optional = take(&rest);
		if (!optional)
			return malformed("separator", err);
	}
	type = take(&rest);
	source = type ? take(&rest) : NULL;
	if (!type || type[0] == '\0' || unescape(type) < 0)
		return malformed("type", err);
	if (!source || unescape(source) < 0)
		return malformed("source", err);
	out.type = type;
	out.source = source;
	out.super_options = rest;
	*ret = out;
	return 0;
}

/* How long one option is: to the next comma that stands in no quotes. */
static size_t option_length(const char *option)
{
	bool quoted = false;
	size_t length = 0;

	for (; option[length] != '\0' && (quoted || option[length] != ','); length++)
		quoted ^= option[length] == '"';
	return length;
}

bool mountinfo_option(const char *options, const char *name, char *out, size_t size)
{
	size_t wanted = strlen(name);

	while (*options != '\0') {
		size_t length = option_length(options);

		if (length > wanted && strncmp(options, name, wanted) == 0 && options[wanted] == '=') {
			const char *value = options + wanted + 1;
			size_t rest = length - wanted - 1;
			bool quoted = rest >= 2 && value[0] == '"' && value[rest - 1] == '"';

			return text_format(out, size, "%.*s", (int)(quoted ? rest - 2 : rest), value + quoted) == 0;
		}
		options += length + (options[length] == ',');
	}
	return false;
}
