/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/format/command_line.h"
#include "tests/unit/unit.h"

struct row {
	const char *bytes;
	size_t length;
	const char *expected; /* NULL: not known */
};

/* With the NUL behind the last argument. */
#define ROW(text, name)                                                                                                \
	{                                                                                                              \
		text, sizeof(text), name                                                                               \
	}

static void lxc_monitors(void **state)
{
	(void)state;
	static const struct row rows[] = {
		ROW("[lxc monitor] /var/lib/lxc web", "web"),
		ROW("[lxc monitor] /var/lib/lxc web", "web"),
		ROW("[lxc monitor] /home/a b/.local/share/lxc web", "web"),
		ROW("[lxc monitor] web", NULL),
		ROW("[lxc monitor] /", "/"), /* no name that could be typed */
		ROW("lxc-start\0-n\0web", NULL),
		{ "", 0, NULL },
		ROW("[lxc monitor]", NULL),
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char name[COMMAND_NAME_MAX] = "";
		cleanup_free char *bytes = unit_exact(rows[i].bytes, rows[i].length);
		bool found = command_line_lxc_name(bytes, rows[i].length, name);
		assert_int_equal(found, rows[i].expected != NULL);
		if (found)
			assert_string_equal(name, rows[i].expected);
	}
}

static void nspawn_machines(void **state)
{
	(void)state;
	static const struct row rows[] = {
		ROW("systemd-nspawn\0-D\0/srv/x\0-M\0web\0--keep-unit\0-q\0/payload\0-M\0other", "web"),
		ROW("/usr/bin/systemd-nspawn\0--machine=web\0-bD\0/srv/x", "web"),
		ROW("systemd-nspawn\0--machine\0web\0-D/srv/x", "web"),
		ROW("systemd-nspawn\0-qMweb", "web"),
		ROW("systemd-nspawn\0-D\0/srv/web/", "web"),
		ROW("systemd-nspawn\0-i\0/srv/web.raw\0--boot", "web"),
		ROW("systemd-nspawn\0--bind\0/M\0-M\0web", "web"),
		ROW("systemd-nspawn\0-D\0/srv/web\0--\0-M\0other", "web"),
		ROW("systemd-nspawn\0-D\0/srv/web\0sh\0-M\0other", "web"),
		ROW("systemd-nspawn\0-xD\0/srv/web", NULL),
		ROW("systemd-nspawn\0--ephemeral\0-D\0/srv/web", NULL),
		ROW("systemd-nspawn\0-M", NULL),
		ROW("systemd-nspawn\0-D\0/", NULL),
		ROW("systemd-nspawn", NULL),
		ROW("sh\0-M\0web", NULL),
		ROW("", NULL),
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char name[COMMAND_NAME_MAX] = "";
		cleanup_free char *bytes = unit_exact(rows[i].bytes, rows[i].length);
		bool found = command_line_nspawn_machine(bytes, rows[i].length, name);
		if (found != (rows[i].expected != NULL))
			fail_msg("row %zu: \"%s\"", i, name);
		if (found)
			assert_string_equal(name, rows[i].expected);
	}
}

static void options(void **state)
{
	(void)state;
	static const struct row rows[] = {
		ROW("dockerd\0--data-root\0/a", "/a"),
		ROW("dockerd\0--data-root=/a", "/a"),
		ROW("dockerd\0--data-root=/a\0--data-root\0/b", "/b"),
		ROW("dockerd\0--data-rootx=/a", NULL),
		ROW("dockerd\0--data-root", NULL),
		ROW("dockerd\0--data-root=", NULL),
		ROW("--data-root=/a", NULL), /* the program's own name */
		{ "", 0, NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char value[PATH_MAX] = "";
		cleanup_free char *bytes = unit_exact(rows[i].bytes, rows[i].length);
		bool found = command_line_option(bytes, rows[i].length, "data-root", value);
		if (found != (rows[i].expected != NULL))
			fail_msg("row %zu: \"%s\"", i, value);
		if (found)
			assert_string_equal(value, rows[i].expected);
	}
}

static void what_does_not_fit_is_not_cut(void **state)
{
	(void)state;
	char bytes[2 * COMMAND_NAME_MAX], name[COMMAND_NAME_MAX] = "";

	memset(bytes, 'a', sizeof(bytes));
	memcpy(bytes, "systemd-nspawn\0-M", 17);
	assert_false(command_line_nspawn_machine(bytes, sizeof(bytes), name));
	memset(bytes, 'a', sizeof(bytes));
	memcpy(bytes, "[lxc monitor] /x ", 17);
	assert_false(command_line_lxc_name(bytes, sizeof(bytes), name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lxc_monitors),
		cmocka_unit_test(nspawn_machines),
		cmocka_unit_test(options),
		cmocka_unit_test(what_does_not_fit_is_not_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
