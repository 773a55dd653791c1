/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/format/podman.h"
#include "tests/unit/unit.h"

static const char real[] = "[{\"id\":\"" ID_A "\",\"names\":[\"web\",\"alias\"],\"image\":\"00\",\"layer\":\"00\","
			   "\"metadata\":\"{\\\"image-name\\\":\\\"localhost/app:1\\\",\\\"name\\\":\\\"web\\\"}\","
			   "\"flags\":{\"MountLabel\":\"\"}},{\"id\":\"" ID_B "\",\"metadata\":\"[not json\"},"
			   "{\"id\":\"" ID_C "\",\"names\":null,\"metadata\":\"{\\\"image-name\\\":7}\"}]";

static int count_and_check(const struct podman_container *container, void *context, struct err *err)
{
	size_t *count = context;
	(void)err;
	switch ((*count)++) {
	case 0:
		assert_string_equal(container->id, ID_A);
		assert_int_equal(container->names_count, 2);
		assert_string_equal(container->names[1], "alias");
		assert_string_equal(container->image, "localhost/app:1");
		return 0;
	case 1:
		assert_string_equal(container->id, ID_B);
		break;
	default:
		assert_string_equal(container->id, ID_C);
	}
	assert_int_equal(container->names_count, 0);
	assert_string_equal(container->image, "");
	return 0;
}

static void visits_each(void **state)
{
	(void)state;
	size_t count = 0;
	struct err err;
	cleanup_free char *bytes = unit_exact(real, sizeof(real) - 1);

	assert_success(podman_containers_parse(bytes, sizeof(real) - 1, NULL, count_and_check, &count, &err), err);
	assert_int_equal(count, 3);
	assert_success(podman_containers_parse("[]", 2, NULL, count_and_check, &count, &err), err);
	assert_int_equal(count, 3);
}

static void passes_by_what_does_not_hold_the_word(void **state)
{
	(void)state;
	size_t count = 1;
	struct err err;

	/* What is not parsed is not checked, but it has to be JSON. */
	static const char text[] = "[{\"id\":7},{\"id\":\"" ID_B "\",\"metadata\":\"[not json\"}]";
	assert_success(podman_containers_parse(text, sizeof(text) - 1, ID_B, count_and_check, &count, &err), err);
	assert_int_equal(count, 2);
	assert_failure(podman_containers_parse(text, sizeof(text) - 2, "none", count_and_check, &count, &err), err,
		       ERR_MALFORMED);
}

static int stop(const struct podman_container *container, void *context, struct err *err)
{
	size_t *count = context;
	(void)container;
	++*count;
	return err_set(err, ERR_GONE, "enough");
}

static void a_failing_visit_ends_the_walk(void **state)
{
	(void)state;
	size_t count = 0;
	struct err err;
	assert_failure(podman_containers_parse(real, sizeof(real) - 1, NULL, stop, &count, &err), err, ERR_GONE);
	assert_int_equal(count, 1);
}

static void refuses(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"{}",
		"[1]",
		"[{}]",
		"[{\"id\":\"../../etc\"}]",
		"[{\"id\":\"" ID_A "0\"}]",
		"[{\"id\":\"" ID_A "\",\"names\":[1]}]",
		"[{\"id\":\"" ID_A "\",\"names\":\"web\"}]",
		"[{\"id\":\"AAAAAAAA00000000000000000000000000000000000000000000000000000001\"}]",
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		size_t count = 1;
		struct err err = { 0 };
		assert_failure(podman_containers_parse(texts[i], strlen(texts[i]), NULL, count_and_check, &count, &err),
			       err, ERR_MALFORMED);
	}
}

static int see_crio(const struct podman_container *container, void *context, struct err *err)
{
	size_t *count = context;
	static const struct {
		const char *pod_namespace, *pod, *container;
	} rows[] = {
		{ "shop", "web-0", "app" }, { "shop", "web-0", "POD" }, { "", "", "" }, { "", "", "" }, { "", "", "" }
	};
	(void)err;
	assert_true(*count < ARRAY_SIZE(rows));
	assert_true(container->is_crio);
	assert_string_equal(container->pod_namespace, rows[*count].pod_namespace);
	assert_string_equal(container->pod, rows[*count].pod);
	assert_string_equal(container->container, rows[*count].container);
	++*count;
	return 0;
}

#define CRIO(name) "{\"id\":\"" ID_A "\",\"metadata\":\"{\\\"pod-id\\\":\\\"x\\\",\\\"name\\\":\\\"" name "\\\"}\"}"

static void names_of_crio(void **state)
{
	(void)state;
	static const char text[] =
		"[" CRIO("k8s_app_web-0_shop_1234-5678_0") "," CRIO("k8s_POD_web-0_shop_1234-5678_0") "," CRIO(
			"k8s_app_web-0_shop_1234-5678") "," CRIO("k8s_app__shop_1234_0_0") "," CRIO("x8s_app_"
												    "web-0_"
												    "shop_1234-"
												    "5678_0") "]";
	size_t count = 0;
	struct err err;

	assert_success(podman_containers_parse(text, sizeof(text) - 1, NULL, see_crio, &count, &err), err);
	assert_int_equal(count, 5);
}

static int ignore(const struct podman_container *container, void *context, struct err *err)
{
	(void)container;
	(void)context;
	(void)err;
	return 0;
}

static void parse_cut(const char *bytes, size_t length)
{
	struct err err = { 0 };
	assert_failure(podman_containers_parse(bytes, length, NULL, ignore, NULL, &err), err, ERR_MALFORMED);
}

static void survives_every_cut(void **state)
{
	(void)state;
	unit_each_cut(real, sizeof(real) - 1, parse_cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(visits_each),   cmocka_unit_test(a_failing_visit_ends_the_walk),
		cmocka_unit_test(refuses),       cmocka_unit_test(passes_by_what_does_not_hold_the_word),
		cmocka_unit_test(names_of_crio), cmocka_unit_test(survives_every_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
