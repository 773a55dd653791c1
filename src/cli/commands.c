/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands, which dispatch, --help and the completions' check read. */
#include "commands.h"

#include "dbgattach/base/cleanup.h"

#include <string.h>

const struct command command_table[] = {
	{ "ls", "[OPTIONS]", "what can be entered on this host", cmd_ls },
	{ "inspect", "[OPTIONS] TARGET", "what a container is and may do", cmd_inspect },
	{ "doctor", "[OPTIONS]", "what this kernel and host can do, and what degrades", cmd_doctor },
	{ "toolbox", "COMMAND [ARG...]", "the toolboxes of this host", cmd_toolbox },
};
const size_t command_count = ARRAY_SIZE(command_table);

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < command_count; i++)
		if (strcmp(command_table[i].name, name) == 0)
			return &command_table[i];
	return NULL;
}
