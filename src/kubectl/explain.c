/* SPDX-License-Identifier: Apache-2.0 */
/* --explain: what would be made, as `kubectl apply` would take it, and who has to be allowed what. */
#include "place.h"

#include "dbgattach/base/cleanup.h"

#include <errno.h>
#include <string.h>

/* By the namespace in which it is needed. */
static const struct right {
	unsigned modes; /* bits of enum kubectl_mode */
	bool in_target; /* in the target's namespace, else in the agent's and the node pods' */
	const char *groups, *resources, *verbs;
} rights[] = {
	{ ~0U, true, "\"\"", "pods", "get" },
	{ 1U << KUBECTL_AGENT, false, "\"\"", "pods", "list" },
	{ 1U << KUBECTL_NODE, false, "\"\"", "pods", "get, list" },
	{ 1U << KUBECTL_NODE, false, "\"\"", "events", "list" },
	{ 1U << KUBECTL_NODE, false, "batch", "jobs", "create, delete" },
	{ 1U << KUBECTL_AGENT | 1U << KUBECTL_NODE, false, "\"\"", "pods/exec", "get, create" },
	{ 1U << KUBECTL_EPHEMERAL | 1U << KUBECTL_VIEW, true, "\"\"", "pods/ephemeralcontainers", "update" },
	{ 1U << KUBECTL_EPHEMERAL | 1U << KUBECTL_VIEW, true, "\"\"", "pods/exec", "get, create" },
};

static int print_json(FILE *out, json_t *json, struct err *err)
{
	cleanup_free char *text = json == NULL ? NULL : json_dumps(json, JSON_INDENT(2));

	json_decref(json);
	if (text == NULL)
		return err_sys(err, ENOMEM, "--explain");
	(void)fprintf(out, "%s\n", text);
	return 0;
}

static void print_rights(FILE *out, enum kubectl_mode mode, bool in_target, const char *name_space)
{
	(void)fprintf(out,
		      "---\n# in namespace %s\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n"
		      "metadata: {name: dbgattach%s, namespace: %s}\nrules:\n",
		      name_space, in_target ? "-target" : "", name_space);
	for (size_t i = 0; i < ARRAY_SIZE(rights); i++)
		if ((rights[i].modes & 1U << mode) != 0 && rights[i].in_target == in_target)
			(void)fprintf(out, "- {apiGroups: [%s], resources: [%s], verbs: [%s]}\n", rights[i].groups,
				      rights[i].resources, rights[i].verbs);
}

static int print_made(const struct kubectl *kubectl, const struct kube_target *target, struct place *place, FILE *out,
		      struct err *err)
{
	json_t *made = NULL;
	int result = job_name(place->name, err);

	if (result == 0 && place->mode == KUBECTL_NODE)
		result = job_make(kubectl->request, place->name, target->node, &made, err);
	else if (result == 0 && target->pod == NULL)
		return err_set(err, ERR_USAGE, "a node has no ephemeral containers (--mode=node)");
	else if (result == 0)
		result = job_make_ephemeral(kubectl->request, place->name, target->container->name, &made, err);
	if (result < 0)
		return result;
	if (place->mode != KUBECTL_NODE)
		(void)fprintf(out, "# appended to spec.ephemeralContainers of pod %s, where it stays\n",
			      target->pod->name);
	return print_json(out, made, err);
}

int kubectl_explain(struct kubectl_request *request, FILE *out, struct err *err)
{
	struct kubectl kubectl = { .request = request, .signal_fd = -EBADF };
	__attribute__((cleanup(kube_target_done))) struct kube_target target = { 0 };
	struct place place;
	int result = place_choose(&kubectl, &target, &place, err);

	if (result < 0)
		return result;
	if (target.pod != NULL)
		(void)fprintf(out, "# target: container %s of pod %s/%s on node %s: %s\n", target.container->name,
			      target.pod->name_space, target.pod->name, target.node, target.container->id);
	else
		(void)fprintf(out, "# target: node %s\n", target.node);
	(void)fprintf(out, "# mode: %s%s%s\n", kubectl_mode_name(place.mode),
		      place.mode == KUBECTL_AGENT ? ", nothing is made; pod " : ", made and removed again:", place.pod);
	if (place.mode != KUBECTL_AGENT)
		result = print_made(&kubectl, &target, &place, out, err);
	if (result < 0)
		return result;
	if (target.pod != NULL)
		print_rights(out, place.mode, true, target.pod->name_space);
	if (place.name_space != NULL)
		print_rights(out, place.mode, false, place.name_space);
	return 0;
}
