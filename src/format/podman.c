/* SPDX-License-Identifier: Apache-2.0 */
/* Owns what is taken from containers/storage's list of containers. Opens nothing, keeps nothing. */
#include "dbgattach/format/podman.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/json.h"
#include "src/format/json_scan.h"

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

struct metadata {
	char *image, *pod_id, *name;
};

static const struct json_field metadata_fields[] = {
	{ .name = "image-name", .type = JSON_FIELD_STRING, .offset = offsetof(struct metadata, image), .limit = 4096 },
	{ .name = "pod-id", .type = JSON_FIELD_STRING, .offset = offsetof(struct metadata, pod_id), .limit = 4096 },
	{ .name = "name", .type = JSON_FIELD_STRING, .offset = offsetof(struct metadata, name), .limit = 4096 },
	{ 0 },
};

static void metadata_done(struct metadata *metadata)
{
	free(metadata->image);
	free(metadata->pod_id);
	free(metadata->name);
}

/*
 * They stand in a JSON text inside the JSON. Other programs keep other things there, so what cannot be read is missing,
 * never an error.
 */
static void read_metadata(const char *text, struct metadata *out)
{
	cleanup_json json_t *root = NULL;

	if (text && json_parse(text, strlen(text), &root, NULL) == 0)
		(void)json_read(root, metadata_fields, JSON_FOREIGN, out, NULL);
}

/* Kubernetes' names hold no "_". text is cut up; the parts stay in it. */
static bool split_name(char *text, const char *parts[6])
{
	for (size_t i = 0; i < 6; i++) {
		char *end = strchr(text, '_');
		if ((end == NULL) != (i == 5) || end == text || *text == '\0')
			return false;
		parts[i] = text;
		if (end == NULL)
			break;
		*end = '\0';
		text = end + 1;
	}
	return strcmp(parts[0], "k8s") == 0;
}

static int read_row(const char *bytes, size_t length, struct row *ret, struct err *err)
{
	cleanup_json json_t *root = NULL;
	int r = json_parse(bytes, length, &root, err);

	if (r == 0)
		r = json_read(root, row_fields, JSON_FOREIGN, ret, err);
	if (r < 0)
		return r;
	if (strlen(ret->id) != 64 || !text_is_hex(ret->id, 64))
		return err_set(err, ERR_MALFORMED, "id is not 64 hexadecimal digits");
	return 0;
}

static int visit_row(const struct row *row, int (*visit)(const struct podman_container *, void *, struct err *),
		     void *context, struct err *err)
{
	__attribute__((cleanup(metadata_done))) struct metadata metadata = { 0 };
	read_metadata(row->metadata, &metadata);
	struct podman_container container = {
		.id = row->id,
		.image = metadata.image ? metadata.image : "",
		.names = (const char *const *)row->names.items,
		.names_count = row->names.count,
		.is_crio = metadata.pod_id != NULL,
		.pod_namespace = "",
		.pod = "",
		.container = "",
	};
	const char *parts[6];
	if (container.is_crio && metadata.name && split_name(metadata.name, parts)) {
		container.container = parts[1];
		container.pod = parts[2];
		container.pod_namespace = parts[3];
	}
	return visit(&container, context, err);
}

/* The rows that cannot be meant are only skipped: building the tree of a list of 1,000 takes longer than an attach. */
int podman_containers_parse(const char *bytes, size_t length, const char *word,
			    int (*visit)(const struct podman_container *container, void *context, struct err *err),
			    void *context, struct err *err)
{
	struct json_scan scan;
	bool first = true;
	struct err damage = { 0 }; /* the first damaged row's: the others are visited all the same */
	size_t count = 0;
	int bad = 0;

	json_scan_init(&scan, bytes, length);
	if (json_scan_peek(&scan) != '[')
		return err_set(err, ERR_MALFORMED, "line 1: is not an array");
	while (json_scan_array_next(&scan, &first)) {
		__attribute__((cleanup(row_done))) struct row row = { 0 };
		/* At the value itself: what stands before it is the array's. */
		bool is_object = json_scan_peek(&scan) == '{';
		const char *start = scan.at;

		json_scan_skip(&scan);
		if (scan.failed)
			break;
		if (!is_object)
			return err_set(err, ERR_MALFORMED, "entry %zu is not an object", count);
		if (count++ == CONTAINERS_MAX)
			return err_set(err, ERR_MALFORMED, "has more than %d containers", CONTAINERS_MAX);
		size_t size = (size_t)(scan.at - start);
		if (word && !memmem(start, size, word, strlen(word)))
			continue;
		struct err why = { 0 };
		int r = read_row(start, size, &row, &why);
		if (r < 0 && bad == 0) {
			bad = r;
			damage = why;
		}
		r = r < 0 ? 0 : visit_row(&row, visit, context, err);
		if (r < 0)
			return r;
	}
	json_scan_finish(&scan);
	if (scan.failed)
		return err_set(err, ERR_MALFORMED, "cannot be read at byte %zu", (size_t)(scan.at - bytes));
	if (bad < 0 && err != NULL)
		*err = damage;
	return bad;
}
