/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/format/annotations.h"
#include "tests/unit/unit.h"

#define CONFIG(notes) "{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[\"/app\"]},\"annotations\":{" notes "}}"

static const char cri[] =
	CONFIG("\"io.kubernetes.cri.container-name\":\"app\",\"io.kubernetes.cri.container-type\":\"container\","
	       "\"io.kubernetes.cri.image-name\":\"localhost/app:1\",\"io.kubernetes.cri.sandbox-id\":\"" ID_A "\","
	       "\"io.kubernetes.cri.sandbox-name\":\"web-0\",\"io.kubernetes.cri.sandbox-namespace\":\"shop\","
	       "\"io.kubernetes.cri.sandbox-uid\":\"7\"");

static void parse(const char *text, struct annotations *ret)
{
	struct err err;
	cleanup_free char *bytes = unit_exact(text, strlen(text));
	assert_success(annotations_parse(bytes, strlen(text), ret, &err), err);
}

static void of_containerd(void **state)
{
	(void)state;
	struct annotations notes = { 0 };

	parse(cri, &notes);
	assert_string_equal(notes.pod_namespace, "shop");
	assert_string_equal(notes.pod, "web-0");
	assert_string_equal(notes.container, "app");
	assert_string_equal(notes.image, "localhost/app:1");
	assert_false(notes.is_sandbox);
	assert_null(notes.name);
	annotations_done(&notes);
	parse(CONFIG("\"io.kubernetes.cri.container-type\":\"sandbox\",\"io.kubernetes.cri.sandbox-name\":\"web-0\""),
	      &notes);
	assert_true(notes.is_sandbox);
	assert_null(notes.container);
	annotations_done(&notes);
}

static void of_crio(void **state)
{
	(void)state;
	struct annotations notes = { 0 };

	parse(CONFIG("\"io.kubernetes.container.name\":\"app\",\"io.kubernetes.cri-o.ContainerType\":\"container\","
		     "\"io.kubernetes.cri-o.ImageName\":\"localhost/app:1\",\"io.kubernetes.pod.name\":\"web-0\","
		     "\"io.kubernetes.pod.namespace\":\"shop\""),
	      &notes);
	assert_string_equal(notes.pod_namespace, "shop");
	assert_string_equal(notes.pod, "web-0");
	assert_string_equal(notes.container, "app");
	assert_string_equal(notes.image, "localhost/app:1");
	assert_false(notes.is_sandbox);
	annotations_done(&notes);
}

static void of_nerdctl_and_none(void **state)
{
	(void)state;
	static const char *const without[] = { "{}", "{\"annotations\":null}", CONFIG("\"other\":\"x\"") };
	struct annotations notes = { 0 };

	parse(CONFIG("\"nerdctl/name\":\"web\",\"nerdctl/namespace\":\"default\""), &notes);
	assert_string_equal(notes.name, "web");
	assert_null(notes.pod);
	annotations_done(&notes);
	for (size_t i = 0; i < ARRAY_SIZE(without); i++) {
		parse(without[i], &notes);
		assert_null(notes.name);
		assert_null(notes.pod);
		annotations_done(&notes);
	}
}

static void refuses(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"[]",
		"{\"annotations\":[]}",
		CONFIG("\"nerdctl/name\":7"),
		CONFIG("\"nerdctl/name\":\"a\",\"nerdctl/name\":\"b\""),
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct annotations notes = { 0 };
		struct err err = { 0 };
		assert_failure(annotations_parse(texts[i], strlen(texts[i]), &notes, &err), err, ERR_MALFORMED);
	}
}

static void parse_cut(const char *bytes, size_t length)
{
	struct annotations notes = { 0 };
	struct err err = { 0 };
	assert_failure(annotations_parse(bytes, length, &notes, &err), err, ERR_MALFORMED);
}

static void survives_every_cut(void **state)
{
	(void)state;
	unit_each_cut(cri, sizeof(cri) - 1, parse_cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_containerd),       cmocka_unit_test(of_crio),
		cmocka_unit_test(of_nerdctl_and_none), cmocka_unit_test(refuses),
		cmocka_unit_test(survives_every_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
