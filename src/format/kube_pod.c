/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the fields of a Pod that matter to who wants into it. Opens nothing. */
#include "dbgattach/format/kube_pod.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 65536
#define PODS_MAX 100000

#define TEXT(base, text, member)                                                                                       \
	{                                                                                                              \
		.name = text, .type = JSON_FIELD_STRING, .offset = offsetof(struct base, member), .limit = TEXT_MAX    \
	}
#define CALL(text, function)                                                                                           \
	{                                                                                                              \
		.name = text, .type = JSON_FIELD_CALL, .call = function                                                \
	}
#define OBJECT(text, table)                                                                                            \
	{                                                                                                              \
		.name = text, .type = JSON_FIELD_OBJECT, .fields = table                                               \
	}

/* ---- containers -------------------------------------------------------------------------------------------------------- */

static void container_done(struct kube_container *container)
{
	free(container->name);
	free(container->id);
	free(container->reason);
	free(container->message);
	*container = (struct kube_container) { 0 };
}

static const struct json_field name_fields[] = {
	{ .name = "name",
	  .type = JSON_FIELD_STRING,
	  .offset = offsetof(struct kube_container, name),
	  .limit = TEXT_MAX,
	  .mandatory = true },
	{ 0 },
};

static int add_container(struct kube_pod *pod, json_t *value, enum kube_container_kind kind, struct err *err)
{
	struct kube_container container = { .kind = kind };
	struct kube_container *containers = reallocarray(pod->containers, pod->count + 1, sizeof(*pod->containers));

	if (containers == NULL)
		return err_sys(err, ENOMEM, "a pod's containers");
	pod->containers = containers;
	int result = json_read(value, name_fields, JSON_FOREIGN, &container, err);
	if (result < 0) {
		container_done(&container);
		return result;
	}
	containers[pod->count++] = container;
	return 0;
}

static int add_containers(struct kube_pod *pod, json_t *value, enum kube_container_kind kind, struct err *err)
{
	json_t *item;
	size_t i;
	int result = 0;

	json_array_foreach(value, i, item)
	{
		if (result == 0)
			result = add_container(pod, item, kind, err);
	}
	return result;
}

#define KIND(function, kind)                                                                                           \
	static int function(json_t *value, void *base, struct err *err)                                                \
	{                                                                                                              \
		return add_containers(base, value, kind, err);                                                         \
	}
KIND(add_main, KUBE_CONTAINER)
KIND(add_init, KUBE_INIT_CONTAINER)
KIND(add_ephemeral, KUBE_EPHEMERAL_CONTAINER)

static int set_running(json_t *value, void *base, struct err *err)
{
	(void)value;
	(void)err;
	((struct kube_container *)base)->state = KUBE_RUNNING;
	return 0;
}

static const struct json_field why_fields[] = {
	TEXT(kube_container, "reason", reason),
	TEXT(kube_container, "message", message),
	{ 0 },
};

static int set_waiting(json_t *value, void *base, struct err *err)
{
	((struct kube_container *)base)->state = KUBE_WAITING;
	return json_read(value, why_fields, JSON_FOREIGN, base, err);
}

static int set_terminated(json_t *value, void *base, struct err *err)
{
	((struct kube_container *)base)->state = KUBE_TERMINATED;
	return json_read(value, why_fields, JSON_FOREIGN, base, err);
}

static const struct json_field state_fields[] = {
	CALL("running", set_running),
	CALL("waiting", set_waiting),
	CALL("terminated", set_terminated),
	{ 0 },
};

static const struct json_field container_status_fields[] = {
	{ .name = "name",
	  .type = JSON_FIELD_STRING,
	  .offset = offsetof(struct kube_container, name),
	  .limit = TEXT_MAX,
	  .mandatory = true },
	TEXT(kube_container, "containerID", id),
	OBJECT("state", state_fields),
	{ 0 },
};

/* Of a container that the spec does not name nothing is known. */
static void set_status(struct kube_pod *pod, struct kube_container *status)
{
	for (size_t i = 0; i < pod->count; i++) {
		struct kube_container *container = &pod->containers[i];

		if (strcmp(container->name, status->name) != 0 || container->state != KUBE_UNKNOWN)
			continue;
		container->id = take_ptr(status->id);
		container->state = status->state;
		container->reason = take_ptr(status->reason);
		container->message = take_ptr(status->message);
		if (container->id != NULL && container->id[0] == '\0')
			free(take_ptr(container->id));
		return;
	}
}

static int set_statuses(json_t *value, void *base, struct err *err)
{
	json_t *item;
	size_t i;
	int result = 0;

	json_array_foreach(value, i, item)
	{
		struct kube_container status = { 0 };

		if (result == 0)
			result = json_read(item, container_status_fields, JSON_FOREIGN, &status, err);
		if (result == 0)
			set_status(base, &status);
		container_done(&status);
	}
	return result;
}

/* ---- pods -------------------------------------------------------------------------------------------------------------- */

struct condition {
	char *type, *status, *reason, *message;
};

static void condition_done(struct condition *condition)
{
	free(condition->type);
	free(condition->status);
	free(condition->reason);
	free(condition->message);
}

static const struct json_field condition_fields[] = {
	TEXT(condition, "type", type),
	TEXT(condition, "status", status),
	TEXT(condition, "reason", reason),
	TEXT(condition, "message", message),
	{ 0 },
};

static void set_condition(struct kube_pod *pod, struct condition *condition)
{
	bool is_true = condition->status != NULL && strcmp(condition->status, "True") == 0;

	if (condition->type == NULL)
		return;
	if (strcmp(condition->type, "Ready") == 0)
		pod->ready = is_true;
	if (strcmp(condition->type, "PodScheduled") != 0 || is_true)
		return;
	free(pod->reason);
	free(pod->message);
	pod->reason = take_ptr(condition->reason);
	pod->message = take_ptr(condition->message);
}

static int set_conditions(json_t *value, void *base, struct err *err)
{
	json_t *item;
	size_t i;
	int result = 0;

	json_array_foreach(value, i, item)
	{
		__attribute__((cleanup(condition_done))) struct condition condition = { 0 };

		if (result == 0)
			result = json_read(item, condition_fields, JSON_FOREIGN, &condition, err);
		if (result == 0)
			set_condition(base, &condition);
	}
	return result;
}

static int set_deleted(json_t *value, void *base, struct err *err)
{
	(void)value;
	(void)err;
	((struct kube_pod *)base)->deleted = true;
	return 0;
}

static const struct json_field annotation_fields[] = {
	TEXT(kube_pod, "kubectl.kubernetes.io/default-container", default_container),
	{ 0 },
};

static const struct json_field metadata_fields[] = {
	{ .name = "name",
	  .type = JSON_FIELD_STRING,
	  .offset = offsetof(struct kube_pod, name),
	  .limit = TEXT_MAX,
	  .mandatory = true },
	TEXT(kube_pod, "namespace", name_space),
	TEXT(kube_pod, "creationTimestamp", created),
	CALL("deletionTimestamp", set_deleted),
	OBJECT("annotations", annotation_fields),
	{ 0 },
};

static const struct json_field spec_fields[] = {
	TEXT(kube_pod, "nodeName", node),
	CALL("containers", add_main),
	CALL("initContainers", add_init),
	CALL("ephemeralContainers", add_ephemeral),
	{ 0 },
};

static const struct json_field status_fields[] = {
	TEXT(kube_pod, "phase", phase),
	TEXT(kube_pod, "reason", reason),
	TEXT(kube_pod, "message", message),
	CALL("conditions", set_conditions),
	CALL("containerStatuses", set_statuses),
	CALL("initContainerStatuses", set_statuses),
	CALL("ephemeralContainerStatuses", set_statuses),
	{ 0 },
};

/* The spec before the status, which is of its containers. */
static const struct json_field pod_fields[] = {
	{ .name = "metadata", .type = JSON_FIELD_OBJECT, .fields = metadata_fields, .mandatory = true },
	OBJECT("spec", spec_fields),
	OBJECT("status", status_fields),
	{ 0 },
};

static void pod_done(struct kube_pod *pod)
{
	char *const texts[] = { pod->name_space,        pod->name,   pod->node,   pod->phase, pod->created,
				pod->default_container, pod->reason, pod->message };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		free(texts[i]);
	for (size_t i = 0; i < pod->count; i++)
		container_done(&pod->containers[i]);
	free(pod->containers);
}

void kube_pods_done(struct kube_pods *pods)
{
	for (size_t i = 0; i < pods->count; i++)
		pod_done(&pods->pods[i]);
	free(pods->pods);
	*pods = (struct kube_pods) { 0 };
}

static int read_pods(json_t *const *items, size_t count, struct kube_pods *pods, struct err *err)
{
	int result = 0;

	if (count > PODS_MAX)
		return err_set(err, ERR_MALFORMED, "a list of more than %d pods", PODS_MAX);
	pods->pods = calloc(count == 0 ? 1 : count, sizeof(*pods->pods));
	if (pods->pods == NULL)
		return err_sys(err, ENOMEM, "a list of pods");
	for (size_t i = 0; result == 0 && i < count; i++)
		result = json_read(items[i], pod_fields, JSON_FOREIGN, &pods->pods[pods->count++], err);
	return result;
}

static int read_root(json_t *root, struct kube_pods *pods, struct err *err)
{
	json_t *list = json_object_get(root, "items");
	size_t count = json_array_size(list);

	if (list == NULL)
		return read_pods(&root, 1, pods, err);
	if (!json_is_array(list))
		return err_set(err, ERR_MALFORMED, "items is no list");
	cleanup_free json_t **items = calloc(count == 0 ? 1 : count, sizeof(json_t *));
	if (items == NULL)
		return err_sys(err, ENOMEM, "a list of pods");
	for (size_t i = 0; i < count; i++)
		items[i] = json_array_get(list, i);
	return read_pods(items, count, pods, err);
}

int kube_pods_parse(const char *bytes, size_t length, struct kube_pods *ret, struct err *err)
{
	__attribute__((cleanup(kube_pods_done))) struct kube_pods pods = { 0 };
	cleanup_json json_t *root = NULL;
	int result = json_parse(bytes, length, &root, err);

	if (result == 0)
		result = read_root(root, &pods, err);
	if (result < 0)
		return result;
	*ret = pods;
	pods = (struct kube_pods) { 0 };
	return 0;
}
