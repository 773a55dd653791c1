/* SPDX-License-Identifier: Apache-2.0 */
/* From argv to a request. */
#include "commands.h"
#include "docker_plugin.h"
#include "option.h"

#include "dbgattach/base/cleanup.h"

#include <errno.h>
#include <string.h>

/* Not a constant: the table's length is another file's. */
static struct option_set attach_options(void)
{
	return (struct option_set) { .options = option_table, .count = option_count, .help = "dbgattach --help" };
}

static int parse_target(int argc, char **argv, int index, struct cli_result *result, struct err *err)
{
	struct attach_request *request = &result->request;

	if (index >= argc)
		return err_set(err, ERR_USAGE, "no container is named (dbgattach [OPTIONS] TARGET [COMMAND...])");
	int status = docker_plugin_reference(argv[index++], &request->target, err);
	if (status < 0)
		return status;
	if (index < argc && strcmp(argv[index], "--") == 0)
		index++;
	else if (index < argc && argv[index][0] == '-')
		return err_set(err, ERR_USAGE, "%.40s stands behind TARGET; dbgattach's options come before it",
			       argv[index]);
	for (; status == 0 && index < argc; index++)
		status = strv_add(&request->command, argv[index]);
	return status < 0 ? err_sys(err, status, "the command") : 0;
}

int cli_parse(int argc, char **argv, struct cli_result *ret, struct err *err)
{
	struct cli_result result = { .request = { .profile = profile_at(0) } };
	int index = 1;

	/* A container that is called "attach" is reached with `attach attach` or docker:attach. */
	if (index < argc && strcmp(argv[index], "attach") == 0)
		index++;
	struct option_set set = attach_options();
	int status = options_parse(&set, argc, argv, &index, &result, err);
	if (status == 0 && result.profile_given && result.custom_given)
		status = err_set(err, ERR_USAGE,
				 "--custom and --profile: only one of them can say what the session may do");
	if (status == 0)
		status = parse_target(argc, argv, index, &result, err);
	if (status < 0) {
		attach_request_done(&result.request);
		return status;
	}
	*ret = result;
	return 0;
}

void attach_custom_done(struct attach_request *request)
{
	if (request->custom == NULL)
		return;
	/* Its strings are ours, unlike those of the table. */
	free((void *)(uintptr_t)request->custom->name);
	free((void *)(uintptr_t)request->custom->summary);
	free(take_ptr(request->custom));
}

void attach_request_done(struct attach_request *request)
{
	strv_done(&request->command);
	strv_done(&request->env);
	if (request->seccomp_profile != NULL)
		seccomp_profile_done(request->seccomp_profile);
	free(take_ptr(request->seccomp_profile));
	attach_custom_done(request);
}

void cli_print_help(FILE *out)
{
	struct option_set set = attach_options();

	(void)fputs("Usage: dbgattach [OPTIONS] TARGET [--] [COMMAND [ARG...]]\n", out);
	for (size_t i = 0; i < command_count; i++)
		(void)fprintf(out, "       dbgattach %-8s %-18s %s\n", command_table[i].name,
			      command_table[i].arguments, command_table[i].summary);
	(void)fputs("\n"
		    "A shell with tools in a running container that has none. The container stays as it is.\n\n"
		    "TARGET: a name, id or unique id prefix; RUNTIME:REF with docker, podman:[USER/], cri-o, "
		    "containerd:[NAMESPACE/],\n"
		    "lxc:[USER/], nspawn, runc:[ROOT/], crun:[ROOT/], youki:[ROOT/]; pod/[NAMESPACE/]POD[/CONTAINER]; "
		    "pid:N\n\n",
		    out);
	options_print(&set, out);
	(void)fputs("\nExit status: the command's; 128+N for signal N; 124 time is up; 125 dbgattach itself failed; "
		    "126 cannot be\n"
		    "executed; 127 not found; 137 killed, or the container has ended. See dbgattach(1).\n",
		    out);
}
