/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: the only part that talks to people. */
#pragma once

#include "dbgattach/attach.h"
#include "dbgattach/base/err.h"

#include <stdio.h>

#define CLI_EXIT_OWN_FAILURE 125

enum cli_action { CLI_ATTACH, CLI_EXPLAIN, CLI_HELP, CLI_VERSION };

struct cli_result {
	enum cli_action action;
	int verbosity; /* enum log_level */
	bool profile_given, custom_given, toolbox_check_given;
	struct attach_request request;
};

/*
 * Parses without touching the system: it never exits, prints or opens anything but the files that options name. argv must outlive the
 * result. Parsing stops at TARGET, so the command's own options need no "--".
 */
int cli_parse(int argc, char **argv, struct cli_result *ret, struct err *err);

void cli_print_help(FILE *out);

/* The whole program; the exit status. */
int cli_main(int argc, char **argv);
