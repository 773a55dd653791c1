/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `kubectl dbgattach`: a session in a container of a pod on any node, through kubectl alone, whose credentials, proxies and
 * plugins are the user's. Everything that is made in the cluster for a session is taken away with it.
 */
#pragma once

#include "dbgattach/base/err.h"
#include "dbgattach/base/text.h"
#include "dbgattach/privilege.h"
#include "dbgattach/remote.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Where the program that attaches runs. */
enum kubectl_mode {
	KUBECTL_AUTO,      /* the agent where there is one, else a node pod */
	KUBECTL_AGENT,     /* a pod of the DaemonSet dbgattach-agent */
	KUBECTL_NODE,      /* a pod of its own on the target's node */
	KUBECTL_EPHEMERAL, /* an ephemeral container of the target's pod */
	KUBECTL_VIEW,      /* the same without any privilege: no attach, a look at its processes and files */
	KUBECTL_MODE_MAX,
};

struct kubectl_request {
	const char *name_space, *context, *kubeconfig, *as; /* as kubectl takes them; NULL: its own defaults */
	const char *target; /* POD, POD/CONTAINER, TYPE/NAME, node/NAME; NULL: selector */
	const char *container, *selector;
	enum kubectl_mode mode;
	const char *image;          /* of the pods that are made; NULL: the build's own default, if it has one */
	const char *node_namespace; /* where agent and node pods are; NULL: "dbgattach" */
	uint32_t start_timeout_s;   /* until the pod runs: its image may have to be pulled; 0: a minute */
	uint32_t timeout_s;         /* of the session; 0: none */
	const struct profile *profile;
	uint64_t cap_add;             /* what the pod has to have beside the profile's */
	struct remote_request remote; /* dbgattach's own options; the target and the command are put behind them */
	struct strv command;
	bool wants_terminal, no_terminal; /* -t, -T */
};

/* As attach_run(). */
int kubectl_run(struct kubectl_request *request, int *ret_status, struct err *err);
/* What would be made, and the rights that it takes; nothing is made. */
int kubectl_explain(struct kubectl_request *request, FILE *out, struct err *err);
/* Removes the Jobs that sessions have left, told to out: those that run nothing any more, or all. */
int kubectl_gc(const struct kubectl_request *request, bool all, FILE *out, struct err *err);

/* In the pod, for KUBECTL_VIEW: becomes the command, or where there is none a shell, in the root of the container of that id. */
int kubectl_view(const char *id, char **command, int *ret_status, struct err *err);

/* "auto", "agent", ...; NULL behind the last. */
const char *kubectl_mode_name(enum kubectl_mode mode);
