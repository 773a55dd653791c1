/* SPDX-License-Identifier: Apache-2.0 */
#include "target.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/log.h"

#include <errno.h>
#include <string.h>

#define NAME_LENGTH_MAX 253 /* [RFC 1123 subdomain] */

/* What may stand before a slash without being a pod's name: kubectl's short and long words. */
static const char *const kinds[] = {
	"po",           "pods", "deploy",    "deployment", "deployments", "sts",      "statefulset",
	"statefulsets", "ds",   "daemonset", "daemonsets", "rs",          "job",      "replicaset",
	"replicasets",  "jobs", "rc",        "svc",        "service",     "services", "replicationcontroller",
};

struct words {
	enum { OF_POD, OF_NODE, OF_SELECTOR, OF_KIND } form;
	char pod[NAME_LENGTH_MAX + 1];       /* or the node */
	char container[NAME_LENGTH_MAX + 1]; /* "": none */
};

/* ---- what was typed ---------------------------------------------------------------------------------------------------- */

/* What the API server would take, so that it can be put behind options and in front of others. */
static bool is_name(const char *text, size_t length)
{
	if (length == 0 || length > NAME_LENGTH_MAX || text[0] == '-' || text[0] == '.')
		return false;
	for (size_t i = 0; i < length; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-.", text[i]) == NULL || text[i] == '\0')
			return false;
	return true;
}

static bool is_kind(const char *text, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strlen(kinds[i]) == length && memcmp(kinds[i], text, length) == 0)
			return true;
	return false;
}

static bool is_word(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && memcmp(text, word, length) == 0;
}

static int parse(const struct kubectl_request *request, struct words *ret, struct err *err)
{
	const char *text = request->target;
	struct words words = { .form = OF_POD };

	if (request->selector != NULL) {
		words.form = OF_SELECTOR;
		*ret = words;
		return text == NULL ? 0 :
				      err_set(err, ERR_USAGE, "-l and %.64s: only one of them can name the pod", text);
	}
	if (text == NULL)
		return err_set(err, ERR_USAGE,
			       "no pod is named (kubectl dbgattach POD [-c CONTAINER] [-- COMMAND...])");
	const char *slash = strchr(text, '/');
	size_t first = slash != NULL ? (size_t)(slash - text) : strlen(text);
	const char *rest = slash != NULL ? slash + 1 : "";

	if (slash != NULL && is_word(text, first, "node"))
		words.form = OF_NODE;
	else if (slash != NULL && is_kind(text, first))
		words.form = OF_KIND;
	bool typed = words.form != OF_POD || (slash != NULL && is_word(text, first, "pod"));
	const char *name = typed ? rest : text;
	const char *behind = typed ? strchr(rest, '/') : slash;
	size_t length = behind != NULL ? (size_t)(behind - name) : strlen(name);
	const char *container = behind != NULL ? behind + 1 : "";

	if (!is_name(name, length) || (behind != NULL && !is_name(container, strlen(container))) ||
	    (words.form == OF_NODE && behind != NULL))
		return err_set(err, ERR_USAGE,
			       "\"%.64s\" names no pod (POD, POD/CONTAINER, deploy/NAME, node/NAME, or -l SELECTOR)",
			       text);
	if (request->container != NULL &&
	    (behind != NULL || !is_name(request->container, strlen(request->container)) || words.form == OF_NODE))
		return err_set(err, ERR_USAGE, "-c %.64s: %s", request->container,
			       words.form == OF_NODE ? "a node has no containers" :
			       behind != NULL        ? "the container is named already" :
						       "no container has such a name");
	memcpy(words.pod, name, length);
	memcpy(words.container, container, strlen(container));
	*ret = words;
	return 0;
}

int kube_target_check(const struct kubectl_request *request, struct err *err)
{
	struct words words;

	return parse(request, &words, err);
}

/* ---- the pod ------------------------------------------------------------------------------------------------------------- */

static int get(struct kubectl *kubectl, const char *what, const char *selector, struct kube_target *target,
	       struct err *err)
{
	cleanup_call struct call call = CALL_NONE;
	const char *const *words = selector == NULL ? CALL_WORDS("get", "pod", what, "-o", "json") :
						      CALL_WORDS("get", "pods", "-l", selector, "-o", "json");
	int result = call_run(kubectl, NULL, what, words, NULL, &call, err);

	return result < 0 ? result : call_read_pods(&call, &target->pods, err);
}

static int get_selector(struct kubectl *kubectl, char **ret, struct err *err)
{
	cleanup_call struct call call = CALL_NONE;
	cleanup_free char *object = strdup(kubectl->request->target);
	char *slash = object == NULL ? NULL : strchr(object, '/');

	if (slash == NULL)
		return err_sys(err, ENOMEM, "the target");
	if (strchr(slash + 1, '/') != NULL) /* TYPE/NAME/CONTAINER */
		*strchr(slash + 1, '/') = '\0';
	int result = call_run(kubectl, NULL, object, CALL_WORDS("get", object, "-o", "json"), NULL, &call, err);
	if (result < 0)
		return result;
	result = kube_selector_parse(call.text.data, call.text.length, ret, err);
	return result < 0 ? err_wrap(err, "%s", object) : 0;
}

static bool is_running(const struct kube_pod *pod)
{
	return pod->phase != NULL && strcmp(pod->phase, "Running") == 0 && !pod->deleted;
}

/* Ready before running before the rest; of these the oldest, which has seen most. */
static bool is_better(const struct kube_pod *pod, const struct kube_pod *than)
{
	int rank = (is_running(pod) ? 2 : 0) + (is_running(pod) && pod->ready ? 1 : 0);
	int other = (is_running(than) ? 2 : 0) + (is_running(than) && than->ready ? 1 : 0);

	if (rank != other || pod->created == NULL || than->created == NULL)
		return rank > other;
	return strcmp(pod->created, than->created) < 0;
}

static int choose_pod(const struct kubectl_request *request, struct kube_target *target, struct err *err)
{
	const char *what = request->selector != NULL ? request->selector : request->target;

	for (size_t i = 0; i < target->pods.count; i++)
		if (target->pod == NULL || is_better(&target->pods.pods[i], target->pod))
			target->pod = &target->pods.pods[i];
	if (target->pod == NULL)
		return err_set(err, ERR_NOT_FOUND, "%.128s has no pods; -n NAMESPACE names another namespace", what);
	if (target->pods.count > 1)
		log_note("pod %s, of the %zu of %s", target->pod->name, target->pods.count, what);
	return 0;
}

/* ---- the container --------------------------------------------------------------------------------------------------------- */

void kube_state_describe(const struct kube_container *container, char *out, size_t size)
{
	out[0] = '\0';
	if (container->reason != NULL)
		(void)text_format(out, size, " (%.64s%s%.300s)", container->reason,
				  container->message != NULL ? ": " : "",
				  container->message != NULL ? container->message : "");
}

static int explain_pod(const struct kube_pod *pod, struct err *err)
{
	const char *phase = pod->phase != NULL ? pod->phase : "Unknown";

	if (strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0)
		return err_set(err, ERR_GONE, "pod %s has ended (%s): nothing runs in it", pod->name,
			       pod->reason != NULL ? pod->reason : phase);
	return err_set(err, ERR_GONE, "pod %s is on no node yet (%s%s%.300s); kubectl describe pod %s says more",
		       pod->name, pod->reason != NULL ? pod->reason : phase, pod->message != NULL ? ": " : "",
		       pod->message != NULL ? pod->message : "", pod->name);
}

static int no_container(const struct kube_pod *pod, const char *name, struct err *err)
{
	char names[256] = "";

	for (size_t i = 0; i < pod->count; i++)
		(void)text_format(names + strlen(names), sizeof(names) - strlen(names), "%s%s", i > 0 ? ", " : "",
				  pod->containers[i].name);
	return err_set(err, ERR_NOT_FOUND, "pod %s has no container %s (%s)", pod->name, name, names);
}

static const struct kube_container *find_container(const struct kube_pod *pod, const char *name)
{
	for (size_t i = 0; i < pod->count; i++)
		if (strcmp(pod->containers[i].name, name) == 0)
			return &pod->containers[i];
	return NULL;
}

static int choose_container(const char *name, struct kube_target *target, struct err *err)
{
	const struct kube_pod *pod = target->pod;
	bool guessed = name == NULL && pod->default_container == NULL && pod->count > 1 &&
		       pod->containers[1].kind == KUBE_CONTAINER;
	const char *wanted = name != NULL ? name : pod->default_container;
	char state[512];

	if (pod->count == 0)
		return err_set(err, ERR_MALFORMED, "pod %s has no containers", pod->name);
	target->container = wanted == NULL ? &pod->containers[0] : find_container(pod, wanted);
	if (target->container == NULL)
		return no_container(pod, wanted, err);
	if (pod->node == NULL ||
	    (pod->phase != NULL && (strcmp(pod->phase, "Succeeded") == 0 || strcmp(pod->phase, "Failed") == 0)))
		return explain_pod(pod, err);
	if (target->container->state != KUBE_RUNNING || target->container->id == NULL) {
		kube_state_describe(target->container, state, sizeof(state));
		return err_set(err, ERR_GONE, "container %s of pod %s does not run%s", target->container->name,
			       pod->name, state);
	}
	if (guessed)
		log_note("container %s of pod %s (-c names another)", target->container->name, pod->name);
	target->node = pod->node;
	return 0;
}

int kube_target_find(struct kubectl *kubectl, struct kube_target *ret, struct err *err)
{
	const struct kubectl_request *request = kubectl->request;
	struct words words;
	int result = parse(request, &words, err);

	if (result < 0)
		return result;
	if (words.form == OF_NODE) {
		memcpy(ret->node_name, words.pod, sizeof(words.pod));
		ret->node = ret->node_name;
		return 0;
	}
	if (words.form == OF_KIND) {
		cleanup_free char *selector = NULL;

		result = get_selector(kubectl, &selector, err);
		if (result == 0)
			result = get(kubectl, request->target, selector, ret, err);
	} else if (words.form == OF_SELECTOR)
		result = get(kubectl, request->selector, request->selector, ret, err);
	else
		result = get(kubectl, words.pod, NULL, ret, err);
	if (result == 0)
		result = choose_pod(request, ret, err);
	if (result == 0)
		result = choose_container(words.container[0] != '\0' ? words.container : request->container, ret, err);
	return result;
}

void kube_target_done(struct kube_target *target)
{
	kube_pods_done(&target->pods);
	*target = (struct kube_target) { 0 };
}
