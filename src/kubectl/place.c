/* SPDX-License-Identifier: Apache-2.0 */
#include "place.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/clock.h"
#include "dbgattach/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NO_POD_MS 3000 /* so long after the Job there is a pod, or a reason why not */

static const char *const mode_names[] = {
	[KUBECTL_AUTO] = "auto",           [KUBECTL_AGENT] = "agent", [KUBECTL_NODE] = "node",
	[KUBECTL_EPHEMERAL] = "ephemeral", [KUBECTL_VIEW] = "view",
};

const char *kubectl_mode_name(enum kubectl_mode mode)
{
	return mode < ARRAY_SIZE(mode_names) ? mode_names[mode] : NULL;
}

/* ---- the agent ----------------------------------------------------------------------------------------------------------- */

static bool set_agent(const struct kube_pods *pods, const char *node, struct place *place)
{
	for (size_t i = 0; i < pods->count; i++) {
		const struct kube_pod *pod = &pods->pods[i];

		if (pod->node == NULL || strcmp(pod->node, node) != 0 || pod->deleted || pod->phase == NULL ||
		    strcmp(pod->phase, "Running") != 0 ||
		    text_format(place->pod, sizeof(place->pod), "%s", pod->name) < 0)
			continue;
		(void)text_format(place->container, sizeof(place->container), CONTAINER_NAME);
		place->mode = KUBECTL_AGENT;
		return true;
	}
	return false;
}

/* Who may not see it has none; nor has who has no agents at all. */
static int find_agent(const struct kubectl *kubectl, const struct call *call, const char *node, struct place *place,
		      struct err *err)
{
	__attribute__((cleanup(kube_pods_done))) struct kube_pods pods = { 0 };
	bool wanted = kubectl->request->mode == KUBECTL_AGENT;
	int result = call_check(call, err);

	if (result == 0)
		result = call_read_pods(call, &pods, err);
	if (result < 0)
		return wanted ? result : 0;
	if (set_agent(&pods, node, place) || !wanted)
		return 0;
	return err_set(err, ERR_NOT_FOUND,
		       "no agent runs on node %s, of %zu in namespace %s (--mode=node goes without)", node, pods.count,
		       job_namespace(kubectl->request));
}

int place_choose(struct kubectl *kubectl, struct kube_target *target, struct place *ret, struct err *err)
{
	const struct kubectl_request *request = kubectl->request;
	bool ask = request->mode == KUBECTL_AUTO || request->mode == KUBECTL_AGENT;
	cleanup_call struct call agents = CALL_NONE;
	struct err ignored;
	int result = 0;

	*ret = (struct place) { .mode = ask ? KUBECTL_NODE : request->mode };
	/* All of them, since the node is not known yet; kubectl takes longer to start than to list them. */
	if (ask)
		result = call_start(kubectl, job_namespace(request), "the agents",
				    CALL_WORDS("get", "pods", "-l", AGENT_LABEL, "-o", "json"), NULL, &agents, err);
	if (result == 0)
		result = kube_target_find(kubectl, target, err);
	if (result == 0 && ask) {
		result = calls_finish(kubectl, &agents, 1, request->mode == KUBECTL_AGENT ? err : &ignored);
		if (result == 0)
			result = find_agent(kubectl, &agents, target->node, ret, err);
		else if (kubectl->stop_signal == 0 && request->mode == KUBECTL_AUTO)
			result = 0;
	}
	if (ret->mode == KUBECTL_AGENT || ret->mode == KUBECTL_NODE)
		ret->name_space = job_namespace(request);
	return result;
}

/* ---- what is made -------------------------------------------------------------------------------------------------------- */

static int create_job(struct kubectl *kubectl, const char *node, struct place *place, struct err *err)
{
	cleanup_call struct call call = CALL_NONE;
	cleanup_json json_t *job = NULL;
	int result = job_make(kubectl->request, place->name, node, &job, err);

	if (result < 0)
		return result;
	cleanup_free char *text = json_dumps(job, JSON_COMPACT);
	if (text == NULL)
		return err_sys(err, ENOMEM, "the Job");
	(void)text_format(place->container, sizeof(place->container), CONTAINER_NAME);
	place->made = true;
	return call_run(kubectl, place->name_space, "a Job for the session",
			CALL_WORDS("create", "--validate=false", "-o", "name", "-f", "-"), text, &call, err);
}

static int append_container(const struct call *call, json_t *container, char **ret, struct err *err)
{
	cleanup_json json_t *pod = NULL;
	int result = call_read_json(call, &pod, err);

	if (result < 0) {
		json_decref(container);
		return result;
	}
	json_t *spec = json_object_get(pod, "spec");
	json_t *list = json_object_get(spec, "ephemeralContainers");
	if (list == NULL && json_object_set_new(spec, "ephemeralContainers", json_array()) == 0)
		list = json_object_get(spec, "ephemeralContainers");
	*ret = json_array_append_new(list, container) < 0 ? NULL : json_dumps(pod, JSON_COMPACT);
	return *ret == NULL ? err_sys(err, ENOMEM, "the pod") : 0;
}

static int create_ephemeral(struct kubectl *kubectl, const struct kube_target *target, struct place *place,
			    struct err *err)
{
	const struct kube_pod *pod = target->pod;
	cleanup_call struct call get = CALL_NONE, replace = CALL_NONE;
	cleanup_free char *text = NULL;
	json_t *container = NULL;
	char path[600];

	if (pod == NULL)
		return err_set(err, ERR_USAGE, "a node has no ephemeral containers (--mode=node)");
	int result = job_make_ephemeral(kubectl->request, place->name, target->container->name, &container, err);
	if (result < 0)
		return result;
	/* Anew, and whole: what was read before is no more than what dbgattach needs of it. */
	result = call_run(kubectl, pod->name_space, pod->name, CALL_WORDS("get", "pod", pod->name, "-o", "json"), NULL,
			  &get, err);
	if (result == 0)
		result = append_container(&get, container, &text, err);
	else
		json_decref(container);
	if (result == 0)
		result = text_format(path, sizeof(path), "/api/v1/namespaces/%s/pods/%s/ephemeralcontainers",
				     pod->name_space, pod->name);
	if (result == 0)
		result = call_run(kubectl, pod->name_space, pod->name, CALL_WORDS("replace", "--raw", path, "-f", "-"),
				  text, &replace, err);
	if (result < 0)
		return result;
	log_note("ephemeral container %s stays in pod %s's specification, and counts towards its limits, until the "
		 "pod ends",
		 place->name, pod->name);
	return 0;
}

int place_make(struct kubectl *kubectl, const struct kube_target *target, struct place *place, struct err *err)
{
	if (place->mode == KUBECTL_NODE)
		return create_job(kubectl, target->node, place, err);
	int result = create_ephemeral(kubectl, target, place, err);
	if (result == 0)
		result = text_format(place->pod, sizeof(place->pod), "%s", target->pod->name);
	if (result == 0)
		result = text_format(place->container, sizeof(place->container), "%s", place->name);
	if (result == 0)
		place->name_space = target->pod->name_space;
	return result;
}

/* ---- how far it is ------------------------------------------------------------------------------------------------------- */

/* What the Job's controller was told by the API server: PodSecurity, quotas, webhooks. */
static int explain_no_pod(struct kubectl *kubectl, const struct place *place, struct err *err)
{
	cleanup_call struct call call = CALL_NONE;
	cleanup_json json_t *events = NULL;
	char selector[96];
	json_t *event;
	size_t i;

	(void)text_format(selector, sizeof(selector), "involvedObject.name=%s", place->name);
	if (call_run(kubectl, place->name_space, "the Job's events",
		     CALL_WORDS("get", "events", "--field-selector", selector, "-o", "json"), NULL, &call, err) < 0 ||
	    call_read_json(&call, &events, err) < 0)
		return err_set(err, ERR_TIMEOUT, "Job %s has no pod yet; kubectl -n %s describe job %s says why",
			       place->name, place->name_space, place->name);
	json_array_foreach(json_object_get(events, "items"), i, event)
	{
		const char *reason = json_string_value(json_object_get(event, "reason"));
		const char *message = json_string_value(json_object_get(event, "message"));

		if (reason == NULL || message == NULL || strcmp(reason, "FailedCreate") != 0)
			continue;
		bool security = strstr(message, "PodSecurity") != NULL;
		return err_set(err, ERR_DENIED, "no node pod in namespace %s: %.450s%s", place->name_space, message,
			       security ? "; label it pod-security.kubernetes.io/enforce=privileged, or name another "
					  "with --node-namespace" :
					  "");
	}
	return 0;
}

/* Reasons that no patience helps against. */
static const struct {
	const char *reason, *next;
} hopeless[] = {
	{ "ErrImagePull", "is --image right, and may the node pull it?" },
	{ "ImagePullBackOff", "is --image right, and may the node pull it?" },
	{ "ErrImageNeverPull", "is --image right, and on the node?" },
	{ "InvalidImageName", "is --image right?" },
	{ "CreateContainerConfigError", "" },
	{ "CreateContainerError", "" },
	{ "RunContainerError", "" },
	{ "StartError", "" },
};

static int look_at_container(const struct kube_pod *pod, const char *name, struct err *err)
{
	for (size_t i = 0; i < pod->count; i++) {
		const struct kube_container *container = &pod->containers[i];
		char state[512];

		if (strcmp(container->name, name) != 0 || container->state == KUBE_RUNNING ||
		    container->state == KUBE_UNKNOWN)
			continue;
		kube_state_describe(container, state, sizeof(state));
		if (container->state == KUBE_TERMINATED)
			return err_set(err, ERR_GONE,
				       "container %s of pod %s has ended%s; kubectl logs %s -c %s says "
				       "why",
				       name, pod->name, state, pod->name, name);
		for (size_t k = 0; container->reason != NULL && k < ARRAY_SIZE(hopeless); k++)
			if (strcmp(container->reason, hopeless[k].reason) == 0)
				return err_set(err, ERR_SYSTEM, "pod %s does not start%s%s%s", pod->name, state,
					       hopeless[k].next[0] != '\0' ? "; " : "", hopeless[k].next);
	}
	return 0;
}

static int look_at_pod(const struct kube_pod *pod, struct place *place, struct err *err)
{
	const char *phase = pod->phase != NULL ? pod->phase : "";
	int result = look_at_container(pod, place->container, err);

	if (result == 0 && place->mode == KUBECTL_NODE &&
	    (strcmp(phase, "Failed") == 0 || strcmp(phase, "Succeeded") == 0))
		return err_set(err, ERR_GONE, "pod %s has ended%s%.64s%s%.300s", pod->name,
			       pod->reason != NULL ? ": " : "", pod->reason != NULL ? pod->reason : "",
			       pod->message != NULL ? ": " : "", pod->message != NULL ? pod->message : "");
	return result == 0 ? text_format(place->pod, sizeof(place->pod), "%s", pod->name) : result;
}

int place_look(struct kubectl *kubectl, struct place *place, int64_t since, struct err *err)
{
	__attribute__((cleanup(kube_pods_done))) struct kube_pods pods = { 0 };
	cleanup_call struct call call = CALL_NONE;
	char selector[64];
	int result = text_format(selector, sizeof(selector), "job-name=%s", place->name);

	if (result == 0)
		result = place->mode == KUBECTL_NODE ?
				 call_run(kubectl, place->name_space, "the node pod",
					  CALL_WORDS("get", "pods", "-l", selector, "-o", "json"), NULL, &call, err) :
				 call_run(kubectl, place->name_space, place->pod,
					  CALL_WORDS("get", "pod", place->pod, "-o", "json"), NULL, &call, err);
	if (result == 0)
		result = call_read_pods(&call, &pods, err);
	for (size_t i = 0; result == 0 && i < pods.count; i++)
		result = look_at_pod(&pods.pods[i], place, err);
	if (result == 0 && pods.count == 0 && clock_now_ms() >= since + NO_POD_MS)
		result = explain_no_pod(kubectl, place, err);
	return result;
}

void place_remove(struct kubectl *kubectl, const struct place *place)
{
	cleanup_call struct call call = CALL_NONE;
	struct err err = { 0 };
	int stop_signal = kubectl->stop_signal, signal_fd = kubectl->signal_fd;

	/* By now no signal can shorten anything. */
	kubectl->stop_signal = 0;
	kubectl->signal_fd = -EBADF;
	if (place->made && call_run(kubectl, place->name_space, place->name,
				    CALL_WORDS("delete", "job", place->name, "--wait=false", "--ignore-not-found"),
				    NULL, &call, &err) < 0)
		log_note(
			"Job %s in namespace %s could not be removed (%s); it ends by itself, and kubectl dbgattach gc "
			"removes it",
			place->name, place->name_space, err.text);
	kubectl->stop_signal = stop_signal;
	kubectl->signal_fd = signal_fd;
}
