/* SPDX-License-Identifier: Apache-2.0 */
/* Docker's containers/ID/config.v2.json. */
#pragma once

#include "dbgattach/base/err.h"
#include "dbgattach/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct docker_container {
	char *id, *name; /* name without Docker's leading "/" */
	char *image;     /* as it was asked for (Config.Image) */
	char *hostname;
	char *pod_name, *pod_namespace, *pod_container; /* of Kubernetes, by the labels; NULL: not stated */
	int64_t pid;
	bool running, paused;
	struct strv env; /* Config.Env; what Docker adds at the start is added by target/docker.c */
};

int docker_container_parse(const char *bytes, size_t length, struct docker_container *ret, struct err *err);
void docker_container_done(struct docker_container *container);
