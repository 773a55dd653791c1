/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the names of the annotations. Opens nothing. */
#include "dbgattach/format/annotations.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/json.h"

#include <stdlib.h>
#include <string.h>

#define VALUE_MAX 4096

/* As they stand in the file, one column a writer. */
struct members {
	char *cri_namespace, *cri_pod, *cri_container, *cri_type, *cri_image;
	char *crio_namespace, *crio_pod, *crio_container, *crio_type, *crio_image;
	char *nerdctl_name;
};

#define VALUE(text, member)                                                                                            \
	{                                                                                                              \
		.name = text, .type = JSON_FIELD_STRING, .offset = offsetof(struct members, member),                   \
		.limit = VALUE_MAX                                                                                     \
	}

static const struct json_field annotation_fields[] = {
	VALUE("io.kubernetes.cri.sandbox-namespace", cri_namespace),
	VALUE("io.kubernetes.cri.sandbox-name", cri_pod),
	VALUE("io.kubernetes.cri.container-name", cri_container),
	VALUE("io.kubernetes.cri.container-type", cri_type),
	VALUE("io.kubernetes.cri.image-name", cri_image),
	VALUE("io.kubernetes.pod.namespace", crio_namespace),
	VALUE("io.kubernetes.pod.name", crio_pod),
	VALUE("io.kubernetes.container.name", crio_container),
	VALUE("io.kubernetes.cri-o.ContainerType", crio_type),
	VALUE("io.kubernetes.cri-o.ImageName", crio_image),
	VALUE("nerdctl/name", nerdctl_name),
	{ 0 },
};

static const struct json_field config_fields[] = {
	{ .name = "annotations", .type = JSON_FIELD_OBJECT, .fields = annotation_fields },
	{ 0 },
};

static void members_done(struct members *members)
{
	char *const values[] = {
		members->cri_namespace, members->cri_pod,        members->cri_container, members->cri_type,
		members->cri_image,     members->crio_namespace, members->crio_pod,      members->crio_container,
		members->crio_type,     members->crio_image,     members->nerdctl_name,
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		free(values[i]);
}

static char *either(char **one, char **other)
{
	return *one ? take_ptr(*one) : take_ptr(*other);
}

static bool is_sandbox(const char *type)
{
	return type != NULL && strcmp(type, "sandbox") == 0;
}

int annotations_parse(const char *bytes, size_t length, struct annotations *ret, struct err *err)
{
	__attribute__((cleanup(members_done))) struct members members = { 0 };
	cleanup_json json_t *root = NULL;

	int r = json_parse(bytes, length, &root, err);
	if (r < 0)
		return r;
	r = json_read(root, config_fields, JSON_FOREIGN, &members, err);
	if (r < 0)
		return r;
	*ret = (struct annotations) {
		.pod_namespace = either(&members.cri_namespace, &members.crio_namespace),
		.pod = either(&members.cri_pod, &members.crio_pod),
		.container = either(&members.cri_container, &members.crio_container),
		.is_sandbox = is_sandbox(members.cri_type) || is_sandbox(members.crio_type),
		.image = either(&members.cri_image, &members.crio_image),
		.name = take_ptr(members.nerdctl_name),
	};
	return 0;
}

void annotations_done(struct annotations *annotations)
{
	free(annotations->pod_namespace);
	free(annotations->pod);
	free(annotations->container);
	free(annotations->image);
	free(annotations->name);
	*annotations = (struct annotations) { 0 };
}
