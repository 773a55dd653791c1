/* SPDX-License-Identifier: Apache-2.0 */
/* What `kubectl get ... -o json` says: pods, and what selects pods. */
#pragma once

#include "dbgattach/base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum kube_container_kind { KUBE_CONTAINER, KUBE_INIT_CONTAINER, KUBE_EPHEMERAL_CONTAINER };
enum kube_state { KUBE_UNKNOWN, KUBE_WAITING, KUBE_RUNNING, KUBE_TERMINATED };

struct kube_container {
	enum kube_container_kind kind;
	char *name;
	char *id; /* "containerd://ID"; NULL: none yet */
	enum kube_state state;
	char *reason, *message; /* of a state that is not running: "ErrImagePull"; NULL where none is stated */
};

struct kube_pod {
	char *name_space, *name, *node; /* node: NULL: not scheduled */
	char *phase, *created;          /* NULL: not stated */
	char *default_container;        /* kubectl.kubernetes.io/default-container; NULL: none */
	char *reason,
		*message;    /* of its PodScheduled condition, where that is False, else of the pod itself; or NULL */
	bool ready, deleted; /* deleted: being so */
	struct kube_container *containers; /* those of the spec first, in its order */
	size_t count;
};

struct kube_pods {
	struct kube_pod *pods;
	size_t count;
};

/* A Pod or a List of them. */
int kube_pods_parse(const char *bytes, size_t length, struct kube_pods *ret, struct err *err);
void kube_pods_done(struct kube_pods *pods);

/* The selector of a Deployment, Job, Service, ..., as kubectl's -l takes it. ERR_NOT_FOUND: it has none. The caller frees it. */
int kube_selector_parse(const char *bytes, size_t length, char **ret, struct err *err);
