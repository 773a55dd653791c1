/* SPDX-License-Identifier: Apache-2.0 */
/* --filter: of one key any, of each key one; and what is no filter. */
#include "dbgattach/inventory.h"
#include "tests/unit/unit.h"

#define TEXTS 4

static const struct target web = { .runtime = "docker",
				   .id = (char[]) { "aaaa1111" },
				   .name = (char[]) { "web-1" },
				   .image = (char[]) { "shop/web:2" },
				   .pod = (char[]) { "default/web" },
				   .pid = 7 };

static void fits(void **state)
{
	(void)state;
	static const struct {
		const char *texts[TEXTS];
		bool fits;
	} rows[] = {
		{ { NULL }, true },
		{ { "runtime=docker" }, true },
		{ { "runtime=dock" }, false },
		{ { "runtime=podman", "runtime=docker" }, true },
		{ { "name=web" }, true },
		{ { "name=-1" }, true },
		{ { "name=db" }, false },
		{ { "name=db", "name=web" }, true },
		{ { "name=web", "runtime=podman" }, false },
		{ { "name=web", "runtime=docker", "image=shop" }, true },
		{ { "image=:2" }, true },
		{ { "image=redis" }, false },
		{ { "pod=default/web" }, true },
		{ { "pod=web" }, true },
		{ { "pod=default" }, true },
		{ { "pod=defaul" }, false },
		{ { "pod=default/we" }, false },
		{ { "id=aaaa" }, true },
		{ { "id=1111" }, false },
		{ { "status=running" }, true },
		{ { "status=paused" }, false },
	};
	const struct target_entry entry = { .target = &web, .state = TARGET_RUNNING };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct inventory_filters filters = { 0 };
		struct err err = { 0 };

		for (size_t k = 0; k < TEXTS && rows[i].texts[k] != NULL; k++)
			assert_success(inventory_filter_add(&filters, rows[i].texts[k], &err), err);
		if (inventory_fits(&filters, &entry) != rows[i].fits)
			fail_msg("row %zu (%s)", i, rows[i].texts[0]);
	}
}

static void what_is_not_known_fits_nothing(void **state)
{
	(void)state;
	char id[] = "x";
	const struct target bare = { .runtime = "runc", .id = id };
	static const char *const texts[] = { "name=x", "image=x", "pod=x" };
	const struct target_entry entry = { .target = &bare };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct inventory_filters filters = { 0 };
		struct err err = { 0 };

		assert_success(inventory_filter_add(&filters, texts[i], &err), err);
		assert_false(inventory_fits(&filters, &entry));
	}
}

static void a_container_of_a_pod(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool fits;
	} rows[] = {
		{ "pod=shop/web-0/app", true }, { "pod=shop/web-0", true }, { "pod=web-0/app", true },
		{ "pod=web-0", true },          { "pod=shop", true },       { "pod=web", false },
		{ "pod=shop/web", false },      { "pod=op/web-0", false },  { "pod=shop/web-0/ap", false },
	};
	char id[] = "x", pod[] = "shop/web-0/app";
	const struct target target = { .runtime = "containerd", .id = id, .pod = pod };
	const struct target_entry entry = { .target = &target };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct inventory_filters filters = { 0 };
		struct err err = { 0 };

		assert_success(inventory_filter_add(&filters, rows[i].text, &err), err);
		if (inventory_fits(&filters, &entry) != rows[i].fits)
			fail_msg("%s", rows[i].text);
	}
}

static void no_filters(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "=", "web", "name", "name=", "names=x", "=x", "Name=x" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct inventory_filters filters = { 0 };
		struct err err = { 0 };

		assert_true(inventory_filter_add(&filters, texts[i], &err) < 0);
		assert_int_equal(err.kind, ERR_USAGE);
	}
	struct inventory_filters filters = { 0 };
	struct err err = { 0 };
	for (size_t i = 0; i < INVENTORY_FILTERS_MAX; i++)
		assert_success(inventory_filter_add(&filters, "name=a", &err), err);
	assert_true(inventory_filter_add(&filters, "name=a", &err) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fits),
		cmocka_unit_test(what_is_not_known_fits_nothing),
		cmocka_unit_test(a_container_of_a_pod),
		cmocka_unit_test(no_filters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
