/* SPDX-License-Identifier: Apache-2.0 */
/* `dbgattach toolbox list`: the store as a table or as JSON. */
#include "toolbox_list.h"
#include "output.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/text.h"
#include "dbgattach/toolbox.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* No store is an empty one. */
int toolbox_open_store(char *path, size_t size, int *ret_store, struct err *err)
{
	int result = toolbox_store_path(path, size, err);

	if (result == 0)
		result = toolbox_folder_open(path, ret_store, err);
	return result < 0 && err->kind == ERR_NOT_FOUND ? 0 : result;
}

struct listing {
	json_t *rows;
	char core[TOOLBOX_HASH_LENGTH + 1]; /* what a layer must be for */
};

static void add_formats(json_t *row, const struct toolbox_manifest *manifest)
{
	json_t *formats = json_array();
	uint64_t size = 0;

	for (enum toolbox_format i = 0; i < TOOLBOX_HOT; i++)
		if (manifest->images[i].file != NULL) {
			(void)json_array_append_new(formats, json_string(toolbox_format_name(i)));
			size = size == 0 ? manifest->images[i].size : size;
		}
	(void)json_object_set_new(row, "formats", formats);
	(void)json_object_set_new(row, "size", json_integer((json_int_t)size));
}

static int add_row(const char *name, struct toolbox_part *part, const struct err *why, void *context, struct err *err)
{
	struct listing *listing = context;
	json_t *row = json_pack("{s:s}", "name", name);

	if (row == NULL || json_array_append_new(listing->rows, row) < 0)
		return err_sys(err, ENOMEM, "listing toolboxes");
	if (part == NULL) {
		(void)json_object_set_new(row, "state", json_string("unusable"));
		(void)json_object_set_new(row, "reason", json_string(why->text));
		return 0;
	}
	const struct toolbox_manifest *manifest = &part->manifest;
	bool astray = manifest->layer && strcmp(manifest->base, listing->core) != 0;
	(void)json_object_set_new(row, "state", json_string(astray ? "left out" : "ready"));
	if (astray)
		(void)json_object_set_new(
			row, "reason", json_string("made for another " TOOLBOX_DEFAULT "; toolbox add makes it anew"));
	(void)json_object_set_new(row, "kind", json_string(manifest->layer ? "layer" : "toolbox"));
	(void)json_object_set_new(row, "digest", json_sprintf("sha256:%s", manifest->digest));
	(void)json_object_set_new(row, "suite", manifest->suite == NULL ? json_null() : json_string(manifest->suite));
	(void)json_object_set_new(row, "packages", json_integer((json_int_t)manifest->packages));
	(void)json_object_set_new(row, "programs", json_integer((json_int_t)manifest->programs));
	add_formats(row, manifest);
	return 0;
}

static const char *text_of(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text == NULL ? "" : text;
}

static int print_row(struct table *table, const json_t *row, struct err *err)
{
	const char *reason = json_string_value(json_object_get(row, "reason"));
	const char *digest = json_string_value(json_object_get(row, "digest"));
	char size[24] = "", programs[24] = "", hash[16] = "", state[ERR_TEXT_MAX + 32];
	const char *const cells[] = { text_of(row, "name"), text_of(row, "kind"), hash, size, programs, state };
	json_int_t bytes = json_integer_value(json_object_get(row, "size"));

	if (digest != NULL)
		(void)snprintf(hash, sizeof(hash), "%.12s",
			       text_starts(digest, "sha256:") ? digest + strlen("sha256:") : digest);
	if (bytes > 0)
		(void)snprintf(size, sizeof(size), "%.1f MB", (double)bytes / 1e6);
	if (json_object_get(row, "programs") != NULL)
		(void)snprintf(programs, sizeof(programs), "%lld",
			       (long long)json_integer_value(json_object_get(row, "programs")));
	(void)snprintf(state, sizeof(state), "%s%s%s", text_of(row, "state"), reason == NULL ? "" : ": ",
		       reason == NULL ? "" : reason);
	return table_row(table, cells, err);
}

static int print_table(const json_t *rows, struct err *err)
{
	static const struct table_column columns[] = { { "NAME", false }, { "KIND", false },    { "DIGEST", false },
						       { "SIZE", true },  { "PROGRAMS", true }, { "STATE", false } };
	struct table table = { .columns = columns, .count = ARRAY_SIZE(columns) };
	const json_t *row;
	size_t i;
	int result = 0;

	json_array_foreach(rows, i, row)
	{
		if (result == 0)
			result = print_row(&table, row, err);
	}
	table_end(&table);
	return result;
}

int toolbox_list(bool json, struct err *err)
{
	struct toolbox_part core = TOOLBOX_PART_INIT;
	struct listing listing = { .rows = json_array() };
	cleanup_close int store = -EBADF;
	char path[1024];
	struct err ignored;
	int result = toolbox_open_store(path, sizeof(path), &store, err);

	if (result == 0 && store >= 0) {
		if (toolbox_part_load(store, TOOLBOX_DEFAULT, &core, &ignored) == 0)
			(void)snprintf(listing.core, sizeof(listing.core), "%s", core.manifest.digest);
		toolbox_part_done(&core);
		result = toolbox_store_each(store, add_row, &listing, err);
	}
	if (result == 0) {
		(void)json_array_append_new(listing.rows, json_pack("{s:s, s:s, s:s}", "name", TOOLBOX_BUILTIN, "state",
								    "inside dbgattach", "kind", "toolbox"));
		result = json ? output_json(json_incref(listing.rows), err) : print_table(listing.rows, err);
	}
	json_decref(listing.rows);
	return result;
}
