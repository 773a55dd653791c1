/* SPDX-License-Identifier: Apache-2.0 */
/* Owns what is taken from containers/storage's list of containers. Opens nothing, keeps nothing. */
#include "dbgattach/format/podman.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/json.h"

#include <stdlib.h>
#include <string.h>

#define CONTAINERS_MAX 65536

struct row {
	char *id, *metadata;
	struct strv names;
};

static const struct json_field row_fields[] = {
	{ .name = "id", .type = JSON_FIELD_STRING, .offset = offsetof(struct row, id), .limit = 64, .mandatory = true },
	{ .name = "names", .type = JSON_FIELD_STRV, .offset = offsetof(struct row, names), .limit = 64 },
	{ .name = "metadata", .type = JSON_FIELD_STRING, .offset = offsetof(struct row, metadata) },
	{ 0 },
};

static void row_done(struct row *row)
{
	free(row->id);
	free(row->metadata);
	strv_done(&row->names);
}

/*
 * The image's name stands in a JSON text inside the JSON. Other programs than Podman keep other things there, so what
 * cannot be read is a missing image name, never an error.
 */
static char *image_of(const char *metadata)
{
	static const struct json_field fields[] = {
		{ .name = "image-name", .type = JSON_FIELD_STRING, .limit = 4096 },
		{ 0 },
	};
	cleanup_json json_t *root = NULL;
	char *image = NULL;

	if (!metadata || json_parse(metadata, strlen(metadata), &root, NULL) < 0)
		return NULL;
	(void)json_read(root, fields, JSON_FOREIGN, &image, NULL);
	return image;
}

static int read_row(json_t *value, struct row *ret, struct err *err)
{
	int r = json_read(value, row_fields, JSON_FOREIGN, ret, err);
	if (r < 0)
		return r;
	if (strlen(ret->id) != 64 || !text_is_hex(ret->id, 64))
		return err_set(err, ERR_MALFORMED, "id is not 64 hexadecimal digits");
	return 0;
}

static int visit_row(const struct row *row, int (*visit)(const struct podman_container *, void *, struct err *),
		     void *context, struct err *err)
{
	cleanup_free char *image = image_of(row->metadata);
	struct podman_container container = {
		.id = row->id,
		.image = image ? image : "",
		.names = (const char *const *)row->names.items,
		.names_count = row->names.count,
	};
	return visit(&container, context, err);
}

int podman_containers_parse(const char *bytes, size_t length,
			    int (*visit)(const struct podman_container *container, void *context, struct err *err),
			    void *context, struct err *err)
{
	cleanup_json json_t *root = NULL;
	json_t *value;
	size_t i;
	int bad = 0; /* what the first damaged row gives: the others are visited all the same */

	int r = json_parse(bytes, length, &root, err);
	if (r < 0)
		return r;
	if (!json_is_array(root))
		return err_set(err, ERR_MALFORMED, "is not an array");
	if (json_array_size(root) > CONTAINERS_MAX)
		return err_set(err, ERR_MALFORMED, "has more than %d containers", CONTAINERS_MAX);
	json_array_foreach(root, i, value)
	{
		__attribute__((cleanup(row_done))) struct row row = { 0 };

		r = read_row(value, &row, bad < 0 ? NULL : err);
		if (r < 0) {
			bad = bad < 0 ? bad : r;
			continue;
		}
		struct err refused = { 0 };
		r = visit_row(&row, visit, context, &refused);
		if (r < 0) {
			if (err)
				*err = refused;
			return r;
		}
	}
	return bad;
}
