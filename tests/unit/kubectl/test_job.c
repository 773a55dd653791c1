/* SPDX-License-Identifier: Apache-2.0 */
#include "src/kubectl/job.h"
#include "tests/unit/unit.h"

/* "spec/template/spec/hostPID" */
static json_t *at(json_t *root, const char *path)
{
	cleanup_free char *copy = strdup(path);
	char *rest;

	for (char *word = strtok_r(copy, "/", &rest); word != NULL; word = strtok_r(NULL, "/", &rest))
		root = json_is_array(root) ? json_array_get(root, (size_t)atoi(word)) : json_object_get(root, word);
	return root;
}

static const char *text_at(json_t *root, const char *path)
{
	const char *text = json_string_value(at(root, path));

	return text == NULL ? "(nothing)" : text;
}

static json_t *make(const struct kubectl_request *request)
{
	struct err err = { 0 };
	json_t *job = NULL;

	assert_success(job_make(request, "dbgattach-x", "n1", &job, &err), err);
	return job;
}

static void is_taken_away_by_the_cluster_too(void **state)
{
	(void)state;
	struct kubectl_request request = { .image = "i", .profile = profile_find("general") };
	json_t *job = make(&request);

	assert_string_equal(text_at(job, "kind"), "Job");
	assert_string_equal(text_at(job, "metadata/namespace"), "dbgattach");
	assert_int_equal(json_integer_value(at(job, "spec/ttlSecondsAfterFinished")), 0);
	assert_true(json_is_integer(at(job, "spec/ttlSecondsAfterFinished")));
	assert_true(json_is_integer(at(job, "spec/backoffLimit")));
	assert_true(json_integer_value(at(job, "spec/activeDeadlineSeconds")) > 3600);
	assert_string_equal(text_at(job, "spec/template/spec/nodeName"), "n1");
	assert_true(json_is_true(at(job, "spec/template/spec/hostPID")));
	assert_true(json_is_false(at(job, "spec/template/spec/automountServiceAccountToken")));
	assert_string_equal(text_at(job, "spec/template/spec/restartPolicy"), "Never");
	assert_string_equal(text_at(job, "spec/template/spec/containers/0/command/3"), "--once");
	json_decref(job);
	request.timeout_s = 60;
	job = make(&request);
	assert_true(json_integer_value(at(job, "spec/activeDeadlineSeconds")) < 3600);
	json_decref(job);
}

/* Compared with the words of the API, not with our own table. */
static void has_no_capability_too_many(void **state)
{
	(void)state;
	static const char enter[] = "SYS_ADMIN SYS_PTRACE SYS_CHROOT SETUID SETGID SETPCAP ";
	static const struct {
		const char *profile;
		uint64_t added;
		const char *more;
	} rows[] = {
		{ "general", 0, "DAC_READ_SEARCH KILL NET_RAW " },
		{ "baseline", 0, "DAC_READ_SEARCH " },
		{ "restricted", 0, "" },
		{ "target", 0, "" },
		{ "restricted", CAPABILITY_BIT(19), "" }, /* SYS_PTRACE: there already */
		{ "netadmin", 0, "DAC_READ_SEARCH KILL NET_RAW NET_ADMIN NET_BIND_SERVICE " },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct kubectl_request request = { .image = "i",
						   .profile = profile_find(rows[i].profile),
						   .cap_add = rows[i].added };
		json_t *job = make(&request);
		json_t *security = at(job, "spec/template/spec/containers/0/securityContext"), *name;
		size_t length = 0, k;

		assert_string_equal(text_at(security, "capabilities/drop/0"), "ALL");
		assert_true(json_is_false(at(security, "allowPrivilegeEscalation")));
		assert_true(json_is_true(at(security, "readOnlyRootFilesystem")));
		assert_string_equal(text_at(security, "seccompProfile/type"), "RuntimeDefault");
		assert_null(at(security, "privileged"));
		json_array_foreach(at(security, "capabilities/add"), k, name)
		{
			char word[64];

			(void)snprintf(word, sizeof(word), "%s ", json_string_value(name));
			if (strstr(enter, word) == NULL && strstr(rows[i].more, word) == NULL)
				fail_msg("%s: %s", rows[i].profile, word);
			length += strlen(word);
		}
		assert_int_equal(length, strlen(enter) + strlen(rows[i].more));
		json_decref(job);
	}
}

static void sysadmin_is_privileged(void **state)
{
	(void)state;
	const struct kubectl_request request = { .image = "i", .profile = profile_find("sysadmin") };
	json_t *job = make(&request);

	assert_true(json_is_true(at(job, "spec/template/spec/containers/0/securityContext/privileged")));
	json_decref(job);
}

static void view_is_what_restricted_admits(void **state)
{
	(void)state;
	struct kubectl_request request = { .image = "i", .profile = profile_find("general"), .mode = KUBECTL_VIEW };
	struct err err = { 0 };
	json_t *made = NULL;

	assert_success(job_make_ephemeral(&request, "dbgattach-x", "main", &made, &err), err);
	assert_string_equal(text_at(made, "targetContainerName"), "main");
	assert_true(json_is_false(at(made, "securityContext/allowPrivilegeEscalation")));
	assert_true(json_is_true(at(made, "securityContext/runAsNonRoot")));
	assert_null(at(made, "securityContext/capabilities/add"));
	assert_null(at(made, "securityContext/runAsUser"));
	json_decref(made);
	request.mode = KUBECTL_EPHEMERAL;
	assert_success(job_make_ephemeral(&request, "dbgattach-x", "main", &made, &err), err);
	assert_int_equal(json_integer_value(at(made, "securityContext/runAsUser")), 0);
	assert_true(json_is_false(at(made, "securityContext/runAsNonRoot")));
	json_decref(made);
}

static void needs_an_image(void **state)
{
	(void)state;
	const struct kubectl_request request = { .profile = profile_find("general") };
	struct err err = { 0 };
	json_t *job = NULL;

	assert_failure(job_make(&request, "dbgattach-x", "n1", &job, &err), err, ERR_USAGE);
	assert_null(job);
}

static void names_differ(void **state)
{
	(void)state;
	char one[JOB_NAME_MAX], other[JOB_NAME_MAX];
	struct err err = { 0 };

	assert_success(job_name(one, &err), err);
	assert_success(job_name(other, &err), err);
	assert_string_not_equal(one, other);
	assert_int_equal(strlen(one), strlen("dbgattach-") + 8);
	assert_int_equal(strspn(one, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(one));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_taken_away_by_the_cluster_too),
		cmocka_unit_test(has_no_capability_too_many),
		cmocka_unit_test(sysadmin_is_privileged),
		cmocka_unit_test(view_is_what_restricted_admits),
		cmocka_unit_test(needs_an_image),
		cmocka_unit_test(names_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
