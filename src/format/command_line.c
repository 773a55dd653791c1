/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the reading of /proc/PID/cmdline. Opens nothing, and believes nobody. */
#include "dbgattach/format/command_line.h"

#include "dbgattach/base/cleanup.h"
#include "src/format/line.h"

/* The next argument; the last one needs no NUL. */
static bool argument_next(struct slice *rest, struct slice *ret)
{
	if (rest->length == 0)
		return false;
	if (field_next(rest, '\0', ret))
		return true;
	*ret = *rest;
	rest->length = 0;
	return true;
}

static bool slice_starts(struct slice slice, const char *text)
{
	size_t length = strlen(text);
	return slice.length >= length && memcmp(slice.text, text, length) == 0;
}

static bool copy(struct slice slice, char *out, size_t size)
{
	if (slice.length == 0 || slice.length >= size || memchr(slice.text, '\0', slice.length))
		return false;
	memcpy(out, slice.text, slice.length);
	out[slice.length] = '\0';
	return true;
}

/* What stands behind the last separator, trailing ones left out. */
static struct slice last_part(struct slice slice, char separator)
{
	while (slice.length > 0 && slice.text[slice.length - 1] == separator)
		slice.length--;
	const char *at = slice.length > 0 ? memrchr(slice.text, separator, slice.length) : NULL;
	if (at == NULL)
		return slice;
	size_t skipped = (size_t)(at + 1 - slice.text);
	return (struct slice) { slice.text + skipped, slice.length - skipped };
}

bool command_line_lxc_name(const char *bytes, size_t length, char ret_name[COMMAND_NAME_MAX])
{
	struct slice rest = { bytes, length }, title;

	if (!argument_next(&rest, &title) || !slice_starts(title, "[lxc monitor] /"))
		return false;
	/* The path may hold spaces, the name none. */
	return copy(last_part(title, ' '), ret_name, COMMAND_NAME_MAX);
}

/* Those of systemd-nspawn 254 whose value may stand in the next argument. */
static const char nspawn_short_values[] = "DiuMLSZEp";
static const char *const nspawn_long_values[] = {
	"directory",
	"template",
	"image",
	"image-policy",
	"root-hash",
	"root-hash-sig",
	"verity-data",
	"oci-bundle",
	"user",
	"machine",
	"hostname",
	"uuid",
	"slice",
	"property",
	"capability",
	"drop-capability",
	"ambient-capability",
	"network-zone",
	"network-bridge",
	"network-interface",
	"network-macvlan",
	"network-ipvlan",
	"network-veth-extra",
	"network-namespace-path",
	"port",
	"selinux-context",
	"selinux-apifs-context",
	"bind",
	"bind-ro",
	"tmpfs",
	"overlay",
	"overlay-ro",
	"inaccessible",
	"setenv",
	"personality",
	"settings",
	"kill-signal",
	"link-journal",
	"chdir",
	"pivot-root",
	"notify-ready",
	"system-call-filter",
	"rlimit",
	"oom-score-adjust",
	"cpu-affinity",
	"resolv-conf",
	"timezone",
	"console",
	"load-credential",
	"set-credential",
	"bind-user",
	"no-new-privileges",
	"private-users-ownership",
};

struct nspawn {
	struct slice machine, directory, image;
	bool ephemeral; /* the name then gets digits that are written nowhere */
};

static void keep_value(struct nspawn *out, struct slice name, struct slice value)
{
	if (slice_is(name, "M") || slice_is(name, "machine"))
		out->machine = value;
	if (slice_is(name, "D") || slice_is(name, "directory"))
		out->directory = value;
	if (slice_is(name, "i") || slice_is(name, "image"))
		out->image = value;
}

static bool takes_value(struct slice name)
{
	for (size_t i = 0; i < ARRAY_SIZE(nspawn_long_values); i++)
		if (slice_is(name, nspawn_long_values[i]))
			return true;
	return false;
}

static void read_long(struct nspawn *out, struct slice option, struct slice *rest)
{
	struct slice name, value = option;

	if (field_next(&value, '=', &name))
		keep_value(out, name, value);
	else if (slice_is(option, "ephemeral"))
		out->ephemeral = true;
	else if (takes_value(option) && argument_next(rest, &value))
		keep_value(out, option, value);
}

static void read_short(struct nspawn *out, struct slice letters, struct slice *rest)
{
	for (size_t i = 0; i < letters.length; i++) {
		struct slice name = { letters.text + i, 1 };
		struct slice value = { letters.text + i + 1, letters.length - i - 1 };

		out->ephemeral = out->ephemeral || letters.text[i] == 'x';
		if (letters.text[i] == '\0' || !strchr(nspawn_short_values, letters.text[i]))
			continue;
		if (value.length > 0 || argument_next(rest, &value))
			keep_value(out, name, value);
		return;
	}
}

bool command_line_nspawn_machine(const char *bytes, size_t length, char ret_name[COMMAND_NAME_MAX])
{
	static const char raw[] = ".raw";
	struct slice rest = { bytes, length }, argument;
	struct nspawn out = { 0 };

	if (!argument_next(&rest, &argument) || !slice_is(last_part(argument, '/'), "systemd-nspawn"))
		return false;
	/* What stands behind the first word that is no option is the payload's. */
	while (argument_next(&rest, &argument) && slice_starts(argument, "-") && !slice_is(argument, "--")) {
		struct slice option = { argument.text + 1, argument.length - 1 };
		if (slice_starts(option, "-"))
			read_long(&out, (struct slice) { option.text + 1, option.length - 1 }, &rest);
		else
			read_short(&out, option, &rest);
	}
	if (out.machine.length > 0)
		return copy(out.machine, ret_name, COMMAND_NAME_MAX);
	if (out.ephemeral)
		return false;
	struct slice name = last_part(out.directory.length > 0 ? out.directory : out.image, '/');
	if (out.directory.length == 0 && name.length > sizeof(raw) - 1 &&
	    memcmp(name.text + name.length - (sizeof(raw) - 1), raw, sizeof(raw) - 1) == 0)
		name.length -= sizeof(raw) - 1;
	return copy(name, ret_name, COMMAND_NAME_MAX);
}

bool command_line_option(const char *bytes, size_t length, const char *name, char ret_value[PATH_MAX])
{
	struct slice rest = { bytes, length }, argument, key;
	bool found = false;

	(void)argument_next(&rest, &argument);
	while (argument_next(&rest, &argument)) {
		if (!slice_starts(argument, "--"))
			continue;
		struct slice value = { argument.text + 2, argument.length - 2 };
		if (slice_is(value, name))
			found = argument_next(&rest, &value) && copy(value, ret_value, PATH_MAX);
		else if (field_next(&value, '=', &key) && slice_is(key, name))
			found = copy(value, ret_value, PATH_MAX);
	}
	return found;
}
