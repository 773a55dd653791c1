/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/format/oci_state.h"
#include "tests/unit/unit.h"

static const char runc[] =
	"{\"id\":\"" ID_A
	"\",\"init_process_pid\":4782,\"init_process_start\":82573,\"created\":\"2026-11-23T11:29:01Z\","
	"\"config\":{\"rootfs\":\"/"
	"r\",\"umask\":null,\"mounts\":[{\"flags\":14,\"data\":\"\\\"}{\"}],\"labels\":[\"a=b\","
	"\"bundle=/run/a\\u003cb\"],\"rlimits\":[{\"hard\":18446744073709551615}],\"n\":[-0.5e-7,true,false,[],{}]},"
	"\"rootless\":false}";

static const char crun[] = "{\n  \"pid\": 4782,\n  \"process-start-time\": 82573,\n  \"cgroup-path\": \"/a\",\n"
			   "  \"bundle\": \"/run/b\",\n  \"detached\": true\n}\n";

static void reads_runc(void **state)
{
	(void)state;
	struct oci_state oci;
	struct err err;
	cleanup_free char *bytes = unit_exact(runc, sizeof(runc) - 1);

	assert_success(oci_state_parse_runc(bytes, sizeof(runc) - 1, &oci, &err), err);
	assert_string_equal(oci.id, ID_A);
	assert_int_equal(oci.pid, 4782);
	assert_int_equal(oci.start_time, 82573);
	assert_string_equal(oci.bundle, "/run/a<b");
	oci_state_done(&oci);

	static const char minimal[] =
		" { \"init_process_start\" : 18446744073709551615 , \"init_process_pid\":1,\t\"id\":\"\" }\n";
	assert_success(oci_state_parse_runc(minimal, sizeof(minimal) - 1, &oci, &err), err);
	assert_null(oci.bundle);
	assert_true(oci.start_time == UINT64_MAX);
	oci_state_done(&oci);
}

#define MEMBERS "\"id\":\"a\",\"init_process_pid\":1,\"init_process_start\":2"

static const char *const bad_runc[] = {
	"",
	" ",
	"null",
	"[]",
	"{",
	"{}",
	"{\"id\":\"a\"}",
	"{" MEMBERS "}x",
	"{" MEMBERS "}{}",
	"{" MEMBERS ",}",
	"{," MEMBERS "}",
	"{" MEMBERS " \"x\":1}",
	"{" MEMBERS ",\"x\"}",
	"{" MEMBERS ",\"x\":}",
	"{" MEMBERS ",x:1}",
	/* numbers */
	"{\"id\":\"a\",\"init_process_pid\":-1,\"init_process_start\":2}",
	"{\"id\":\"a\",\"init_process_pid\":2147483648,\"init_process_start\":2}",
	"{\"id\":\"a\",\"init_process_pid\":99999999999999999999999,\"init_process_start\":2}",
	"{\"id\":\"a\",\"init_process_pid\":1.0,\"init_process_start\":2}",
	"{\"id\":\"a\",\"init_process_pid\":1e1,\"init_process_start\":2}",
	"{\"id\":\"a\",\"init_process_pid\":01,\"init_process_start\":2}",
	"{\"id\":\"a\",\"init_process_pid\":\"1\",\"init_process_start\":2}",
	"{\"id\":\"a\",\"init_process_pid\":null,\"init_process_start\":2}",
	"{\"id\":\"a\",\"init_process_pid\":1,\"init_process_start\":18446744073709551616}",
	"{" MEMBERS ",\"x\":-}",
	"{" MEMBERS ",\"x\":1.}",
	"{" MEMBERS ",\"x\":.5}",
	"{" MEMBERS ",\"x\":1e}",
	"{" MEMBERS ",\"x\":00}",
	"{" MEMBERS ",\"x\":+1}",
	"{" MEMBERS ",\"x\":NaN}",
	/* strings */
	"{\"id\":7,\"init_process_pid\":1,\"init_process_start\":2}",
	"{\"id\":\"a\\u0000b\",\"init_process_pid\":1,\"init_process_start\":2}",
	"{\"id\":\"\xff\",\"init_process_pid\":1,\"init_process_start\":2}",
	"{" MEMBERS ",\"x\":\"\n\"}",
	"{" MEMBERS ",\"x\":\"\\x\"}",
	"{" MEMBERS ",\"x\":\"\\u12g4\"}",
	"{" MEMBERS ",\"x\":\"\\",
	"{" MEMBERS ",\"x\":\"\\u00",
	/* keys that are there twice, or hidden by escapes */
	"{" MEMBERS ",\"id\":\"b\"}",
	"{" MEMBERS ",\"init_process_pid\":2}",
	"{" MEMBERS ",\"i\\u0064\":\"b\"}",
	"{" MEMBERS ",\"config\":{\"labels\":[],\"labels\":[]}}",
	/* what is skipped must be JSON too */
	"{" MEMBERS ",\"x\":[1,]}",
	"{" MEMBERS ",\"x\":[1 2]}",
	"{" MEMBERS ",\"x\":{]}",
	"{" MEMBERS ",\"x\":[}}",
	"{" MEMBERS ",\"x\":tru}",
	"{" MEMBERS ",\"x\":nulll}",
	"{" MEMBERS ",\"config\":{\"labels\":[1]}}",
};

static void runc_refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_runc); i++) {
		struct oci_state oci = { 0 };
		struct err err = { 0 };
		cleanup_free char *bytes = unit_exact(bad_runc[i], strlen(bad_runc[i]));
		if (oci_state_parse_runc(bytes, strlen(bad_runc[i]), &oci, &err) >= 0)
			fail_msg("taken: %s", bad_runc[i]);
		assert_int_equal(err.kind, ERR_MALFORMED);
		assert_null(oci.id);
	}
	struct oci_state oci = { 0 };
	struct err err;
	static const char nul[] = "{" MEMBERS "}\0";
	assert_failure(oci_state_parse_runc(nul, sizeof(nul) - 1, &oci, &err), err, ERR_MALFORMED);
}

static void other_shapes_of_config_are_no_bundle(void **state)
{
	(void)state;
	static const char *const configs[] = {
		"null", "[]", "{}", "{\"labels\":null}", "{\"labels\":{}}", "{\"labels\":[\"bundle\",\"x\"]}"
	};
	for (size_t i = 0; i < ARRAY_SIZE(configs); i++) {
		struct oci_state oci;
		struct err err;
		cleanup_free char *text = NULL;
		assert_true(asprintf(&text, "{" MEMBERS ",\"config\":%s}", configs[i]) > 0);
		assert_success(oci_state_parse_runc(text, strlen(text), &oci, &err), err);
		assert_null(oci.bundle);
		oci_state_done(&oci);
	}
}

static void depth_has_a_limit(void **state)
{
	(void)state;
	for (size_t depth = 1; depth <= 100000; depth = depth < 70 ? depth + 1 : depth * 10) {
		struct oci_state oci = { 0 };
		struct err err;
		cleanup_free char *text = calloc(2 * depth + 200, 1);
		assert_non_null(text);
		strcpy(text, "{" MEMBERS ",\"x\":");
		size_t used = strlen(text);
		memset(text + used, '[', depth);
		memset(text + used + depth, ']', depth);
		strcpy(text + used + 2 * depth, "}");
		int r = oci_state_parse_runc(text, strlen(text), &oci, &err);
		if (depth < 64)
			assert_success(r, err);
		else
			assert_failure(r, err, ERR_MALFORMED);
		oci_state_done(&oci);
	}
}

static void reads_crun(void **state)
{
	(void)state;
	struct oci_state oci;
	struct err err;
	static const char old[] = "{\"pid\":0}";

	assert_success(oci_state_parse_crun(crun, sizeof(crun) - 1, &oci, &err), err);
	assert_null(oci.id);
	assert_int_equal(oci.pid, 4782);
	assert_int_equal(oci.start_time, 82573);
	assert_string_equal(oci.bundle, "/run/b");
	oci_state_done(&oci);
	assert_success(oci_state_parse_crun(old, sizeof(old) - 1, &oci, &err), err);
	assert_int_equal(oci.start_time, 0);
	oci_state_done(&oci);
}

static void crun_refuses(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"{}",
		"{\"pid\":-1}",
		"{\"pid\":2147483648}",
		"{\"pid\":1,\"process-start-time\":-1}",
		"{\"pid\":1,\"process-start-time\":18446744073709551615}",
		"{\"pid\":1,\"bundle\":7}",
		"{\"pid\":1,\"pid\":2}",
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct oci_state oci = { 0 };
		struct err err = { 0 };
		assert_failure(oci_state_parse_crun(texts[i], strlen(texts[i]), &oci, &err), err, ERR_MALFORMED);
	}
}

static void cut_runc(const char *bytes, size_t length)
{
	struct oci_state oci = { 0 };
	struct err err = { 0 };
	assert_failure(oci_state_parse_runc(bytes, length, &oci, &err), err, ERR_MALFORMED);
	assert_null(oci.id);
}

static void cut_crun(const char *bytes, size_t length)
{
	struct oci_state oci = { 0 };
	struct err err = { 0 };
	assert_failure(oci_state_parse_crun(bytes, length, &oci, &err), err, ERR_MALFORMED);
}

static void survives_every_cut(void **state)
{
	(void)state;
	unit_each_cut(runc, sizeof(runc) - 1, cut_runc);
	unit_each_cut(crun, sizeof(crun) - 2, cut_crun); /* all but the last newline is needed */
}

static void youkis_state(void **state)
{
	(void)state;
	static const char running[] =
		"{\"ociVersion\":\"1.0.2\",\"id\":\"web\",\"status\":\"running\",\"pid\":4782,"
		"\"bundle\":\"/srv/web\",\"created\":\"2026-11-23T19:08:54.7Z\",\"useSystemd\":false}";
	static const char stopped[] = "{\"id\":\"web\",\"pid\":null,\"bundle\":\"/srv/web\"}";
	static const char *const bad[] = { "", "{\"id\":\"web\"}", "{\"bundle\":\"/x\"}",
					   "{\"id\":\"web\",\"bundle\":\"/x\",\"pid\":-1}",
					   "{\"id\":\"web\",\"bundle\":\"/x\",\"pid\":4294967296}" };
	struct oci_state out = { 0 };
	struct err err = { 0 };

	assert_success(oci_state_parse_youki(running, sizeof(running) - 1, &out, &err), err);
	assert_string_equal(out.id, "web");
	assert_int_equal(out.pid, 4782);
	assert_true(out.start_time == 0);
	assert_string_equal(out.bundle, "/srv/web");
	oci_state_done(&out);
	assert_success(oci_state_parse_youki(stopped, sizeof(stopped) - 1, &out, &err), err);
	assert_int_equal(out.pid, 0);
	oci_state_done(&out);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_failure(oci_state_parse_youki(bad[i], strlen(bad[i]), &out, &err), err, ERR_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(youkis_state),      cmocka_unit_test(reads_runc),
		cmocka_unit_test(runc_refuses),      cmocka_unit_test(other_shapes_of_config_are_no_bundle),
		cmocka_unit_test(depth_has_a_limit), cmocka_unit_test(reads_crun),
		cmocka_unit_test(crun_refuses),      cmocka_unit_test(survives_every_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
