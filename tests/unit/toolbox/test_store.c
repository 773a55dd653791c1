/* SPDX-License-Identifier: Apache-2.0 */
/* The store: which toolbox is chosen, with which layers, whose files are trusted, and what is found damaged. Nothing is mounted. */
#include "src/toolbox/listing.h"

#include "dbgattach/toolbox.h"
#include "tests/unit/target/tree.h"

#include <fcntl.h>
#include <sys/stat.h>

#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
/* printf abc | sha256sum */
#define HASH_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

#if defined(__x86_64__)
#define ARCHITECTURE "amd64"
#else
#define ARCHITECTURE "arm64"
#endif

static const struct tree *tree_of(void **state)
{
	const struct tree *tree = *state;

	assert_int_equal(setenv("DBGATTACH_STORE", tree->path, 1), 0);
	return tree;
}

static void write_manifest(const struct tree *tree, const char *name, const char *own, const char *digest)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/toolbox.json", name);
	tree_write(
		tree, path,
		"{\"version\":1,\"name\":\"%s\",\"prefix\":\"/dbg\",\"architecture\":\"" ARCHITECTURE
		"\",\"digest\":\"sha256:%s\",%s,\"images\":[{\"format\":\"erofs\",\"file\":\"image.erofs\",\"size\":3,"
		"\"sha256\":\"" HASH_ABC "\"}]}",
		name, digest, own);
	(void)snprintf(path, sizeof(path), "%s/image.erofs", name);
	tree_write(tree, path, "abc");
}

static void write_core(const struct tree *tree)
{
	write_manifest(tree, "core", "\"kind\":\"toolbox\",\"shell\":\"bin/bash\"", HASH_A);
}

static void write_layer(const struct tree *tree, const char *name, const char *base)
{
	char own[160];

	(void)snprintf(own, sizeof(own), "\"kind\":\"layer\",\"base\":\"sha256:%s\"", base);
	write_manifest(tree, name, own, HASH_B);
}

static void assert_label(const struct toolbox *toolbox, const char *expected)
{
	char label[256];

	toolbox_label(toolbox, label, sizeof(label));
	assert_string_equal(label, expected);
}

static void an_empty_store_means_the_one_inside(void **state)
{
	(void)tree_of(state);
	struct toolbox toolbox;
	struct err err;
	char shell[64];

	assert_success(toolbox_choose(NULL, &toolbox, &err), err);
	assert_int_equal(toolbox.count, 0);
	assert_string_equal(toolbox.note, "");
	assert_label(&toolbox, "minimal " DBG_VERSION);
	toolbox_shell(&toolbox, shell, sizeof(shell));
	assert_string_equal(shell, "/dbg/bin/sh");
	assert_int_equal(toolbox_watch(&toolbox), -EBADF);
	assert_failure(toolbox_choose("core", &toolbox, &err), err, ERR_NOT_FOUND);
	assert_int_equal(setenv("DBGATTACH_STORE", "/nonexistent/store", 1), 0);
	assert_success(toolbox_choose(NULL, &toolbox, &err), err);
	assert_int_equal(toolbox.count, 0);
}

static void core_comes_with_its_layers(void **state)
{
	const struct tree *tree = tree_of(state);
	struct toolbox toolbox;
	struct err err;
	char shell[64];

	write_core(tree);
	write_layer(tree, "tshark", HASH_A);
	write_layer(tree, "nmap", HASH_A);
	write_manifest(tree, "other", "\"kind\":\"toolbox\",\"shell\":\"bin/sh\"", HASH_B);
	assert_success(toolbox_choose(NULL, &toolbox, &err), err);
	assert_int_equal(toolbox.count, 3);
	assert_string_equal(toolbox.note, "");
	assert_label(&toolbox, "core sha256:aaaaaaaaaaaa +nmap +tshark");
	toolbox_shell(&toolbox, shell, sizeof(shell));
	assert_string_equal(shell, "/dbg/bin/bash");
	toolbox_done(&toolbox);

	assert_success(toolbox_choose("other", &toolbox, &err), err);
	assert_label(&toolbox, "other sha256:bbbbbbbbbbbb");
	toolbox_done(&toolbox);
	assert_failure(toolbox_choose("nmap", &toolbox, &err), err, ERR_USAGE);
	assert_success(toolbox_choose("minimal", &toolbox, &err), err);
	assert_int_equal(toolbox.count, 0);

	cleanup_free char *path = text_printf("%s/core", tree->path);
	assert_success(toolbox_choose(path, &toolbox, &err), err);
	assert_label(&toolbox, "core sha256:aaaaaaaaaaaa");
	assert_int_equal(toolbox_watch(&toolbox), -EBADF);
	toolbox_done(&toolbox);
}

static void what_does_not_fit_is_left_out_and_told(void **state)
{
	const struct tree *tree = tree_of(state);
	struct toolbox toolbox;
	struct err err;

	write_core(tree);
	write_layer(tree, "nmap", HASH_B);
	assert_success(toolbox_choose(NULL, &toolbox, &err), err);
	assert_int_equal(toolbox.count, 1);
	assert_non_null(strstr(toolbox.note, "nmap is left out: it was made for another core"));
	toolbox_done(&toolbox);

	tree_write(tree, "broken/toolbox.json", "{");
	assert_success(toolbox_choose(NULL, &toolbox, &err), err);
	assert_non_null(strstr(toolbox.note, "broken is left out"));
	toolbox_done(&toolbox);
}

static void too_many_layers(void **state)
{
	const struct tree *tree = tree_of(state);
	struct toolbox toolbox;
	struct err err;

	write_core(tree);
	for (int i = 0; i < TOOLBOX_LAYERS_MAX + 1; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "layer%d", i);
		write_layer(tree, name, HASH_A);
	}
	assert_success(toolbox_choose(NULL, &toolbox, &err), err);
	assert_int_equal(toolbox.count, 1 + TOOLBOX_LAYERS_MAX);
	assert_non_null(strstr(toolbox.note, "most there can be"));
	toolbox_done(&toolbox);
}

/* By name it is an error; by itself, a note. */
static void assert_unusable(const char *says, enum err_kind kind)
{
	struct toolbox toolbox;
	struct err err;

	assert_failure(toolbox_choose("core", &toolbox, &err), err, kind);
	if (strstr(err.text, says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.text, says);
	assert_success(toolbox_choose(NULL, &toolbox, &err), err);
	assert_int_equal(toolbox.count, 0);
	if (strstr(toolbox.note, says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", toolbox.note, says);
}

static void what_others_can_write_is_refused(void **state)
{
	const struct tree *tree = tree_of(state);
	static const struct {
		const char *path;
		mode_t bad, good;
	} rows[] = {
		{ "", 0777, 0700 },
		{ "", 0770, 0700 },
		{ "core", 0775, 0755 },
		{ "core", 0757, 0755 },
		{ "core/toolbox.json", 0664, 0644 },
		{ "core/toolbox.json", 0646, 0644 },
	};

	write_core(tree);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_free char *path = text_printf("%s/%s", tree->path, rows[i].path);

		assert_int_equal(chmod(path, rows[i].bad), 0);
		assert_unusable("can be written by others", ERR_REFUSED);
		assert_int_equal(chmod(path, rows[i].good), 0);
	}
	struct toolbox toolbox;
	struct err err;
	assert_success(toolbox_choose("core", &toolbox, &err), err);
	toolbox_done(&toolbox);
}

static void somebody_elses_files_are_refused(void **state)
{
	const struct tree *tree = tree_of(state);
	cleanup_free char *path = text_printf("%s/core", tree->path);

	if (geteuid() != 0)
		skip_because("only root can give files away");
	write_core(tree);
	assert_int_equal(chown(path, 1000, 1000), 0);
	assert_unusable("can be written by others", ERR_REFUSED);
}

static void links_and_other_kinds_are_refused(void **state)
{
	const struct tree *tree = tree_of(state);
	cleanup_free char *core = text_printf("%s/core", tree->path), *real = text_printf("%s/real", tree->path),
			  *json = text_printf("%s/core/toolbox.json", tree->path);

	write_core(tree);
	assert_int_equal(rename(core, real), 0);
	assert_int_equal(symlink("real", core), 0);
	assert_unusable("is a link", ERR_REFUSED);
	assert_int_equal(unlink(core), 0);
	assert_int_equal(rename(real, core), 0);
	assert_int_equal(unlink(json), 0);
	assert_unusable("toolbox.json is not there", ERR_MALFORMED);
	assert_int_equal(mkfifo(json, 0600), 0);
	assert_unusable("neither a file nor a folder", ERR_REFUSED);
}

static void another_host_s_is_told_from_this_one_s(void **state)
{
	const struct tree *tree = tree_of(state);

	tree_write(tree, "core/toolbox.json",
		   "{\"version\":1,\"name\":\"core\",\"kind\":\"toolbox\",\"shell\":\"sh\",\"prefix\":\"/dbg\","
		   "\"architecture\":\"riscv64\",\"digest\":\"sha256:" HASH_A
		   "\",\"images\":[{\"format\":\"tree\",\"file\":\"t\"}]}");
	assert_unusable("made for riscv64", ERR_UNSUPPORTED);
	write_manifest(tree, "nmap", "\"kind\":\"toolbox\",\"shell\":\"sh\"", HASH_A);
	cleanup_free char *from = text_printf("%s/nmap/toolbox.json", tree->path),
			  *to = text_printf("%s/core/toolbox.json", tree->path);
	assert_int_equal(rename(from, to), 0);
	assert_unusable("that of nmap", ERR_MALFORMED);
}

/* ---- digests ---- */

static int verify(const struct tree *tree, enum toolbox_check check, struct err *err)
{
	struct toolbox toolbox;
	int fd = -EBADF;
	(void)tree;

	assert_success(toolbox_choose("core", &toolbox, err), *err);
	int result = toolbox_image_open(&toolbox.parts[0], TOOLBOX_EROFS, &fd, err);
	if (result == 0)
		result = toolbox_verify(&toolbox.parts[0], TOOLBOX_EROFS, fd, check, err);
	close_quietly(fd);
	toolbox_done(&toolbox);
	return result;
}

static void remember(struct err *err)
{
	struct toolbox toolbox;

	assert_success(toolbox_choose("core", &toolbox, err), *err);
	assert_success(toolbox_verify_all(&toolbox.parts[0], err), *err);
	toolbox_done(&toolbox);
}

static void a_changed_image_is_found(void **state)
{
	const struct tree *tree = tree_of(state);
	struct err err;

	write_core(tree);
	assert_success(verify(tree, TOOLBOX_CHECK_ALWAYS, &err), err);
	tree_write(tree, "core/image.erofs", "abd");
	assert_failure(verify(tree, TOOLBOX_CHECK_ALWAYS, &err), err, ERR_MALFORMED);
	assert_non_null(strstr(err.text, "damaged"));
	assert_failure(verify(tree, TOOLBOX_CHECK_CACHED, &err), err, ERR_MALFORMED);
	assert_success(verify(tree, TOOLBOX_CHECK_NEVER, &err), err);
	tree_write(tree, "core/image.erofs", "ab");
	assert_failure(verify(tree, TOOLBOX_CHECK_ALWAYS, &err), err, ERR_MALFORMED);
	assert_non_null(strstr(err.text, "2 bytes, not 3"));
}

/* Remembered by what nobody but root can set back: the same bytes in a new file are hashed anew, and so are other ones. */
static void what_was_good_is_remembered_until_it_changes(void **state)
{
	const struct tree *tree = tree_of(state);
	cleanup_free char *image = text_printf("%s/core/image.erofs", tree->path),
			  *cache = text_printf("%s/core/verified", tree->path);
	struct stat before;
	struct err err;

	write_core(tree);
	remember(&err);
	assert_success(verify(tree, TOOLBOX_CHECK_CACHED, &err), err);
	assert_int_equal(stat(image, &before), 0);
	tree_write(tree, "core/image.erofs", "abd");
	const struct timespec times[] = { before.st_atim, before.st_mtim };
	assert_int_equal(utimensat(AT_FDCWD, image, times, 0), 0);
	assert_failure(verify(tree, TOOLBOX_CHECK_CACHED, &err), err, ERR_MALFORMED);

	/* That it is the memory which is asked: with one of other bytes they pass, and not when others could have written it. */
	write_core(tree);
	remember(&err);
	int fd = open(image, O_WRONLY | O_CLOEXEC);
	struct toolbox toolbox;
	assert_success(toolbox_choose("core", &toolbox, &err), err);
	free(toolbox.parts[0].manifest.images[TOOLBOX_EROFS].sha256);
	toolbox.parts[0].manifest.images[TOOLBOX_EROFS].sha256 = strdup(HASH_B);
	close_quietly(fd);
	fd = open(image, O_RDONLY | O_CLOEXEC);
	assert_failure(toolbox_verify(&toolbox.parts[0], TOOLBOX_EROFS, fd, TOOLBOX_CHECK_CACHED, &err), err,
		       ERR_MALFORMED);
	cleanup_free char *text = NULL;
	size_t size = 0;
	FILE *file = fopen(cache, "r+");
	assert_non_null(file);
	assert_true(getline(&text, &size, file) > 0);
	memcpy(strstr(text, HASH_ABC), HASH_B, TOOLBOX_HASH_LENGTH);
	rewind(file);
	assert_true(fputs(text, file) >= 0);
	(void)fclose(file);
	assert_success(toolbox_verify(&toolbox.parts[0], TOOLBOX_EROFS, fd, TOOLBOX_CHECK_CACHED, &err), err);
	assert_failure(toolbox_verify(&toolbox.parts[0], TOOLBOX_EROFS, fd, TOOLBOX_CHECK_ALWAYS, &err), err,
		       ERR_MALFORMED);
	assert_int_equal(chmod(cache, 0666), 0);
	assert_failure(toolbox_verify(&toolbox.parts[0], TOOLBOX_EROFS, fd, TOOLBOX_CHECK_CACHED, &err), err,
		       ERR_MALFORMED);
	close_quietly(fd);
	toolbox_done(&toolbox);
}

static void an_image_that_others_can_write_is_not_opened(void **state)
{
	const struct tree *tree = tree_of(state);
	cleanup_free char *image = text_printf("%s/core/image.erofs", tree->path);
	struct err err;

	write_core(tree);
	assert_int_equal(chmod(image, 0666), 0);
	assert_failure(verify(tree, TOOLBOX_CHECK_NEVER, &err), err, ERR_REFUSED);
}

/* What the builder hashes, in the order of bytes: "a-b" comes before "a/b". */
static void a_folder_s_listing(void **state)
{
	const struct tree *tree = tree_of(state);
	static const char expected[] = "d .\nd a\nf 600 " HASH_ABC " a-b\nf 644 " HASH_ABC " a/b\nl a/b c\n";
	cleanup_free char *link = text_printf("%s/t/c", tree->path), *folder = text_printf("%s/t", tree->path),
			  *file = text_printf("%s/t/a/b", tree->path);
	char text[HASH_TEXT_SIZE], wanted[HASH_TEXT_SIZE], stamp[HASH_TEXT_SIZE];
	struct sha256_ctx hash;
	struct err err;

	tree_write(tree, "t/a-b", "abc");
	tree_write(tree, "t/a/b", "abc");
	assert_int_equal(chmod(file, 0644), 0);
	assert_int_equal(symlink("a/b", link), 0);
	cleanup_close int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	sha256_init(&hash);
	sha256_update(&hash, strlen(expected), (const uint8_t *)expected);
	hash_text(&hash, wanted);
	sha256_init(&hash);
	assert_success(listing_hash(fd, false, &hash, &err), err);
	hash_text(&hash, text);
	assert_string_equal(text, wanted);

	sha256_init(&hash);
	assert_success(listing_hash(fd, true, &hash, &err), err);
	hash_text(&hash, stamp);
	tree_write(tree, "t/a/b", "abc");
	sha256_init(&hash);
	assert_success(listing_hash(fd, true, &hash, &err), err);
	hash_text(&hash, text);
	assert_string_not_equal(text, stamp);

	assert_int_equal(chmod(file, 0666), 0);
	sha256_init(&hash);
	assert_failure(listing_hash(fd, false, &hash, &err), err, ERR_REFUSED);
}

static void a_layer_that_comes_is_seen(void **state)
{
	const struct tree *tree = tree_of(state);
	cleanup_free char *from = text_printf("%s/.new", tree->path), *to = text_printf("%s/nmap", tree->path);
	struct toolbox toolbox, now;
	struct err err;

	write_core(tree);
	assert_success(toolbox_choose(NULL, &toolbox, &err), err);
	cleanup_close int watch = toolbox_watch(&toolbox);
	assert_true(watch >= 0);
	assert_int_equal(toolbox_refresh(&toolbox, watch, &now, &err), 0);
	write_layer(tree, "nmap", HASH_A);
	assert_int_equal(rename(to, from), 0);
	assert_int_equal(toolbox_refresh(&toolbox, watch, &now, &err), 0);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(toolbox_refresh(&toolbox, watch, &now, &err), 1);
	assert_label(&now, "core sha256:aaaaaaaaaaaa +nmap");
	toolbox_done(&toolbox);
	assert_int_equal(toolbox_refresh(&now, watch, &toolbox, &err), 0);
	/* Another core is for other sessions. */
	write_manifest(tree, "core", "\"kind\":\"toolbox\",\"shell\":\"bin/bash\"", HASH_B);
	write_layer(tree, "tshark", HASH_B);
	assert_int_equal(toolbox_refresh(&now, watch, &toolbox, &err), 0);
	toolbox_done(&now);
}

#define test(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(an_empty_store_means_the_one_inside),
		test(core_comes_with_its_layers),
		test(what_does_not_fit_is_left_out_and_told),
		test(too_many_layers),
		test(what_others_can_write_is_refused),
		test(somebody_elses_files_are_refused),
		test(links_and_other_kinds_are_refused),
		test(another_host_s_is_told_from_this_one_s),
		test(a_changed_image_is_found),
		test(what_was_good_is_remembered_until_it_changes),
		test(an_image_that_others_can_write_is_not_opened),
		test(a_folder_s_listing),
		test(a_layer_that_comes_is_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
