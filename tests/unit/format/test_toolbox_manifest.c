/* SPDX-License-Identifier: Apache-2.0 */
/* toolbox.json: every field, and everything that must not come through. */
#include "dbgattach/format/toolbox_manifest.h"
#include "tests/unit/unit.h"

#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define IMAGE "{\"format\":\"erofs\",\"file\":\"image.erofs\",\"size\":4096,\"sha256\":\"" HASH_B "\"}"
#define HEAD "{\"version\":1,\"prefix\":\"/dbg\",\"architecture\":\"amd64\",\"digest\":\"sha256:" HASH_A "\","
#define CORE HEAD "\"name\":\"core\",\"kind\":\"toolbox\",\"shell\":\"bin/bash\","

static int parse(const char *text, struct toolbox_manifest *ret, struct err *err)
{
	cleanup_free char *bytes = unit_exact(text, strlen(text));

	return toolbox_manifest_parse(bytes, strlen(text), ret, err);
}

static void reads_each_field(void **state)
{
	(void)state;
	struct toolbox_manifest manifest;
	struct err err;

	assert_success(parse(CORE "\"suite\":\"bookworm\",\"packages\":141,\"programs\":449,\"images\":[" IMAGE
				  ",{\"format\":\"tree\",\"file\":\"tree\"},{\"format\":\"of-2030\",\"file\":\"x\"}]}",
			     &manifest, &err),
		       err);
	assert_string_equal(manifest.name, "core");
	assert_false(manifest.layer);
	assert_string_equal(manifest.architecture, "amd64");
	assert_string_equal(manifest.suite, "bookworm");
	assert_string_equal(manifest.prefix, "/dbg");
	assert_string_equal(manifest.digest, HASH_A);
	assert_null(manifest.base);
	assert_string_equal(manifest.shell, "bin/bash");
	assert_int_equal(manifest.packages, 141);
	assert_int_equal(manifest.programs, 449);
	assert_string_equal(manifest.images[TOOLBOX_EROFS].file, "image.erofs");
	assert_string_equal(manifest.images[TOOLBOX_EROFS].sha256, HASH_B);
	assert_int_equal(manifest.images[TOOLBOX_EROFS].size, 4096);
	assert_null(manifest.images[TOOLBOX_SQUASHFS].file);
	assert_string_equal(manifest.images[TOOLBOX_TREE].file, "tree");
	assert_null(manifest.images[TOOLBOX_TREE].sha256);
	assert_null(manifest.images[TOOLBOX_HOT].file);
	toolbox_manifest_done(&manifest);

	assert_success(parse(HEAD "\"name\":\"g++-12\",\"kind\":\"layer\",\"base\":\"sha256:" HASH_B
				  "\",\"images\":[" IMAGE "]}",
			     &manifest, &err),
		       err);
	assert_true(manifest.layer);
	assert_string_equal(manifest.base, HASH_B);
	assert_null(manifest.shell);
	toolbox_manifest_done(&manifest);
}

static void refuses(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum err_kind kind;
		const char *says;
	} rows[] = {
		{ CORE "\"images\":[" IMAGE "],\"more\":1}", ERR_MALFORMED, "more" },
		{ CORE "\"images\":[]}", ERR_UNSUPPORTED, "no image" },
		{ CORE "\"images\":[{\"format\":\"of-2030\",\"file\":\"x\"}]}", ERR_UNSUPPORTED, "no image" },
		{ CORE "\"images\":[" IMAGE "," IMAGE "]}", ERR_MALFORMED, "two of format" },
		{ CORE "\"images\":[{\"format\":\"hot\",\"file\":\"hot\",\"sha256\":\"" HASH_B "\"}]}", ERR_UNSUPPORTED,
		  "no image" },
		{ CORE "\"images\":[" IMAGE ",{\"format\":\"hot\",\"file\":\"hot\"}]}", ERR_MALFORMED, "sha256" },
		{ CORE "\"images\":{}}", ERR_MALFORMED, "no array" },
		{ CORE "\"images\":[{\"format\":\"tree\",\"file\":\"../tree\"}]}", ERR_MALFORMED, "plain" },
		{ CORE "\"images\":[{\"format\":\"tree\",\"file\":\"a/tree\"}]}", ERR_MALFORMED, "plain" },
		{ CORE "\"images\":[{\"format\":\"tree\",\"file\":\".tree\"}]}", ERR_MALFORMED, "plain" },
		{ CORE "\"images\":[{\"format\":\"tree\",\"file\":\"\"}]}", ERR_MALFORMED, "plain" },
		{ CORE "\"images\":[{\"format\":\"erofs\",\"file\":\"x\",\"size\":1}]}", ERR_MALFORMED, "sha256" },
		{ CORE "\"images\":[{\"format\":\"erofs\",\"file\":\"x\",\"size\":1,\"sha256\":\"b\"}]}", ERR_MALFORMED,
		  "sha256" },
		{ CORE "\"images\":[{\"format\":\"erofs\",\"file\":\"x\",\"size\":0,\"sha256\":\"" HASH_B "\"}]}",
		  ERR_MALFORMED, "size" },
		{ CORE "\"packages\":-1,\"images\":[" IMAGE "]}", ERR_MALFORMED, "count" },
		{ CORE "\"base\":\"sha256:" HASH_B "\",\"images\":[" IMAGE "]}", ERR_MALFORMED, "no base" },
		{ HEAD "\"name\":\"core\",\"kind\":\"toolbox\",\"images\":[" IMAGE "]}", ERR_MALFORMED, "shell" },
		{ HEAD "\"name\":\"core\",\"kind\":\"toolbox\",\"shell\":\"/bin/sh\",\"images\":[" IMAGE "]}",
		  ERR_MALFORMED, "shell" },
		{ HEAD "\"name\":\"core\",\"kind\":\"toolbox\",\"shell\":\"bin/../sh\",\"images\":[" IMAGE "]}",
		  ERR_MALFORMED, "shell" },
		{ HEAD "\"name\":\"nmap\",\"kind\":\"layer\",\"images\":[" IMAGE "]}", ERR_MALFORMED, "a base" },
		{ HEAD "\"name\":\"nmap\",\"kind\":\"layer\",\"base\":\"sha256:b\",\"images\":[" IMAGE "]}",
		  ERR_MALFORMED, "base" },
		{ HEAD "\"name\":\"core\",\"kind\":\"other\",\"images\":[" IMAGE "]}", ERR_MALFORMED, "kind" },
		{ HEAD "\"name\":\"../x\",\"kind\":\"toolbox\",\"shell\":\"sh\",\"images\":[" IMAGE "]}", ERR_MALFORMED,
		  "name" },
		{ HEAD "\"kind\":\"toolbox\",\"shell\":\"sh\",\"images\":[" IMAGE "]}", ERR_MALFORMED, "missing" },
		{ "{\"version\":2,\"prefix\":\"/dbg\",\"architecture\":\"amd64\",\"digest\":\"sha256:" HASH_A
		  "\",\"name\":\"core\",\"kind\":\"toolbox\",\"shell\":\"sh\",\"images\":[" IMAGE "]}",
		  ERR_UNSUPPORTED, "version 2" },
		{ "{\"version\":1,\"prefix\":\"/dbg\",\"architecture\":\"amd64\",\"digest\":\"" HASH_A
		  "\",\"name\":\"core\",\"kind\":\"toolbox\",\"shell\":\"sh\",\"images\":[" IMAGE "]}",
		  ERR_MALFORMED, "digest" },
		{ "[]", ERR_MALFORMED, "object" },
		{ "", ERR_MALFORMED, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct toolbox_manifest manifest = { 0 };
		struct err err = { 0 };

		int result = parse(rows[i].text, &manifest, &err);
		if (result == 0)
			fail_msg("row %zu is taken", i);
		assert_failure(result, err, rows[i].kind);
		if (strstr(err.text, rows[i].says) == NULL)
			fail_msg("row %zu: \"%s\" does not say \"%s\"", i, err.text, rows[i].says);
		assert_null(manifest.name);
	}
}

static void parse_cut(const char *bytes, size_t length)
{
	struct toolbox_manifest manifest;
	struct err err;

	assert_true(toolbox_manifest_parse(bytes, length, &manifest, &err) < 0);
}

static void every_cut_is_an_error(void **state)
{
	(void)state;
	static const char text[] = CORE "\"images\":[" IMAGE "]}";

	unit_each_cut(text, strlen(text), parse_cut);
}

static void names(void **state)
{
	(void)state;
	static const char *const good[] = { "core", "g++-12", "libstdc++6", "0x", "a.b" };
	static const char *const bad[] = { "",    ".new", "-x",   "Core",      "a/b", "a b",
					   "a_b", "..",   "a\nb", "n\xc3\xa4", "\x01" };
	char longest[TOOLBOX_NAME_MAX + 2] = "";

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(toolbox_name_is_valid(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(toolbox_name_is_valid(bad[i]));
	memset(longest, 'a', TOOLBOX_NAME_MAX);
	assert_true(toolbox_name_is_valid(longest));
	longest[TOOLBOX_NAME_MAX] = 'a';
	assert_false(toolbox_name_is_valid(longest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_each_field),
		cmocka_unit_test(refuses),
		cmocka_unit_test(every_cut_is_an_error),
		cmocka_unit_test(names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
