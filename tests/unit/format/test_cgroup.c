/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/format/cgroup.h"
#include "tests/unit/unit.h"

#include <errno.h>

static const char real[] = "9:name=systemd:/docker/" ID_A "\n8:pids:/docker/" ID_A "\n3:cpu,cpuacct:/a:b\n"
			   "garbage\n:\n1:x\n2:freezer:relative\n0::/unified\n";

static void finds_the_path_of_a_controller(void **state)
{
	(void)state;
	static const struct {
		const char *controller;
		int result;
		const char *path;
	} rows[] = {
		{ "pids", 0, "/docker/" ID_A }, { "cpu", 0, "/a:b" },
		{ "cpuacct", 0, "/a:b" },       { "name=systemd", 0, "/docker/" ID_A },
		{ "", 0, "/unified" },          { "memory", -ENOENT, "" },
		{ "freezer", -ENOENT, "" },     { "cpu,cpuacct", -ENOENT, "" },
		{ "pid", -ENOENT, "" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char path[CGROUP_PATH_MAX] = "";
		cleanup_free char *bytes = unit_exact(real, sizeof(real) - 1);
		assert_int_equal(cgroup_path_of(bytes, sizeof(real) - 1, rows[i].controller, path, sizeof(path)),
				 rows[i].result);
		assert_string_equal(path, rows[i].path);
	}
}

static void paths_are_bounded(void **state)
{
	(void)state;
	char path[5];
	assert_int_equal(cgroup_path_of("0::/abc\n", 8, "", path, sizeof(path)), 0);
	assert_string_equal(path, "/abc");
	assert_int_equal(cgroup_path_of("0::/abcd\n", 9, "", path, sizeof(path)), -ENAMETOOLONG);
	assert_int_equal(cgroup_path_of("0::/a\0b\n", 8, "", path, sizeof(path)), -EBADMSG);
	assert_int_equal(cgroup_path_of("1::/a\n", 6, "", path, sizeof(path)), -ENOENT);
	assert_int_equal(cgroup_path_of("", 0, "", path, sizeof(path)), -ENOENT);
}

/* Seen from a cgroup namespace of one's own: a name, but no way to a file. */
static void what_is_not_below_a_namespace(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		int result;
	} rows[] = {
		{ "/../../pod1/" ID_A, -EXDEV }, { "/..", -EXDEV },  { "/../" ID_A, -EXDEV },
		{ "/docker/" ID_A, 0 },          { "/..data/x", 0 }, { "/", 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[256], path[CGROUP_PATH_MAX] = "";
		(void)snprintf(text, sizeof(text), "0::%s\n", rows[i].path);
		assert_int_equal(cgroup_path_of(text, strlen(text), "", path, sizeof(path)), 0);
		assert_string_equal(path, rows[i].path);
		assert_int_equal(cgroup_path_below(text, strlen(text), "", path, sizeof(path)), rows[i].result);
	}
}

static void finds_the_id(void **state)
{
	(void)state;
	static const struct {
		const char *text, *id;
	} rows[] = {
		{ "0::/docker/" ID_A "\n", ID_A },
		{ "0::/docker/" ID_A, ID_A },
		{ "0::/" ID_A "/init\n", ID_A },
		{ "0::/system.slice/docker-" ID_A ".scope\n", ID_A },
		{ "0::/machine.slice/libpod-" ID_A ".scope/container\n", ID_A },
		{ "0::/libpod_parent/libpod-" ID_A "\n", ID_A },
		{ "0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-" ID_A ".scope\n", ID_A },
		{ "0::/../../docker/" ID_B "\n", ID_B },
		{ "0::/../../../kubepods/besteffort/pod1/" ID_B "\n", ID_B },
		{ "0::/../cri-containerd-" ID_B ".scope\n", ID_B },
		{ "9:pids:/../" ID_B "/" ID_A "\n", ID_A },
		{ "0::/docker/" ID_A "/docker/" ID_B "\n", ID_B },
		{ "4:cpu:/\n0::/docker/" ID_C "\n", ID_C },
		{ "0::/docker/0" ID_A "\n", NULL },
		{ "0::/docker/x" ID_A "\n", NULL },
		{ "0::/docker/" ID_A "0\n", NULL },
		{ "0::/docker/" ID_A ".service\n", NULL },
		{ "0::/docker/AAAAAAAA00000000000000000000000000000000000000000000000000000001\n", NULL },
		{ "0::/user.slice\n", NULL },
		{ ID_A "\n", NULL },
		{ "", NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char id[65] = "";
		cleanup_free char *bytes = unit_exact(rows[i].text, strlen(rows[i].text));
		assert_int_equal(cgroup_container_id(bytes, strlen(rows[i].text), id), rows[i].id ? 0 : -ENOENT);
		assert_string_equal(id, rows[i].id ? rows[i].id : "");
	}
}

static void knows_a_component(void **state)
{
	(void)state;
	static const struct {
		const char *text, *name;
		bool there;
	} rows[] = {
		{ "0::/docker/" ID_A "\n", ID_A, true },
		{ "0::/docker/" ID_A "/init", ID_A, true },
		{ "0::/system.slice/docker-" ID_A ".scope\n", ID_A, true },
		{ "0::/a.slice:cri-containerd:" ID_A "\n", ID_A, true },
		{ "0::/../../pod1/" ID_A "\n", ID_A, true },
		{ "0::/docker/" ID_B "\n", ID_A, false },
		{ "0::/docker/x" ID_A "\n", ID_A, false },
		{ "4:cpu:/\n0::/tests/web", "web", true },
		{ "0::/tests/webapp\n", "web", false },
		{ "0::/tests/theweb\n", "web", false },
		{ "0::/machine.slice/machine-web.scope/payload\n", "machine-web.scope", true },
		{ "0::/\n", "web", false },
		{ "web", "web", false },
		{ "", "web", false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_free char *bytes = unit_exact(rows[i].text, strlen(rows[i].text));
		if (cgroup_has_component(bytes, strlen(rows[i].text), rows[i].name) != rows[i].there)
			fail_msg("row %zu", i);
	}
}

static void parse_cut(const char *bytes, size_t length)
{
	char path[CGROUP_PATH_MAX], id[65];
	(void)cgroup_path_of(bytes, length, "", path, sizeof(path));
	if (cgroup_container_id(bytes, length, id) == 0)
		assert_string_equal(id, ID_A);
}

static void survives_every_cut(void **state)
{
	(void)state;
	unit_each_cut(real, sizeof(real) - 1, parse_cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_path_of_a_controller),
		cmocka_unit_test(paths_are_bounded),
		cmocka_unit_test(what_is_not_below_a_namespace),
		cmocka_unit_test(finds_the_id),
		cmocka_unit_test(knows_a_component),
		cmocka_unit_test(survives_every_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
