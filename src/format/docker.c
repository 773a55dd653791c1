/* SPDX-License-Identifier: Apache-2.0 */
/* Owns what is taken from Docker's config.v2.json. Only what a session needs; opens nothing. */
#include "dbgattach/format/docker.h"

#include "dbgattach/base/json.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define DOCKER_ID_LENGTH 64
#define DOCKER_NAME_MAX 512
#define DOCKER_LABEL_MAX 256

#define MEMBER(name) offsetof(struct docker_container, name)

static const struct json_field state_fields[] = {
	{ .name = "Running", .type = JSON_FIELD_BOOL, .offset = MEMBER(running), .mandatory = true },
	{ .name = "Paused", .type = JSON_FIELD_BOOL, .offset = MEMBER(paused) },
	{ .name = "Pid", .type = JSON_FIELD_I64, .offset = MEMBER(pid), .mandatory = true },
	{ 0 },
};

/* Labels are what anybody wrote: one that makes no sense is none, and never keeps anybody from the container. */
static char *read_label(const json_t *labels, const char *name)
{
	const json_t *label = json_object_get(labels, name);
	size_t length = json_string_length(label);

	return length > 0 && length <= DOCKER_LABEL_MAX ? strdup(json_string_value(label)) : NULL;
}

static int read_labels(json_t *labels, void *base, struct err *err)
{
	struct docker_container *container = base;

	(void)err;
	free(container->pod_name);
	free(container->pod_namespace);
	free(container->pod_container);
	container->pod_name = read_label(labels, "io.kubernetes.pod.name");
	container->pod_namespace = read_label(labels, "io.kubernetes.pod.namespace");
	container->pod_container = read_label(labels, "io.kubernetes.container.name");
	return 0;
}

static const struct json_field config_fields[] = {
	{ .name = "Hostname", .type = JSON_FIELD_STRING, .offset = MEMBER(hostname), .limit = 256 },
	{ .name = "Image", .type = JSON_FIELD_STRING, .offset = MEMBER(image), .limit = 4096 },
	{ .name = "Labels", .type = JSON_FIELD_CALL, .call = read_labels },
	{ .name = "Env", .type = JSON_FIELD_STRV, .offset = MEMBER(env) },
	{ 0 },
};

static const struct json_field container_fields[] = {
	{ .name = "ID", .type = JSON_FIELD_STRING, .offset = MEMBER(id), .limit = DOCKER_ID_LENGTH, .mandatory = true },
	{ .name = "Name",
	  .type = JSON_FIELD_STRING,
	  .offset = MEMBER(name),
	  .limit = DOCKER_NAME_MAX,
	  .mandatory = true },
	{ .name = "State", .type = JSON_FIELD_OBJECT, .fields = state_fields, .mandatory = true },
	{ .name = "Config", .type = JSON_FIELD_OBJECT, .fields = config_fields },
	{ 0 },
};

static int check(const struct docker_container *container, struct err *err)
{
	if (strlen(container->id) != DOCKER_ID_LENGTH || !text_is_hex(container->id, DOCKER_ID_LENGTH))
		return err_set(err, ERR_MALFORMED, "ID is not 64 hexadecimal digits");
	if (container->pid < 0 || container->pid > INT_MAX)
		return err_set(err, ERR_MALFORMED, "State: Pid is no process id");
	if (container->running && container->pid == 0)
		return err_set(err, ERR_MALFORMED, "State: Running without a Pid");
	return 0;
}

int docker_container_parse(const char *bytes, size_t length, struct docker_container *ret, struct err *err)
{
	__attribute__((cleanup(docker_container_done))) struct docker_container container = { 0 };
	cleanup_json json_t *root = NULL;

	int r = json_parse(bytes, length, &root, err);
	if (r < 0)
		return r;
	r = json_read(root, container_fields, JSON_FOREIGN, &container, err);
	if (r < 0)
		return r;
	r = check(&container, err);
	if (r < 0)
		return r;

	if (container.name[0] == '/')
		memmove(container.name, container.name + 1, strlen(container.name));
	*ret = container;
	container = (struct docker_container) { 0 };
	return 0;
}

void docker_container_done(struct docker_container *container)
{
	free(container->id);
	free(container->name);
	free(container->image);
	free(container->hostname);
	free(container->pod_name);
	free(container->pod_namespace);
	free(container->pod_container);
	strv_done(&container->env);
	*container = (struct docker_container) { 0 };
}
