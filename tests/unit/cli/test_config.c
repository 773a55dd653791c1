/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration makes of a command line. */
#include "src/cli/config.h"
#include "tests/unit/unit.h"

#define WORDS_MAX 10

/* The words before TARGET under a configuration; the request's profile has to be looked at before attach_request_done(). */
static int judge(const char *text, const char *words, struct cli_result *ret, struct err *err)
{
	static struct config config;
	static char line[256];
	char *argv[WORDS_MAX + 2] = { (char *)(uintptr_t) "dbgattach" }, *rest;
	int argc = 1;

	assert_success(config_parse(text, strlen(text), &config, err), *err);
	assert_true(strlen(words) < sizeof(line));
	memcpy(line, words, strlen(words) + 1);
	for (char *word = strtok_r(line, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	argv[argc++] = (char *)(uintptr_t) "web";
	assert_success(cli_parse(argc, argv, ret, err), *err);
	int result = config_apply(&config, ret, err);
	ret->request.toolbox = NULL; /* not to be looked at: it was the configuration's */
	ret->request.shell = NULL;
	config_done(&config);
	return result;
}

static void defaults_give_way(void **state)
{
	(void)state;
	static const char text[] =
		"{\"defaults\":{\"profile\":\"baseline\",\"toolbox_check\":\"always\",\"timeout\":\"1h\"}}";
	struct cli_result cli;
	struct err err = { 0 };

	assert_success(judge(text, "", &cli, &err), err);
	assert_string_equal(cli.request.profile->name, "baseline");
	assert_int_equal(cli.request.toolbox_check, TOOLBOX_CHECK_ALWAYS);
	assert_int_equal(cli.request.timeout_s, 3600);
	attach_request_done(&cli.request);

	assert_success(judge(text, "--profile general --toolbox-check cached --timeout 5", &cli, &err), err);
	assert_string_equal(cli.request.profile->name, "general");
	assert_int_equal(cli.request.toolbox_check, TOOLBOX_CHECK_CACHED);
	assert_int_equal(cli.request.timeout_s, 5);
	attach_request_done(&cli.request);
}

static void the_policy_counts(void **state)
{
	(void)state;
#define ONLY_LOOK "{\"policy\":{\"profiles\":[\"baseline\",\"restricted\"]}}"
#define EMPTY "{\"policy\":{}}"
	static const struct {
		const char *text, *words, *says; /* NULL: allowed */
	} rows[] = {
		{ "{}", "--profile sysadmin --write --cap-add ALL --host-pid", NULL },
		{ ONLY_LOOK, "", "--profile general: /etc/dbgattach/config.json allows only baseline, restricted" },
		{ ONLY_LOOK, "--profile sysadmin", "--profile sysadmin: " },
		{ ONLY_LOOK, "--privileged", "--profile sysadmin: " },
		{ ONLY_LOOK, "--profile restricted", NULL },
		{ "{\"policy\":{\"profiles\":[]}}", "", "allows only profiles of none" },
		{ "{\"policy\":{\"profiles\":[\"gnrl\"]}}", "", "there is no profile \"gnrl\"" },
		{ "{\"defaults\":{\"profile\":\"baseline\"},\"policy\":{\"profiles\":[\"baseline\"]}}", "", NULL },
		{ "{\"defaults\":{\"profile\":\"mine\"}}", "", "/etc/dbgattach/config.json: --profile mine: " },
		{ EMPTY, "", NULL },
		{ EMPTY, "-t --cap-drop KILL -e A=b --lsm target --seccomp target", NULL },
		{ EMPTY, "--write", "--write: /etc/dbgattach/config.json allows only what the profile has" },
		{ EMPTY, "--cap-add KILL", "--cap-add: " },
		{ EMPTY, "--host-pid", "--host-pid: " },
		{ EMPTY, "--host-net", "--host-net: " },
		{ EMPTY, "--ns pid,mnt", "--ns: " },
		{ EMPTY, "--lsm unconfined", "--lsm: " },
		{ EMPTY, "--profile sysadmin --lsm unconfined --seccomp unconfined", NULL },
		{ EMPTY, "--seccomp unconfined", "--seccomp: " },
		{ EMPTY, "--profile restricted --seccomp default", "--seccomp: " },
		{ EMPTY, "--profile restricted --seccomp target", "--seccomp: " },
		{ EMPTY, "--profile target --seccomp target", NULL },
		{ EMPTY, "--profile sysadmin --seccomp default", NULL },
		{ EMPTY, "-u target", NULL },
		{ EMPTY, "-u root", NULL },
		{ EMPTY, "-u 1000", "--user: " },
		{ EMPTY, "--profile restricted -u root", "--user: " },
		{ "{\"policy\":{\"allow\":[\"write\",\"host-pid\"]}}", "--write --host-pid", NULL },
		{ "{\"policy\":{\"allow\":[\"write\",\"host-pid\"]}}", "--write --host-net",
		  "--host-net: /etc/dbgattach/config.json allows only host-pid, write" },
		{ "{\"policy\":{\"max_timeout\":\"1h\"}}", "--timeout 61m",
		  "--timeout 3660s: /etc/dbgattach/config.json allows only 3600s" },
		{ "{\"policy\":{\"max_timeout\":\"1h\"}}", "--timeout 1h", NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cli_result cli;
		struct err err = { 0 };
		int result = judge(rows[i].text, rows[i].words, &cli, &err);

		if ((result < 0) != (rows[i].says != NULL) ||
		    (rows[i].says != NULL && strstr(err.text, rows[i].says) == NULL))
			fail_msg("%s: %s: \"%s\", not \"%s\"", rows[i].text, rows[i].words, err.text,
				 rows[i].says != NULL ? rows[i].says : "");
		attach_request_done(&cli.request);
	}
}

static void a_profile_of_ones_own(void **state)
{
	(void)state;
	char path[] = "/tmp/dbgattach-config-XXXXXX";
	cleanup_close int fd = mkstemp(path);
	static const char own[] = "{\"name\":\"mine\",\"capabilities\":\"all\"}";
	struct cli_result cli;
	struct err err = { 0 };
	char words[64];

	assert_true(fd >= 0 && write(fd, own, strlen(own)) == (ssize_t)strlen(own));
	assert_int_equal(text_format(words, sizeof(words), "--custom %s", path), 0);
	assert_failure(judge(ONLY_LOOK, words, &cli, &err), err, ERR_REFUSED);
	assert_string_equal(err.text, "--custom: /etc/dbgattach/config.json allows only what the profile has");
	attach_request_done(&cli.request);
	assert_success(judge("{\"policy\":{\"profiles\":[],\"allow\":[\"custom\"]}}", words, &cli, &err), err);
	attach_request_done(&cli.request);
	(void)unlink(path);
}

static void the_longest_time_is_everybodys(void **state)
{
	(void)state;
	struct cli_result cli;
	struct err err = { 0 };

	assert_success(judge("{\"policy\":{\"max_timeout\":\"8h\"}}", "", &cli, &err), err);
	assert_int_equal(cli.request.timeout_s, 8 * 3600);
	attach_request_done(&cli.request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_give_way),
		cmocka_unit_test(the_policy_counts),
		cmocka_unit_test(a_profile_of_ones_own),
		cmocka_unit_test(the_longest_time_is_everybodys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
