/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/format/mountinfo.h"
#include "tests/unit/unit.h"

static void reads(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		struct mountinfo expected;
	} rows[] = {
		{ "72 48 0:39 / / ro,relatime master:2 - overlay overlay rw,lowerdir=/a:/b",
		  { 72, 48, 0, 39, "/", "/", "ro,relatime", "overlay", "overlay", "rw,lowerdir=/a:/b" } },
		{ "30 1 8:1 /a\\040b /mnt/c\\011d\\134\\043 rw shared:1 master:2 propagate_from:3 unbindable - ext4 "
		  "/dev/x\\012y rw",
		  { 30, 1, 8, 1, "/a b", "/mnt/c\td\\#", "rw", "ext4", "/dev/x\ny", "rw" } },
		{ "30 1 0:30 / /x rw - tmpfs  rw", { 30, 1, 0, 30, "/", "/x", "rw", "tmpfs", "", "rw" } },
		{ "30 1 0:4 net:[4026531992] /n rw - nsfs nsfs rw",
		  { 30, 1, 0, 4, "net:[4026531992]", "/n", "rw", "nsfs", "nsfs", "rw" } },
		{ "30 1 0:4 /a//deleted /n rw - fuse.x src ",
		  { 30, 1, 0, 4, "/a//deleted", "/n", "rw", "fuse.x", "src", "" } },
		{ "30 1 0:4 / /n rw - cifs src rw,path=a b c",
		  { 30, 1, 0, 4, "/", "/n", "rw", "cifs", "src", "rw,path=a b c" } },
		/* A mount point that ends in a backslash and digits that are no escape. */
		{ "30 1 0:4 / /n\\9\\04 rw - a b c", { 30, 1, 0, 4, "/", "/n\\9\\04", "rw", "a", "b", "c" } },
		/* "-" as a mount point's name does not end the optional fields. */
		{ "30 1 0:4 / /- rw - a b - c", { 30, 1, 0, 4, "/", "/-", "rw", "a", "b", "- c" } },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct mountinfo *expected = &rows[i].expected;
		struct mountinfo mount;
		struct err err;
		cleanup_free char *line = strdup(rows[i].line);
		assert_success(mountinfo_parse_line(line, &mount, &err), err);
		assert_true(mount.id == expected->id && mount.parent == expected->parent);
		assert_true(mount.major == expected->major && mount.minor == expected->minor);
		assert_string_equal(mount.root, expected->root);
		assert_string_equal(mount.mount_point, expected->mount_point);
		assert_string_equal(mount.options, expected->options);
		assert_string_equal(mount.type, expected->type);
		assert_string_equal(mount.source, expected->source);
		assert_string_equal(mount.super_options, expected->super_options);
	}
}

static void refuses(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"",
		" ",
		"1",
		"x 1 0:4 / /n rw - a b c",
		"1 x 0:4 / /n rw - a b c",
		"1 1 04 / /n rw - a b c",
		"1 1 0: / /n rw - a b c",
		"1 1 0:x / /n rw - a b c",
		"1 1 0:4294967296 / /n rw - a b c",
		"99999999999999999999 1 0:4 / /n rw - a b c",
		"1 1 0:4  /n rw - a b c",
		"1 1 0:4 / n rw - a b c",
		"1 1 0:4 / /n  - a b c",
		"1 1 0:4 / /n rw a b c",
		"1 1 0:4 / /n rw -",
		"1 1 0:4 / /n rw - a",
		"1 1 0:4 / /n rw - a b",
		"1 1 0:4 / /n rw -  b c",
		"1 1 0:4 / /n\\000 rw - a b c",
		"1 1 0:4 /\\000 /n rw - a b c",
	};
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct mountinfo mount;
		struct err err = { 0 };
		cleanup_free char *line = strdup(lines[i]);
		if (mountinfo_parse_line(line, &mount, &err) >= 0)
			fail_msg("taken: %s", lines[i]);
		assert_int_equal(err.kind, ERR_MALFORMED);
	}
}

static void survives_every_cut(void **state)
{
	(void)state;
	static const char text[] = "30 1 8:1 /a\\040b /mnt/c\\011 rw shared:1 - ext4 /dev/x rw";
	for (size_t cut = 0; cut < sizeof(text); cut++) {
		struct mountinfo mount;
		struct err err = { 0 };
		cleanup_free char *line = strndup(text, cut);
		if (mountinfo_parse_line(line, &mount, &err) < 0)
			assert_int_equal(err.kind, ERR_MALFORMED);
		else
			assert_string_equal(mount.source, "/dev/x");
	}
}

static void long_lines_are_refused(void **state)
{
	(void)state;
	struct mountinfo mount;
	struct err err;
	cleanup_free char *line = malloc(MOUNTINFO_LINE_MAX + 1);
	assert_non_null(line);
	memset(line, 'a', MOUNTINFO_LINE_MAX);
	line[MOUNTINFO_LINE_MAX] = '\0';
	memcpy(line, "1 1 0:4 / /n rw - a b ", 22);
	assert_failure(mountinfo_parse_line(line, &mount, &err), err, ERR_MALFORMED);
}

static void finds_options(void **state)
{
	(void)state;
	static const struct {
		const char *options, *value; /* of "context"; NULL: it is not there */
	} rows[] = {
		{ "rw,context=\"u:r:t:s0:c1,c2\",lowerdir=/a", "u:r:t:s0:c1,c2" },
		{ "rw,context=u:r:t:s0", "u:r:t:s0" },
		{ "context=u:r:t:s0,rw", "u:r:t:s0" },
		{ "rw,rootcontext=u:r:t:s0", NULL },
		{ "rw,fscontext=\"a,context=b\",x", NULL },
		{ "rw,contexts=b", NULL },
		{ "rw,context", NULL },
		{ "", NULL },
		{ ",,", NULL },
		{ "context=", "" },
		{ "context=\"", "\"" },
		{ "context=\"\"", "" },
		{ "context=0123456789012345678901234567890", "0123456789012345678901234567890" },
		{ "context=01234567890123456789012345678901", NULL }, /* does not fit */
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char value[32];
		bool found = mountinfo_option(rows[i].options, "context", value, sizeof(value));

		if (found != (rows[i].value != NULL))
			fail_msg("row %zu: %s", i, rows[i].options);
		if (found)
			assert_string_equal(value, rows[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(finds_options),
		cmocka_unit_test(refuses),
		cmocka_unit_test(survives_every_cut),
		cmocka_unit_test(long_lines_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
