/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/format/kube_pod.h"
#include "tests/unit/unit.h"

#define POD                                                                                                            \
	"{\"kind\":\"Pod\",\"metadata\":{\"name\":\"app\",\"namespace\":\"ns\",\"creationTimestamp\":\"2026-01-01T00:" \
	"00:00Z\","                                                                                                    \
	"\"annotations\":{\"kubectl.kubernetes.io/default-container\":\"side\"}},"                                     \
	"\"spec\":{\"nodeName\":\"n1\",\"containers\":[{\"name\":\"main\"},{\"name\":\"side\"}],"                      \
	"\"initContainers\":[{\"name\":\"init\"}],\"ephemeralContainers\":[{\"name\":\"eph\"}]},"                      \
	"\"status\":{\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}],"                 \
	"\"containerStatuses\":[{\"name\":\"side\",\"containerID\":\"containerd://" ID_A                               \
	"\",\"state\":{\"running\":{}}},"                                                                              \
	"{\"name\":\"main\",\"state\":{\"waiting\":{\"reason\":\"ErrImagePull\",\"message\":\"no\"}}}],"               \
	"\"initContainerStatuses\":[{\"name\":\"init\",\"state\":{\"terminated\":{\"reason\":\"Completed\"}}}],"       \
	"\"ephemeralContainerStatuses\":[{\"name\":\"eph\",\"containerID\":\"\",\"state\":{\"running\":{}}}]}}"
#define UNSCHEDULED                                                                                                    \
	"{\"metadata\":{\"name\":\"u\",\"deletionTimestamp\":\"x\"},\"status\":{\"phase\":\"Pending\",\"conditions\":" \
	"[{"                                                                                                           \
	"\"type\":\"PodScheduled\",\"status\":\"False\",\"reason\":\"Unschedulable\",\"message\":\"0/3 nodes\"}]}}"

static void parse(const char *text, struct kube_pods *pods)
{
	size_t length = strlen(text);
	cleanup_free char *exact = unit_exact(text, length);
	struct err err = { 0 };

	assert_success(kube_pods_parse(exact, length, pods, &err), err);
}

static void one(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		enum kube_container_kind kind;
		enum kube_state state;
		const char *id, *reason;
	} rows[] = {
		{ "main", KUBE_CONTAINER, KUBE_WAITING, NULL, "ErrImagePull" },
		{ "side", KUBE_CONTAINER, KUBE_RUNNING, "containerd://" ID_A, NULL },
		{ "init", KUBE_INIT_CONTAINER, KUBE_TERMINATED, NULL, "Completed" },
		{ "eph", KUBE_EPHEMERAL_CONTAINER, KUBE_RUNNING, NULL, NULL },
	};
	struct kube_pods pods = { 0 };

	parse(POD, &pods);
	assert_int_equal(pods.count, 1);
	const struct kube_pod *pod = &pods.pods[0];
	assert_string_equal(pod->name, "app");
	assert_string_equal(pod->name_space, "ns");
	assert_string_equal(pod->node, "n1");
	assert_string_equal(pod->default_container, "side");
	assert_true(pod->ready && !pod->deleted);
	assert_int_equal(pod->count, ARRAY_SIZE(rows));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct kube_container *container = &pod->containers[i];

		assert_string_equal(container->name, rows[i].name);
		assert_int_equal(container->kind, rows[i].kind);
		assert_int_equal(container->state, rows[i].state);
		assert_true((container->id == NULL) == (rows[i].id == NULL));
		assert_true((container->reason == NULL) == (rows[i].reason == NULL));
		if (rows[i].id != NULL)
			assert_string_equal(container->id, rows[i].id);
		if (rows[i].reason != NULL)
			assert_string_equal(container->reason, rows[i].reason);
	}
	kube_pods_done(&pods);
}

static void several(void **state)
{
	(void)state;
	struct kube_pods pods = { 0 };

	parse("{\"kind\":\"List\",\"items\":[" POD "," UNSCHEDULED "]}", &pods);
	assert_int_equal(pods.count, 2);
	assert_null(pods.pods[1].node);
	assert_string_equal(pods.pods[1].reason, "Unschedulable");
	assert_string_equal(pods.pods[1].message, "0/3 nodes");
	assert_true(pods.pods[1].deleted && !pods.pods[1].ready);
	kube_pods_done(&pods);
	parse("{\"items\":[]}", &pods);
	assert_int_equal(pods.count, 0);
	kube_pods_done(&pods);
}

static void refuses(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"",
		"[]",
		"{}",
		"{\"items\":{}}",
		"{\"items\":[1]}",
		"{\"metadata\":{}}",
		"{\"metadata\":{\"name\":1}}",
		"{\"metadata\":{\"name\":\"x\"},\"spec\":{\"containers\":[{}]}}",
		"{\"metadata\":{\"name\":\"x\"},\"status\":{\"containerStatuses\":[{\"name\":\"x\",\"state\":1}]}}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct kube_pods pods = { 0 };
		struct err err = { 0 };

		assert_failure(kube_pods_parse(wrong[i], strlen(wrong[i]), &pods, &err), err, ERR_MALFORMED);
		assert_null(pods.pods);
	}
}

static void selectors(void **state)
{
	(void)state;
	static const struct {
		const char *text, *selector;
	} rows[] = {
		{ "{\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"x\",\"tier\":\"y\"}}}}", "app=x,tier=y" },
		{ "{\"spec\":{\"selector\":{\"app\":\"x\"}}}", "app=x" }, /* a Service's */
		{ "{\"spec\":{\"selector\":{\"matchLabels\":{\"a\":\"b\"},\"matchExpressions\":["
		  "{\"key\":\"c\",\"operator\":\"In\",\"values\":[\"d\",\"e\"]},"
		  "{\"key\":\"f\",\"operator\":\"NotIn\",\"values\":[\"g\"]},"
		  "{\"key\":\"h\",\"operator\":\"Exists\"},{\"key\":\"i\",\"operator\":\"DoesNotExist\"}]}}}",
		  "a=b,c in (d,e),f notin (g),h,!i" },
	};
	static const struct {
		const char *text;
		enum err_kind kind;
	} wrong[] = {
		{ "{}", ERR_NOT_FOUND },
		{ "{\"spec\":{\"selector\":{}}}", ERR_NOT_FOUND },
		{ "{\"spec\":{\"selector\":{\"matchLabels\":{\"a\":1}}}}", ERR_MALFORMED },
		{ "{\"spec\":{\"selector\":{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"Gt\"}]}}}",
		  ERR_MALFORMED },
		{ "{\"spec\":{\"selector\":{\"matchExpressions\":[{\"operator\":\"In\"}]}}}", ERR_MALFORMED },
		{ "[", ERR_MALFORMED },
	};
	struct err err = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_free char *selector = NULL;

		assert_success(kube_selector_parse(rows[i].text, strlen(rows[i].text), &selector, &err), err);
		assert_string_equal(selector, rows[i].selector);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		char *selector = NULL;

		err = (struct err) { 0 };
		assert_failure(kube_selector_parse(wrong[i].text, strlen(wrong[i].text), &selector, &err), err,
			       wrong[i].kind);
		assert_null(selector);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one),
		cmocka_unit_test(several),
		cmocka_unit_test(refuses),
		cmocka_unit_test(selectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
