/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Job and no bare Pod: of a client that was killed, the pod ends by itself, and the Job's ttlSecondsAfterFinished takes both
 * away.
 */
#include "job.h"

#include "dbgattach/base/cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define DEADLINE_S 43200 /* the last stop, where not even its own processes end the pod */
#define DEADLINE_MARGIN_S 120
#define PROGRAM "/dbgattach"

#ifndef DBG_IMAGE
#define DBG_IMAGE NULL
#endif

const char *job_namespace(const struct kubectl_request *request)
{
	return request->node_namespace != NULL ? request->node_namespace : NODE_NAMESPACE;
}

int job_name(char ret[JOB_NAME_MAX], struct err *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345"; /* 32 of them: no letter is likelier */
	static const char prefix[] = "dbgattach-";
	unsigned char bytes[8];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return err_sys(err, errno, "a name for the Job");
	memcpy(ret, prefix, sizeof(prefix));
	for (size_t i = 0; i < sizeof(bytes); i++)
		ret[sizeof(prefix) - 1 + i] = letters[bytes[i] % 32];
	ret[sizeof(prefix) - 1 + sizeof(bytes)] = '\0';
	return 0;
}

static int image_of(const struct kubectl_request *request, const char **ret, struct err *err)
{
	*ret = request->image != NULL ? request->image : DBG_IMAGE;
	return *ret != NULL ?
		       0 :
		       err_set(err, ERR_USAGE,
			       "no image is named: --image or DBGATTACH_IMAGE (packaging/kubernetes/Containerfile "
			       "makes one), or install the agent");
}

/* ---- the security context ------------------------------------------------------------------------------------------------ */

/* Without "CAP_": else the API server refuses SYS_ADMIN beside allowPrivilegeEscalation: false. */
static json_t *capability_names(uint64_t mask)
{
	json_t *names = json_array();

	for (unsigned bit = 0; bit < 64; bit++) {
		char name[64];

		if ((mask & CAPABILITY_BIT(bit)) == 0)
			continue;
		(void)capabilities_format(CAPABILITY_BIT(bit), name, sizeof(name));
		(void)json_array_append_new(names, json_string(name));
	}
	return names;
}

/* To enter, to become, and what the session is to have. */
static uint64_t needed_capabilities(const struct kubectl_request *request)
{
	uint64_t mask = request->cap_add;

	for (size_t i = 0; capability_need_at(i) != NULL; i++)
		if (capability_need_at(i)->required)
			mask |= capability_need_at(i)->capability;
	return request->profile->target_capabilities ? mask : mask | request->profile->capabilities;
}

/* spc_t: on nodes with SELinux the type of containers that may enter others; elsewhere it is passed over. */
static json_t *node_security(const struct kubectl_request *request)
{
	if (request->profile->all_capabilities)
		return json_pack("{sb, si, sb}", "privileged", 1, "runAsUser", 0, "readOnlyRootFilesystem", 1);
	return json_pack("{si, si, sb, sb, sb, s{s[s], so}, s{ss}, s{ss}}", "runAsUser", 0, "runAsGroup", 0,
			 "runAsNonRoot", 0, "allowPrivilegeEscalation", 0, "readOnlyRootFilesystem", 1, "capabilities",
			 "drop", "ALL", "add", capability_names(needed_capabilities(request)), "seccompProfile", "type",
			 "RuntimeDefault", "seLinuxOptions", "type", "spc_t");
}

static json_t *ephemeral_security(const struct kubectl_request *request)
{
	/* The pod's own user, and nothing that its namespace could refuse. */
	if (request->mode == KUBECTL_VIEW)
		return json_pack("{sb, sb, s{s[s]}, s{ss}}", "allowPrivilegeEscalation", 0, "runAsNonRoot", 1,
				 "capabilities", "drop", "ALL", "seccompProfile", "type", "RuntimeDefault");
	json_t *security = node_security(request);
	/* The pod's own may say that nobody is root. */
	(void)json_object_set_new(security, "runAsNonRoot", json_false());
	return security;
}

/* ---- the pod --------------------------------------------------------------------------------------------------------------- */

static json_t *labels(void)
{
	return json_pack("{ss, ss}", "app.kubernetes.io/name", "dbgattach-node", "app.kubernetes.io/managed-by",
			 "kubectl-dbgattach");
}

static json_t *container(const char *name, const char *image, json_t *security)
{
	return json_pack("{ss, ss, s[sss s], so}", "name", name, "image", image, "command", PROGRAM, "--node", "wait",
			 "--once", "securityContext", security);
}

static json_t *node_container(const struct kubectl_request *request, const char *image)
{
	json_t *made = container(CONTAINER_NAME, image, node_security(request));
	/* A limit would be the session's too: it must not be killed for what it looks at. */
	int result = json_object_set_new(made, "resources",
					 json_pack("{s{ss, ss}}", "requests", "cpu", "10m", "memory", "16Mi"));

	if (result == 0)
		result = json_object_set_new(
			made, "volumeMounts",
			json_pack("[{ss, ss}]", "name", "audit", "mountPath", "/var/log/dbgattach"));
	if (result == 0)
		return made;
	json_decref(made);
	return NULL;
}

static json_t *pod_spec(const struct kubectl_request *request, const char *image, const char *node, int64_t deadline)
{
	return json_pack("{ss, sb, ss, sb, sb, si, sI, s[{ss}], so, s[{ss, s{ss, ss}}]}", "nodeName", node, "hostPID",
			 1, "restartPolicy", "Never", "automountServiceAccountToken", 0, "enableServiceLinks", 0,
			 "terminationGracePeriodSeconds", 0, "activeDeadlineSeconds", (json_int_t)deadline,
			 "tolerations", "operator", "Exists", "containers",
			 json_pack("[o]", node_container(request, image)), "volumes", "name", "audit", "hostPath",
			 "path", "/var/log/dbgattach", "type", "DirectoryOrCreate");
}

static int64_t deadline_of(const struct kubectl_request *request)
{
	return request->timeout_s != 0 ? (int64_t)request->timeout_s + request->start_timeout_s + DEADLINE_MARGIN_S :
					 DEADLINE_S;
}

/*
 * Containers that no policy of the node's confines may mount; the default profiles of both forbid it. The annotation is for
 * clusters before 1.30, which do not know the field.
 */
static json_t *pod_metadata(void)
{
	return json_pack("{so, s{ss}}", "labels", labels(), "annotations",
			 "container.apparmor.security.beta.kubernetes.io/" CONTAINER_NAME, "unconfined");
}

int job_make(const struct kubectl_request *request, const char *name, const char *node, json_t **ret, struct err *err)
{
	int64_t deadline = deadline_of(request);
	const char *image;
	int result = image_of(request, &image, err);

	if (result < 0)
		return result;
	*ret = json_pack("{ss, ss, s{ss, ss, so}, s{si, si, sI, s{so, so}}}", "apiVersion", "batch/v1", "kind", "Job",
			 "metadata", "name", name, "namespace", job_namespace(request), "labels", labels(), "spec",
			 "ttlSecondsAfterFinished", 0, "backoffLimit", 0, "activeDeadlineSeconds", (json_int_t)deadline,
			 "template", "metadata", pod_metadata(), "spec", pod_spec(request, image, node, deadline));
	return *ret == NULL ? err_sys(err, ENOMEM, "the Job") : 0;
}

int job_make_ephemeral(const struct kubectl_request *request, const char *name, const char *target, json_t **ret,
		       struct err *err)
{
	const char *image;
	int result = image_of(request, &image, err);

	if (result < 0)
		return result;
	*ret = container(name, image, ephemeral_security(request));
	if (*ret == NULL || json_object_set_new(*ret, "targetContainerName", json_string(target)) < 0)
		return err_sys(err, ENOMEM, "the ephemeral container");
	return 0;
}
