/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/format/seccomp_profile.h"
#include "tests/unit/unit.h"

#include <errno.h>

#define ALLOW "\"defaultAction\":\"SCMP_ACT_ALLOW\""
#define RULE(more) "{" ALLOW ",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\"," more "}]}"

static int parse(const char *text, struct seccomp_profile *ret, struct err *err)
{
	cleanup_free char *bytes = unit_exact(text, strlen(text));

	return seccomp_profile_parse(bytes, strlen(text), ret, err);
}

static void reads_each_field(void **state)
{
	(void)state;
	struct seccomp_profile profile;
	struct err err;

	assert_success(
		parse("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"defaultErrno\":\"ENOSYS\","
		      "\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86_64\",\"subArchitectures\":[\"SCMP_ARCH_X86\"]}],"
		      "\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\",\"SECCOMP_FILTER_FLAG_TSYNC\"],\"listenerPath\":\"\","
		      "\"syscalls\":[{\"names\":[\"read\",\"write\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":null,"
		      "\"comment\":\"c\",\"includes\":{\"caps\":[\"CAP_KILL\"],\"arches\":[\"amd64\"],\"minKernel\":"
		      "\"4.8\"},"
		      "\"excludes\":{}},"
		      "{\"name\":\"socket\",\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":7,\"args\":[{\"index\":1,"
		      "\"value\":"
		      "18446744073709551615,\"valueTwo\":2,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]}",
		      &profile, &err),
		err);
	assert_int_equal(profile.otherwise.action, SECCOMP_ACTION_ERRNO);
	assert_int_equal(profile.otherwise.data, ENOSYS);
	assert_int_equal(profile.arch_map_count, 1);
	assert_string_equal(profile.arch_map[0].items[0], "SCMP_ARCH_X86_64");
	assert_string_equal(profile.arch_map[0].items[1], "SCMP_ARCH_X86");
	assert_int_equal(profile.flags, SECCOMP_PROFILE_LOG);
	assert_int_equal(profile.rules_count, 2);
	assert_int_equal(profile.rules[0].names.count, 2);
	assert_int_equal(profile.rules[0].verdict.action, SECCOMP_ACTION_ALLOW);
	assert_string_equal(profile.rules[0].includes.capabilities.items[0], "CAP_KILL");
	assert_string_equal(profile.rules[0].includes.arches.items[0], "amd64");
	assert_true(profile.rules[0].includes.kernel[0] == 4 && profile.rules[0].includes.kernel[1] == 8);
	assert_string_equal(profile.rules[1].names.items[0], "socket");
	assert_int_equal(profile.rules[1].verdict.data, 7);
	const struct seccomp_condition *condition = &profile.rules[1].conditions[0];
	assert_true(condition->index == 1 && condition->value == UINT64_MAX && condition->value_two == 2);
	assert_int_equal(condition->operator, SECCOMP_OPERATOR_MASKED_EQ);
	seccomp_profile_done(&profile);
}

static void actions_and_operators(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		enum seccomp_action action;
		uint64_t data;
	} actions[] = {
		{ "SCMP_ACT_KILL", SECCOMP_ACTION_KILL_THREAD, 0 },
		{ "SCMP_ACT_KILL_THREAD", SECCOMP_ACTION_KILL_THREAD, 0 },
		{ "SCMP_ACT_KILL_PROCESS", SECCOMP_ACTION_KILL_PROCESS, 0 },
		{ "SCMP_ACT_TRAP", SECCOMP_ACTION_TRAP, 0 },
		{ "SCMP_ACT_ERRNO", SECCOMP_ACTION_ERRNO, EPERM },
		{ "SCMP_ACT_TRACE", SECCOMP_ACTION_TRACE, EPERM },
		{ "SCMP_ACT_LOG", SECCOMP_ACTION_LOG, 0 },
		{ "SCMP_ACT_ALLOW", SECCOMP_ACTION_ALLOW, 0 },
	};
	static const char *const operators[] = { "NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ" };
	struct seccomp_profile profile;
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		cleanup_free char *text = NULL;
		assert_true(asprintf(&text, "{\"defaultAction\":\"%s\"}", actions[i].name) > 0);
		assert_success(parse(text, &profile, &err), err);
		assert_int_equal(profile.otherwise.action, actions[i].action);
		assert_int_equal(profile.otherwise.data, actions[i].data);
		seccomp_profile_done(&profile);
	}
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		cleanup_free char *text = NULL;
		assert_true(asprintf(&text, RULE("\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_%s\"}]"), operators[i]) > 0);
		assert_success(parse(text, &profile, &err), err);
		assert_int_equal(profile.rules[0].conditions[0].operator, i);
		seccomp_profile_done(&profile);
	}
}

static void refuses(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
		enum err_kind kind;
	} rows[] = {
		{ "", "line 1: is not JSON", ERR_MALFORMED },
		{ "{}", "there is no \"defaultAction\"", ERR_MALFORMED },
		{ "{" ALLOW "", "is not JSON", ERR_MALFORMED },
		{ "{" ALLOW "} {}", "is not JSON", ERR_MALFORMED },
		{ "{" ALLOW ",\n\"sycalls\":[]}", "line 2: unknown field \"sycalls\"", ERR_MALFORMED },
		{ "{" ALLOW "," ALLOW "}", "a second \"defaultAction\"", ERR_MALFORMED },
		{ "{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", "SCMP_ACT_NOTIFY is not supported", ERR_UNSUPPORTED },
		{ "{\"defaultAction\":\"ALLOW\"}", "unknown action \"ALLOW\"", ERR_MALFORMED },
		{ "{\"defaultAction\":1}", "another type", ERR_MALFORMED },
		{ "{" ALLOW ",\"defaultErrnoRet\":1}", "an errno has no meaning", ERR_MALFORMED },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":4096}", "no errno above 4095",
		  ERR_MALFORMED },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":-1}", "another type", ERR_MALFORMED },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,\"defaultErrno\":\"ENOSYS\"}",
		  "the errno and its name differ", ERR_MALFORMED },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"EFOO\"}", "unknown errno \"EFOO\"",
		  ERR_MALFORMED },
		{ "{" ALLOW ",\"listenerPath\":\"/run/x\"}", "listenerPath", ERR_UNSUPPORTED },
		{ "{" ALLOW ",\"listenerMetadata\":\"x\"}", "listenerMetadata", ERR_UNSUPPORTED },
		{ "{" ALLOW ",\"flags\":[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]}",
		  "cannot be had: \"SECCOMP_FILTER", ERR_MALFORMED },
		{ "{" ALLOW
		  ",\"architectures\":[\"SCMP_ARCH_X86\"],\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86\"}]}",
		  "both architectures and archMap", ERR_MALFORMED },
		{ "{" ALLOW ",\"archMap\":[{}]}", "without architecture", ERR_MALFORMED },
		{ "{" ALLOW ",\"archMap\":[{\"architecture\":\"A\",\"more\":1}]}", "unknown field \"more\"",
		  ERR_MALFORMED },
		{ "{" ALLOW ",\"syscalls\":[{\"action\":\"SCMP_ACT_LOG\"}]}", "without names", ERR_MALFORMED },
		{ "{" ALLOW ",\"syscalls\":[{\"names\":[],\"action\":\"SCMP_ACT_LOG\"}]}", "without names",
		  ERR_MALFORMED },
		{ "{" ALLOW ",\"syscalls\":[{\"names\":[\"read\"]}]}", "there is no \"action\"", ERR_MALFORMED },
		{ "{" ALLOW ",\"syscalls\":[{\"name\":\"\",\"action\":\"SCMP_ACT_LOG\"}]}", "without names",
		  ERR_MALFORMED },
		{ "{" ALLOW ",\"syscalls\":{}}", "another type", ERR_MALFORMED },
		{ RULE("\"name\":\"write\""), "both name and names", ERR_MALFORMED },
		{ RULE("\"when\":{}"), "unknown field \"when\"", ERR_MALFORMED },
		{ RULE("\"includes\":{\"kernel\":\"4.8\"}"), "unknown field \"kernel\"", ERR_MALFORMED },
		{ RULE("\"includes\":{\"minKernel\":\"new\"}"), "no version as in 4.8: \"new\"", ERR_MALFORMED },
		{ RULE("\"includes\":{\"minKernel\":\"4\"}"), "no version", ERR_MALFORMED },
		{ RULE("\"args\":[{\"index\":6,\"op\":\"SCMP_CMP_EQ\"}]"), "another type", ERR_MALFORMED },
		{ RULE("\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_XX\"}]"), "unknown operator \"SCMP_CMP_XX\"",
		  ERR_MALFORMED },
		{ RULE("\"args\":[{\"op\":\"SCMP_CMP_EQ\"}]"), "without index or op", ERR_MALFORMED },
		{ RULE("\"args\":[{\"index\":0}]"), "without index or op", ERR_MALFORMED },
		{ RULE("\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_EQ\",\"valueTwo\":1}]"), "valueTwo has no meaning",
		  ERR_MALFORMED },
		{ RULE("\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_EQ\",\"value\":18446744073709551616}]"),
		  "another type", ERR_MALFORMED },
		{ RULE("\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_EQ\",\"mask\":1}]"), "unknown field \"mask\"",
		  ERR_MALFORMED },
		{ "{" ALLOW ",\"syscalls\":[{\"names\":[\"re\\u0061d\"],\"action\":\"SCMP_ACT_LOG\"}]}", "with escapes",
		  ERR_MALFORMED },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct seccomp_profile profile = { 0 };
		struct err err = { 0 };

		assert_failure(parse(rows[i].text, &profile, &err), err, rows[i].kind);
		if (strstr(err.text, rows[i].says) == NULL)
			fail_msg("%s: \"%s\" does not say \"%s\"", rows[i].text, err.text, rows[i].says);
		assert_int_equal(profile.rules_count, 0);
	}
}

static void limits(void **state)
{
	(void)state;
	enum { COUNT = 1025 };
	struct seccomp_profile profile;
	struct err err = { 0 };
	cleanup_free char *text = calloc(COUNT * 64 + 200, 1);
	char *at = stpcpy(text, "{" ALLOW ",\"syscalls\":[");

	for (int i = 0; i < COUNT; i++)
		at = stpcpy(at, &",{\"name\":\"read\",\"action\":\"SCMP_ACT_LOG\"}"[i == 0]);
	(void)stpcpy(at, "]}");
	assert_failure(parse(text, &profile, &err), err, ERR_MALFORMED);
	assert_non_null(strstr(err.text, "too many rules"));
	at = stpcpy(text, "{" ALLOW ",\"syscalls\":[{\"action\":\"SCMP_ACT_LOG\",\"names\":[\"read\"");
	for (int i = 0; i < COUNT; i++)
		at = stpcpy(at, ",\"read\"");
	(void)stpcpy(at, "]}]}");
	assert_failure(parse(text, &profile, &err), err, ERR_MALFORMED);
	assert_non_null(strstr(err.text, "too long a list"));
}

static void in_a_config(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool stated;
	} rows[] = {
		{ "{\"process\":{\"rlimits\":[{\"hard\":18446744073709551615}]},\"linux\":{\"uidMappings\":[],"
		  "\"seccomp\":"
		  "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\"],\"syscalls\":[{"
		  "\"names\":"
		  "[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}]},\"maskedPaths\":[]},\"hooks\":{}}",
		  true },
		{ "{\"linux\":{\"seccomp\":null}}", false },
		{ "{\"linux\":{\"namespaces\":[]}}", false },
		{ "{\"linux\":null}", false },
		{ "{\"process\":{\"linux\":{\"seccomp\":{}}}}", false },
		{ "{}", false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_free char *bytes = unit_exact(rows[i].text, strlen(rows[i].text));
		struct seccomp_profile profile = { 0 };
		bool stated = !rows[i].stated;
		struct err err;

		assert_success(seccomp_profile_parse_config(bytes, strlen(rows[i].text), &profile, &stated, &err), err);
		assert_int_equal(stated, rows[i].stated);
		assert_int_equal(profile.rules_count, rows[i].stated);
		seccomp_profile_done(&profile);
	}
	static const char *const wrong[] = { "",
					     "[]",
					     "{\"linux\":1}",
					     "{\"linux\":{\"seccomp\":[]}}",
					     "{\"linux\":{\"seccomp\":{}}}",
					     "{\"linux\":{\"seccomp\":{" ALLOW ",\"more\":1}}}" };
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct seccomp_profile profile = { 0 };
		bool stated = false;
		struct err err = { 0 };

		assert_failure(seccomp_profile_parse_config(wrong[i], strlen(wrong[i]), &profile, &stated, &err), err,
			       ERR_MALFORMED);
		assert_false(stated);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(reads_each_field), cmocka_unit_test(actions_and_operators),
					    cmocka_unit_test(refuses), cmocka_unit_test(limits),
					    cmocka_unit_test(in_a_config) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
