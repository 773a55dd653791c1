/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What containerd's and CRI-O's annotations in a bundle's config.json (OCI runtime-spec) tell of the container: its pod, its
 * image, the name that nerdctl gave it.
 */
#pragma once

#include "dbgattach/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct annotations {
	char *pod_namespace, *pod; /* NULL: of no pod */
	char *container;           /* of a pod; NULL for its sandbox */
	bool is_sandbox;
	char *image; /* as it was asked for; NULL: not stated */
	char *name;  /* nerdctl's; NULL: none */
};

int annotations_parse(const char *bytes, size_t length, struct annotations *ret, struct err *err);
void annotations_done(struct annotations *annotations);
