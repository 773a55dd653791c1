/* SPDX-License-Identifier: Apache-2.0 */
/* What is made in the cluster for one session: the pod, as the template of a Job, or an ephemeral container. */
#pragma once

#include "dbgattach/base/json.h"
#include "dbgattach/kubectl.h"

#define JOB_NAME_MAX 32
#define NODE_NAMESPACE "dbgattach"
#define CONTAINER_NAME "dbgattach"
#define AGENT_LABEL "app.kubernetes.io/name=dbgattach-agent"
#define JOB_LABEL "app.kubernetes.io/managed-by=kubectl-dbgattach"

const char *job_namespace(const struct kubectl_request *request);

/* dbgattach-XXXXXXXX: made by us, since it has to be known to whoever takes it away before it is there. */
int job_name(char ret[JOB_NAME_MAX], struct err *err);

/* ERR_USAGE where no image is named. A new reference. */
int job_make(const struct kubectl_request *request, const char *name, const char *node, json_t **ret, struct err *err);

/* For spec.ephemeralContainers. target: the container whose processes it is to see. */
int job_make_ephemeral(const struct kubectl_request *request, const char *name, const char *target, json_t **ret,
		       struct err *err);
