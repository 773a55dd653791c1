/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/format/passwd.h"
#include "tests/unit/unit.h"

static void user_spec_accepts(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		struct user_spec expected;
	} rows[] = {
		{ "0", { .uid = 0, .gid = (gid_t)-1 } },
		{ "65532:65533", { .uid = 65532, .gid = 65533 } },
		{ "4294967294", { .uid = 4294967294, .gid = (gid_t)-1 } },
		{ "app", { .name = "app", .uid = (uid_t)-1, .gid = (gid_t)-1 } },
		{ "_apt", { .name = "_apt", .uid = (uid_t)-1, .gid = (gid_t)-1 } },
		{ "svc$", { .name = "svc$", .uid = (uid_t)-1, .gid = (gid_t)-1 } },
		{ "a.b-c@d", { .name = "a.b-c@d", .uid = (uid_t)-1, .gid = (gid_t)-1 } },
		{ "1user", { .name = "1user", .uid = (uid_t)-1, .gid = (gid_t)-1 } },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct user_spec spec;
		struct err err;
		assert_success(user_spec_parse(rows[i].text, &spec, &err), err);
		assert_string_equal(spec.name, rows[i].expected.name);
		assert_int_equal(spec.uid, rows[i].expected.uid);
		assert_int_equal(spec.gid, rows[i].expected.gid);
	}
}

static void user_spec_refuses(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		":",
		"1:",
		":1",
		"1:2:3",
		"app:1",
		"1:app",
		"-1",
		"+1",
		"4294967295",
		"4294967296",
		"0:4294967295",
		"99999999999999999999",
		"a b",
		"a/b",
		"a\n",
		"-x",
		"$",
		"a$b",
		"0x1f/",
		"\xff",
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct user_spec spec;
		struct err err = { 0 };
		if (user_spec_parse(texts[i], &spec, &err) >= 0)
			fail_msg("taken: %s", texts[i]);
		assert_int_equal(err.kind, ERR_USAGE);
	}
	char text[300];
	struct user_spec spec;
	struct err err;
	memset(text, 'a', 256);
	text[256] = '\0';
	assert_failure(user_spec_parse(text, &spec, &err), err, ERR_USAGE);
	text[255] = '\0';
	assert_success(user_spec_parse(text, &spec, &err), err);
}

static void finds_a_name(void **state)
{
	(void)state;
	static const struct {
		const char *text, *name;
		bool found;
		uid_t uid;
		gid_t gid;
	} rows[] = {
		{ "root:x:0:0:root:/root:/bin/sh\napp:x:65532:65533::/:/no\n", "app", true, 65532, 65533 },
		{ "root:x:0:0:root:/root:/bin/sh\napp:x:65532:65533::/:", "app", true, 65532, 65533 },
		{ "app:x:1:2:::\napp:x:3:4:::\n", "app", true, 1, 2 },
		/* A line that is not well formed is skipped, the next one of that name counts. */
		{ "app:x:1:2::\napp:x:3:4:::\n", "app", true, 3, 4 },
		{ "app:x:1:2:a:b:c:d\napp:x:3:4:::\n", "app", true, 3, 4 },
		{ "app:x::2:::\napp:x:3:4:::\n", "app", true, 3, 4 },
		{ "app:x:-1:2:::\napp:x:3:4:::\n", "app", true, 3, 4 },
		{ "app:x:4294967295:2:::\n", "app", false, 0, 0 },
		{ "app:x:4294967296:2:::\n", "app", false, 0, 0 },
		{ "app:x:0x0:2:::\n", "app", false, 0, 0 },
		{ "app:x: 0:2:::\n", "app", false, 0, 0 },
		{ "apple:x:1:2:::\nap:x:1:2:::\n", "app", false, 0, 0 },
		{ " app:x:1:2:::\n", "app", false, 0, 0 },
		{ "+app:x:1:2:::\n", "app", false, 0, 0 },
		{ "#app:x:1:2:::\n", "app", false, 0, 0 },
		{ "", "app", false, 0, 0 },
		/* A user who is called 0 (CVE-2016-3697). */
		{ "0:x:0:0:::\n", "0", false, 0, 0 },
		{ ":x:0:0:::\n", "", false, 0, 0 },
		{ "a:b:x:0:0:::\n", "a:b", false, 0, 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uid_t uid = 77;
		gid_t gid = 78;
		struct err err = { 0 };
		cleanup_free char *bytes = unit_exact(rows[i].text, strlen(rows[i].text));
		int r = passwd_find(bytes, strlen(rows[i].text), rows[i].name, &uid, &gid, &err);
		if (!rows[i].found) {
			assert_failure(r, err, ERR_NOT_FOUND);
			assert_true(uid == 77 && gid == 78);
			continue;
		}
		assert_success(r, err);
		assert_int_equal(uid, rows[i].uid);
		assert_int_equal(gid, rows[i].gid);
	}
}

static void hostile_files(void **state)
{
	(void)state;
	uid_t uid;
	gid_t gid;
	struct err err;
	cleanup_free char *large = calloc(PASSWD_FILE_MAX + 1, 1);
	assert_non_null(large);
	memset(large, ':', PASSWD_FILE_MAX);
	assert_failure(passwd_find(large, PASSWD_FILE_MAX, "app", &uid, &gid, &err), err, ERR_NOT_FOUND);
	assert_failure(passwd_find(large, PASSWD_FILE_MAX + 1, "app", &uid, &gid, &err), err, ERR_MALFORMED);

	static const char nul[] = "app\0x:x:0:0:::\napp:x:0:0::\0:\n";
	assert_failure(passwd_find(nul, sizeof(nul) - 1, "app", &uid, &gid, &err), err, ERR_NOT_FOUND);
	assert_failure(passwd_find("", 0, "\x1b[2J", &uid, &gid, &err), err, ERR_NOT_FOUND);
	assert_null(strchr(err.text, '\x1b'));
}

static void parse_cut(const char *bytes, size_t length)
{
	uid_t uid;
	gid_t gid;
	struct err err = { 0 };
	if (passwd_find(bytes, length, "app", &uid, &gid, &err) == 0)
		assert_true(uid == 65532 && gid == 65533);
}

static void survives_every_cut(void **state)
{
	(void)state;
	static const char text[] = "root:x:0:0:root:/root:/bin/sh\napp:x:65532:65533::/home:/no\n";
	unit_each_cut(text, sizeof(text) - 1, parse_cut);
}

static void finds_a_user_and_his_home(void **state)
{
	(void)state;
	static const char text[] =
		"root:x:0:0::/root:/bin/sh\nnohome:x:7:7:::/bin/sh\nbroken:x:8\nuser:x:1000:1000::/home/user:/bin/sh";
	static const char *const unknown[] = {
		"", "nohome", "broken", "7", "1001", "-1", "4294967295", "us", "user:x"
	};
	struct passwd_user user;
	struct err err;

	assert_success(passwd_find_user(text, sizeof(text) - 1, "user", &user, &err), err);
	assert_int_equal(user.uid, 1000);
	assert_string_equal(user.home, "/home/user");
	assert_success(passwd_find_user(text, sizeof(text) - 1, "1000", &user, &err), err);
	assert_string_equal(user.home, "/home/user");
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		assert_failure(passwd_find_user(text, sizeof(text) - 1, unknown[i], &user, &err), err, ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_a_user_and_his_home),
		cmocka_unit_test(user_spec_accepts),
		cmocka_unit_test(user_spec_refuses),
		cmocka_unit_test(finds_a_name),
		cmocka_unit_test(hostile_files),
		cmocka_unit_test(survives_every_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
