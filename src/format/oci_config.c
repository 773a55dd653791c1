/* SPDX-License-Identifier: Apache-2.0 */
/* Owns what is taken from a bundle's config.json: the environment and the host name. Opens nothing. */
#include "dbgattach/format/oci_config.h"

#include "dbgattach/base/json.h"

#include <stdlib.h>

static const struct json_field process_fields[] = {
	{ .name = "env", .type = JSON_FIELD_STRV, .offset = offsetof(struct oci_config, env) },
	{ 0 },
};

static const struct json_field config_fields[] = {
	{ .name = "hostname",
	  .type = JSON_FIELD_STRING,
	  .offset = offsetof(struct oci_config, hostname),
	  .limit = 256 },
	{ .name = "process", .type = JSON_FIELD_OBJECT, .fields = process_fields },
	{ 0 },
};

int oci_config_parse(const char *bytes, size_t length, struct oci_config *ret, struct err *err)
{
	__attribute__((cleanup(oci_config_done))) struct oci_config config = { 0 };
	cleanup_json json_t *root = NULL;

	int r = json_parse(bytes, length, &root, err);
	if (r < 0)
		return r;
	r = json_read(root, config_fields, JSON_FOREIGN, &config, err);
	if (r < 0)
		return r;
	*ret = config;
	config = (struct oci_config) { 0 };
	return 0;
}

void oci_config_done(struct oci_config *config)
{
	strv_done(&config->env);
	free(config->hostname);
	*config = (struct oci_config) { 0 };
}
