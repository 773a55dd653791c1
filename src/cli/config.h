/* SPDX-License-Identifier: Apache-2.0 */
/* What the host's owner says about attaches: /etc/dbgattach/config.json. */
#pragma once

#include "dbgattach/cli.h"
#include "dbgattach/format/config.h"

/* The one path, whatever the environment says: a policy that its user can move is none. */
const char *config_path(void);

/*
 * No file: an empty configuration, and *ret_found is false. A file that cannot be read, or that others than root can write, is an
 * error: what it would have forbidden is not known. config_done() the result.
 */
int config_load(struct config *ret, bool *ret_found, struct err *err);

/* Fills in what the command line left open, then compares with the policy: ERR_REFUSED. config must outlive the result. */
int config_apply(const struct config *config, struct cli_result *result, struct err *err);
