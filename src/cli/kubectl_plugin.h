/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `kubectl dbgattach`: the same program, called as kubectl-dbgattach
 * (https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/); and what of it runs in the pod.
 */
#pragma once

#include "dbgattach/base/err.h"

#include <stdbool.h>

/* By the name that the program was called by. */
bool kubectl_plugin_is(const char *program);
int kubectl_plugin_run(int argc, char **argv, int *ret_status, struct err *err);

/*
 * "dbgattach --node wait|session|view ...", in the pod. No command, whose name a container could have, and no option of attach: only
 * the first word counts.
 */
bool node_command_is(int argc, char **argv);
int node_command_run(int argc, char **argv, int *ret_status, struct err *err);
