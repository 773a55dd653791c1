/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `docker dbgattach`: the same program, called by the Docker CLI as docker-dbgattach
 * (https://github.com/docker/cli/tree/master/cli-plugins, schema 0.1.0).
 */
#pragma once

#include "dbgattach/base/err.h"
#include "dbgattach/format/reference.h"

#include <stdbool.h>

/* By the name that the program was called by. */
bool docker_plugin_is(const char *program);

/*
 * Takes what is the Docker CLI's from the command line and moves *argc and *argv to what dbgattach's own would be. *ret_done:
 * the CLI only wanted to know who we are. From here on a TARGET without a runtime is a container of Docker's, and the end of
 * the CLI ends us like SIGTERM. Refused where the CLI's daemon is on another host.
 */
int docker_plugin_take(int *argc, char ***argv, bool *ret_done, struct err *err);

/* A TARGET of the command line. */
int docker_plugin_reference(const char *text, struct reference *ret, struct err *err);
