/* SPDX-License-Identifier: Apache-2.0 */
/* containers/storage's overlay-containers/containers.json: the ids, names and images of Podman's and CRI-O's containers. */
#pragma once

#include "dbgattach/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct podman_container {
	const char *id, *image; /* image: name from the metadata, "" where not stated */
	const char *const *names;
	size_t names_count;
	bool is_crio;
	/* CRI-O's, out of its name k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT; "" where it is not like that. POD: the sandbox. */
	const char *pod_namespace, *pod, *container;
};

/*
 * Calls visit for each that holds word somewhere (NULL: for each); a negative result of it ends the walk and is returned. A
 * damaged entry is passed over, and the first one's error returned at the end. The strings live for the call only.
 */
int podman_containers_parse(const char *bytes, size_t length, const char *word,
			    int (*visit)(const struct podman_container *container, void *context, struct err *err),
			    void *context, struct err *err);
