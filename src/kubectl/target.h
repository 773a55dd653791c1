/* SPDX-License-Identifier: Apache-2.0 */
/* Which container of which pod on which node is meant. */
#pragma once

#include "call.h"

/* Of the pods found, one is chosen. */
struct kube_target {
	struct kube_pods pods;
	const struct kube_pod *pod;             /* NULL: the node itself */
	const struct kube_container *container; /* NULL likewise */
	const char *node;
	char node_name[256];
};

int kube_target_find(struct kubectl *kubectl, struct kube_target *ret, struct err *err);
/* Of what was typed, without asking anybody: ERR_USAGE. */
int kube_target_check(const struct kubectl_request *request, struct err *err);
void kube_target_done(struct kube_target *target);

/* Why a container does not run, in words: " (ErrImagePull: ...)", or "". */
void kube_state_describe(const struct kube_container *container, char *out, size_t size);
