/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/format/idmap.h"
#include "tests/unit/unit.h"

#include <errno.h>

static int parse(const char *text, struct idmap *map, struct err *err)
{
	cleanup_free char *bytes = unit_exact(text, strlen(text));
	*err = (struct err) { 0 };
	return idmap_parse(bytes, strlen(text), map, err);
}

static void translates(void **state)
{
	(void)state;
	struct idmap map;
	struct err err;
	uint32_t id = 7;

	assert_success(parse("         0       1000          1\n         1     100000      65536\n", &map, &err), err);
	assert_int_equal(map.count, 2);
	assert_int_equal(idmap_to_outside(&map, 0, &id), 0);
	assert_int_equal(id, 1000);
	assert_int_equal(idmap_to_outside(&map, 65536, &id), 0);
	assert_int_equal(id, 165535);
	assert_int_equal(idmap_to_outside(&map, 65537, &id), -ENOENT);
	assert_int_equal(id, 165535);
	assert_int_equal(idmap_to_inside(&map, 100000, &id), 0);
	assert_int_equal(id, 1);
	assert_int_equal(idmap_to_inside(&map, 0, &id), -ENOENT);
	assert_true(idmap_has_inside(&map, 0));
	assert_false(idmap_has_inside(&map, 70000));
	assert_false(idmap_is_identity(&map));
}

static void special_maps(void **state)
{
	(void)state;
	struct idmap map;
	struct err err;
	uint32_t id;

	assert_success(parse("0 0 4294967295\n", &map, &err), err);
	assert_true(idmap_is_identity(&map));
	assert_false(idmap_has_inside(&map, UINT32_MAX)); /* (uid_t)-1 is no id */
	assert_success(parse("", &map, &err), err);
	assert_int_equal(map.count, 0); /* not written yet */
	assert_false(idmap_is_identity(&map));
	assert_success(parse("4294967295 5 1\n", &map, &err), err);
	assert_int_equal(idmap_to_outside(&map, UINT32_MAX, &id), 0);
	assert_int_equal(id, 5);
	/* Root is not mapped. */
	assert_success(parse("1000 0 1\n", &map, &err), err);
	assert_false(idmap_has_inside(&map, 0));
}

static void refuses(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"\n",
		"0 0\n",
		"0 0 1 1\n",
		"0 0 0\n",
		"-1 0 1\n",
		"0 x 1\n",
		"4294967296 0 1\n",
		"4294967295 0 2\n",
		"0 4294967295 2\n",
		"0 0 10\n5 100 10\n",
		"0 0 10\n100 5 10\n",
		"0 0 1",
		"0 0 1\n1 1 1",
		"0 0 1\n\n",
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct idmap map;
		struct err err;
		if (parse(texts[i], &map, &err) >= 0)
			fail_msg("taken: %s", texts[i]);
		assert_int_equal(err.kind, ERR_MALFORMED);
	}
}

static void has_340_extents_at_most(void **state)
{
	(void)state;
	char text[16384];
	size_t used = 0;
	struct idmap map;
	struct err err;

	for (int i = 0; i < IDMAP_EXTENTS_MAX; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%d %d 1\n", 2 * i, 3 * i);
	assert_success(parse(text, &map, &err), err);
	assert_int_equal(map.count, IDMAP_EXTENTS_MAX);
	strcpy(text + used, "9999 9999 1\n");
	assert_failure(parse(text, &map, &err), err, ERR_MALFORMED);
}

static void parse_cut(const char *bytes, size_t length)
{
	struct idmap map;
	struct err err = { 0 };
	if (idmap_parse(bytes, length, &map, &err) == 0)
		assert_true(length == 0 || bytes[length - 1] == '\n');
	else
		assert_int_equal(err.kind, ERR_MALFORMED);
}

static void survives_every_cut(void **state)
{
	(void)state;
	static const char text[] = "         0       1000          1\n         1     100000      65536\n";
	unit_each_cut(text, sizeof(text) - 1, parse_cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(translates),
		cmocka_unit_test(special_maps),
		cmocka_unit_test(refuses),
		cmocka_unit_test(has_340_extents_at_most),
		cmocka_unit_test(survives_every_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
