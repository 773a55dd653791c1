/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the reading of toolbox.json. Opens nothing. */
#include "dbgattach/format/toolbox_manifest.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define VERSION 1
#define COUNT_MAX 1000000
#define SIZE_MAX_BYTES (16ULL << 30)
#define DIGEST_PREFIX "sha256:"

static const char *const format_names[TOOLBOX_FORMAT_MAX] = {
	[TOOLBOX_EROFS] = "erofs",
	[TOOLBOX_SQUASHFS] = "squashfs",
	[TOOLBOX_TREE] = "tree",
	[TOOLBOX_HOT] = "hot",
};

const char *toolbox_format_name(enum toolbox_format format)
{
	return format < TOOLBOX_FORMAT_MAX ? format_names[format] : NULL;
}

bool toolbox_format_is_folder(enum toolbox_format format)
{
	return format == TOOLBOX_TREE || format == TOOLBOX_HOT;
}

static bool is_plain(const char *text, const char *more)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	size_t length = strlen(text);

	if (length == 0 || length > TOOLBOX_NAME_MAX || strchr(plain, text[0]) == NULL)
		return false;
	for (size_t i = 0; i < length; i++)
		if (strchr(plain, text[i]) == NULL && strchr(more, text[i]) == NULL)
			return false;
	return true;
}

bool toolbox_name_is_valid(const char *name)
{
	return is_plain(name, "+.-");
}

/* A path of plain names: nothing hidden, no "..", not absolute. */
static bool is_plain_path(const char *path)
{
	return is_plain(path, "+.-_/") && strstr(path, "/.") == NULL && strstr(path, "//") == NULL;
}

static bool is_hash(const char *text)
{
	return strlen(text) == TOOLBOX_HASH_LENGTH && text_is_hex(text, TOOLBOX_HASH_LENGTH);
}

struct raw_image {
	char *format, *file, *sha256;
	int64_t size;
};

static void raw_image_done(struct raw_image *raw)
{
	free(raw->format);
	free(raw->file);
	free(raw->sha256);
}

static int take_image(struct raw_image *raw, struct toolbox_manifest *manifest, struct err *err)
{
	enum toolbox_format format = 0;

	while (format < TOOLBOX_FORMAT_MAX && strcmp(format_names[format], raw->format) != 0)
		format++;
	if (format == TOOLBOX_FORMAT_MAX)
		return 0; /* of a newer builder; whether one is left that can be used is asked at the end */
	struct toolbox_image *image = &manifest->images[format];
	if (image->file != NULL)
		return err_set(err, ERR_MALFORMED, "two of format %s", raw->format);
	if (!is_plain_path(raw->file) || strchr(raw->file, '/') != NULL)
		return err_set(err, ERR_MALFORMED, "file is no plain name");
	if (format != TOOLBOX_TREE && (raw->sha256 == NULL || !is_hash(raw->sha256)))
		return err_set(err, ERR_MALFORMED, "sha256 is not 64 hexadecimal digits");
	if (!toolbox_format_is_folder(format) && (raw->size <= 0 || (uint64_t)raw->size > SIZE_MAX_BYTES))
		return err_set(err, ERR_MALFORMED, "size is no size of an image");
	image->file = take_ptr(raw->file);
	image->sha256 = format == TOOLBOX_TREE ? NULL : take_ptr(raw->sha256);
	image->size = (uint64_t)raw->size;
	return 0;
}

static int read_images(json_t *value, void *base, struct err *err)
{
	static const struct json_field fields[] = {
		{ .name = "format",
		  .type = JSON_FIELD_STRING,
		  .offset = offsetof(struct raw_image, format),
		  .limit = 64,
		  .mandatory = true },
		{ .name = "file",
		  .type = JSON_FIELD_STRING,
		  .offset = offsetof(struct raw_image, file),
		  .limit = TOOLBOX_NAME_MAX,
		  .mandatory = true },
		{ .name = "size", .type = JSON_FIELD_I64, .offset = offsetof(struct raw_image, size) },
		{ .name = "sha256",
		  .type = JSON_FIELD_STRING,
		  .offset = offsetof(struct raw_image, sha256),
		  .limit = TOOLBOX_HASH_LENGTH },
		{ 0 },
	};
	json_t *item;
	size_t i;

	if (!json_is_array(value) || json_array_size(value) > JSON_ARRAY_MAX)
		return err_set(err, ERR_MALFORMED, "is no array");
	json_array_foreach(value, i, item)
	{
		__attribute__((cleanup(raw_image_done))) struct raw_image raw = { 0 };
		int result = json_read(item, fields, JSON_OURS, &raw, err);

		if (result == 0)
			result = take_image(&raw, base, err);
		if (result < 0)
			return err_wrap(err, "element %zu", i);
	}
	return 0;
}

struct raw {
	struct toolbox_manifest manifest; /* first: read_images() gets it as its base */
	char *kind;
	int64_t version, packages, programs;
};

static void raw_done(struct raw *raw)
{
	toolbox_manifest_done(&raw->manifest);
	free(raw->kind);
}

/* "sha256:" and the hash; the hash stays. */
static int strip_digest(char *digest, const char *what, struct err *err)
{
	size_t prefix = strlen(DIGEST_PREFIX);

	if (!text_starts(digest, DIGEST_PREFIX) || !is_hash(digest + prefix))
		return err_set(err, ERR_MALFORMED, "%s is not sha256: and 64 hexadecimal digits", what);
	memmove(digest, digest + prefix, TOOLBOX_HASH_LENGTH + 1);
	return 0;
}

static int check(struct raw *raw, struct err *err)
{
	struct toolbox_manifest *manifest = &raw->manifest;
	bool has_image = false;

	if (raw->version != VERSION)
		return err_set(err, ERR_UNSUPPORTED, "version %lld; this dbgattach knows version %d",
			       (long long)raw->version, VERSION);
	manifest->layer = strcmp(raw->kind, "layer") == 0;
	if (!manifest->layer && strcmp(raw->kind, "toolbox") != 0)
		return err_set(err, ERR_MALFORMED, "kind is neither toolbox nor layer");
	if (!toolbox_name_is_valid(manifest->name))
		return err_set(err, ERR_MALFORMED, "name is no name of a toolbox");
	if (manifest->layer != (manifest->base != NULL) || manifest->layer != (manifest->shell == NULL))
		return err_set(err, ERR_MALFORMED, "a toolbox has a shell and no base, a layer a base and no shell");
	if (manifest->shell != NULL && !is_plain_path(manifest->shell))
		return err_set(err, ERR_MALFORMED, "shell is no plain path");
	if (raw->packages < 0 || raw->packages > COUNT_MAX || raw->programs < 0 || raw->programs > COUNT_MAX)
		return err_set(err, ERR_MALFORMED, "packages or programs is no count");
	manifest->packages = (uint64_t)raw->packages;
	manifest->programs = (uint64_t)raw->programs;
	int result = strip_digest(manifest->digest, "digest", err);
	if (result == 0 && manifest->base != NULL)
		result = strip_digest(manifest->base, "base", err);
	for (enum toolbox_format i = 0; i < TOOLBOX_HOT; i++)
		has_image |= manifest->images[i].file != NULL;
	return result < 0 || has_image ?
		       result :
		       err_set(err, ERR_UNSUPPORTED, "it has no image of a format that is known here");
}

#define STRING(member, longest)                                                                                        \
	{                                                                                                              \
		.name = #member, .type = JSON_FIELD_STRING, .offset = offsetof(struct raw, manifest.member),           \
		.limit = (longest)                                                                                     \
	}

int toolbox_manifest_parse(const char *bytes, size_t length, struct toolbox_manifest *ret, struct err *err)
{
	static const struct json_field fields[] = {
		{ .name = "version",
		  .type = JSON_FIELD_I64,
		  .offset = offsetof(struct raw, version),
		  .mandatory = true },
		{ .name = "kind",
		  .type = JSON_FIELD_STRING,
		  .offset = offsetof(struct raw, kind),
		  .limit = 16,
		  .mandatory = true },
		{ .name = "packages", .type = JSON_FIELD_I64, .offset = offsetof(struct raw, packages) },
		{ .name = "programs", .type = JSON_FIELD_I64, .offset = offsetof(struct raw, programs) },
		{ .name = "images", .type = JSON_FIELD_CALL, .call = read_images, .mandatory = true },
		STRING(name, TOOLBOX_NAME_MAX),
		STRING(prefix, 16),
		STRING(architecture, 32),
		STRING(suite, 64),
		STRING(digest, 128),
		STRING(base, 128),
		STRING(shell, TOOLBOX_NAME_MAX),
		{ 0 },
	};
	__attribute__((cleanup(raw_done))) struct raw raw = { 0 };
	cleanup_json json_t *root = NULL;
	int result = json_parse(bytes, length, &root, err);

	if (result == 0)
		result = json_read(root, fields, JSON_OURS, &raw, err);
	if (result < 0)
		return result;
	if (raw.manifest.name == NULL || raw.manifest.prefix == NULL || raw.manifest.architecture == NULL ||
	    raw.manifest.digest == NULL)
		return err_set(err, ERR_MALFORMED, "name, prefix, architecture or digest is missing");
	result = check(&raw, err);
	if (result < 0)
		return result;
	*ret = raw.manifest;
	raw.manifest = (struct toolbox_manifest) { 0 };
	return 0;
}

void toolbox_manifest_done(struct toolbox_manifest *manifest)
{
	char **const strings[] = { &manifest->name,   &manifest->architecture, &manifest->suite, &manifest->prefix,
				   &manifest->digest, &manifest->base,         &manifest->shell };

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		free(take_ptr(*strings[i]));
	for (size_t i = 0; i < TOOLBOX_FORMAT_MAX; i++) {
		free(take_ptr(manifest->images[i].file));
		free(take_ptr(manifest->images[i].sha256));
	}
}
