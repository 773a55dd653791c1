/* SPDX-License-Identifier: Apache-2.0 */
/* Owns what is taken from the Docker CLI's files. Opens nothing. */
#include "dbgattach/format/docker_context.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/json.h"

#include <stdlib.h>

#define NAME_MAX_LENGTH 256
#define HOST_MAX_LENGTH 4096

static const struct json_field config_fields[] = {
	{ .name = "currentContext", .type = JSON_FIELD_STRING, .offset = 0, .limit = NAME_MAX_LENGTH },
	{ 0 },
};

static const struct json_field endpoint_fields[] = {
	{ .name = "Host",
	  .type = JSON_FIELD_STRING,
	  .offset = offsetof(struct docker_context, host),
	  .limit = HOST_MAX_LENGTH },
	{ 0 },
};

static const struct json_field endpoints_fields[] = {
	{ .name = "docker", .type = JSON_FIELD_OBJECT, .fields = endpoint_fields },
	{ 0 },
};

static const struct json_field context_fields[] = {
	{ .name = "Name",
	  .type = JSON_FIELD_STRING,
	  .offset = offsetof(struct docker_context, name),
	  .limit = NAME_MAX_LENGTH,
	  .mandatory = true },
	{ .name = "Endpoints", .type = JSON_FIELD_OBJECT, .fields = endpoints_fields },
	{ 0 },
};

static int parse(const char *bytes, size_t length, const struct json_field *fields, void *base, struct err *err)
{
	cleanup_json json_t *root = NULL;
	int result = json_parse(bytes, length, &root, err);

	return result < 0 ? result : json_read(root, fields, JSON_FOREIGN, base, err);
}

int docker_current_context_parse(const char *bytes, size_t length, char **ret_name, struct err *err)
{
	cleanup_free char *name = NULL;
	int result = parse(bytes, length, config_fields, &name, err);

	if (result == 0)
		*ret_name = take_ptr(name);
	return result;
}

int docker_context_parse(const char *bytes, size_t length, struct docker_context *ret, struct err *err)
{
	__attribute__((cleanup(docker_context_done))) struct docker_context context = { 0 };
	int result = parse(bytes, length, context_fields, &context, err);

	if (result < 0)
		return result;
	*ret = context;
	context = (struct docker_context) { 0 };
	return 0;
}

void docker_context_done(struct docker_context *context)
{
	free(context->name);
	free(context->host);
	*context = (struct docker_context) { 0 };
}
