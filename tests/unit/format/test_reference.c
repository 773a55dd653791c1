/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/format/reference.h"
#include "tests/unit/unit.h"

static void accepts(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		struct reference expected;
	} rows[] = {
		{ "web", { .name = "web" } },
		{ "a", { .name = "a" } },
		{ "web_1.2+b-c", { .name = "web_1.2+b-c" } },
		{ "_x", { .name = "_x" } },
		{ "123", { .name = "123" } },
		{ "a..b", { .name = "a..b" } },
		{ "pid", { .name = "pid" } },
		{ "docker:ls", { .runtime = "docker", .name = "ls" } },
		{ "docker://web", { .runtime = "docker", .name = "web" } },
		{ "cri-o://" ID_A, { .runtime = "cri-o", .name = ID_A } },
		{ "containerd:k8s.io/web", { .runtime = "containerd", .scope = "k8s.io", .name = "web" } },
		{ "podman:user/web", { .runtime = "podman", .scope = "user", .name = "web" } },
		{ "runc:/run/user/1/x/web", { .runtime = "runc", .scope = "/run/user/1/x", .name = "web" } },
		{ "runc:///run/x/web", { .runtime = "runc", .scope = "/run/x", .name = "web" } },
		{ "runc:/web", { .runtime = "runc", .scope = "/", .name = "web" } },
		{ "runc:/a:b/web", { .runtime = "runc", .scope = "/a:b", .name = "web" } },
		{ "pod/web", { .runtime = "pod", .name = "web" } },
		{ "pod/shop/web", { .runtime = "pod", .scope = "shop", .name = "web" } },
		{ "pod/shop/web/app", { .runtime = "pod", .scope = "shop/web", .name = "app" } },
		{ "lxc:web", { .runtime = "lxc", .name = "web" } },
		{ "nspawn://web", { .runtime = "nspawn", .name = "web" } },
		{ "crun:/run/x/web", { .runtime = "crun", .scope = "/run/x", .name = "web" } },
		{ "pid:1", { .runtime = "pid", .pid = 1 } },
		{ "pid://2147483647", { .runtime = "pid", .pid = 2147483647 } },
		{ "pid:7:18446744073709551615", { .runtime = "pid", .pid = 7, .pidfd_inode = UINT64_MAX } },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reference reference;
		struct err err;
		assert_success(reference_parse(rows[i].text, &reference, &err), err);
		assert_string_equal(reference.runtime, rows[i].expected.runtime);
		assert_string_equal(reference.scope, rows[i].expected.scope);
		assert_string_equal(reference.name, rows[i].expected.name);
		assert_int_equal(reference.pid, rows[i].expected.pid);
		assert_int_equal(reference.pidfd_inode, rows[i].expected.pidfd_inode);
	}
}

static const char *const bad_texts[] = {
	"",
	".",
	"..",
	"../x",
	".hidden",
	"-rm",
	"a/b",
	"/",
	"a b",
	"a\n",
	"a\x1b[2J",
	"a\xc3\xa9",
	"a\x7f",
	"a;b",
	"a$b",
	"a*",
	"a%s",
	":",
	":x",
	"docker:",
	"docker://",
	"Docker:x",
	"1c:x",
	"-c:x",
	"averylongruntime1:x",
	"doc ker:x",
	"docker:-x",
	"docker:a:b",
	"runc:/a/../b",
	"runc:/./b",
	"runc:/a//b",
	"runc:../b/c",
	"runc:a/",
	"runc:/a/..",
	"runc:/a b/c",
	"runc:////x",
	"runc:/\x01/x",
	"pod/",
	"pod//web",
	"pod/a/",
	"pod/a/b/",
	"pod/a/b/c/d",
	"pod/../b",
	"pod//a/b",
	"pod/a:b",
	"pid:",
	"pid:0",
	"pid:-1",
	"pid:2147483648",
	"pid:1x",
	"pid:1:",
	"pid:1:0",
	"pid:1:x",
	"pid:1:2:3",
	"pid:1:18446744073709551616",
	"pid:+1",
	"pid: 1",
};

static void refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_texts); i++) {
		struct reference reference;
		struct err err = { 0 };
		if (reference_parse(bad_texts[i], &reference, &err) >= 0)
			fail_msg("\"%s\" was taken", bad_texts[i]);
		assert_int_equal(err.kind, ERR_USAGE);
		for (const char *at = err.text; *at; at++)
			assert_true((unsigned char)*at >= 0x20 && *at != 0x7f);
	}
}

static void lengths_are_bounded(void **state)
{
	(void)state;
	char text[2 * REFERENCE_MAX];
	struct reference reference;
	struct err err;

	memset(text, 'a', sizeof(text));
	text[REFERENCE_MAX - 1] = '\0';
	assert_success(reference_parse(text, &reference, &err), err);
	assert_int_equal(strlen(reference.name), REFERENCE_MAX - 1);
	text[REFERENCE_MAX - 1] = 'a';
	text[REFERENCE_MAX] = '\0';
	assert_failure(reference_parse(text, &reference, &err), err, ERR_USAGE);

	memset(text, 'a', sizeof(text));
	memcpy(text, "runc:/", 6);
	memcpy(text + 5 + 256, "/x", 3);
	assert_failure(reference_parse(text, &reference, &err), err, ERR_USAGE);
	memcpy(text + 5 + 255, "/x", 3);
	assert_success(reference_parse(text, &reference, &err), err);
	assert_int_equal(strlen(reference.scope), 255);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts),
		cmocka_unit_test(refuses),
		cmocka_unit_test(lengths_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
