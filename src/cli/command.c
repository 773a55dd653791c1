/* SPDX-License-Identifier: Apache-2.0 */
/* From argv to a request. */
#include "option.h"

#include "dbgattach/base/cleanup.h"

#include <errno.h>
#include <string.h>

static const struct option_spec *find_long(const char *name, size_t length)
{
	for (size_t i = 0; i < option_count; i++)
		if (option_table[i].long_name != NULL && strlen(option_table[i].long_name) == length &&
		    memcmp(option_table[i].long_name, name, length) == 0)
			return &option_table[i];
	return NULL;
}

static const struct option_spec *find_short(char name)
{
	for (size_t i = 0; i < option_count; i++)
		if (option_table[i].short_name == name)
			return &option_table[i];
	return NULL;
}

static int unknown(const char *text, struct err *err)
{
	return err_set(err, ERR_USAGE, "unknown option %.40s (dbgattach --help lists them)", text);
}

/* The argument behind "=", or the next word. Moves *index past what it used. */
static int take_value(int argc, char **argv, int *index, const char *attached, const char *text, const char **ret_value,
		      struct err *err)
{
	if (attached != NULL) {
		*ret_value = attached;
		return 0;
	}
	if (*index + 1 >= argc)
		return err_set(err, ERR_USAGE, "%.40s needs an argument", text);
	*ret_value = argv[++*index];
	return 0;
}

static int parse_long(int argc, char **argv, int *index, struct cli_result *result, struct err *err)
{
	const char *text = argv[*index], *name = text + 2, *value = NULL;
	size_t length = strcspn(name, "=");
	const char *attached = name[length] == '=' ? name + length + 1 : NULL;
	const struct option_spec *option = find_long(name, length);

	if (option == NULL)
		return unknown(text, err);
	if (option->argument == NULL && attached != NULL)
		return err_set(err, ERR_USAGE, "--%s takes no argument", option->long_name);
	if (option->argument != NULL) {
		int status = take_value(argc, argv, index, attached, text, &value, err);
		if (status < 0)
			return status;
	}
	return option->apply(result, value, err);
}

/* -it, -u1000, -u 1000, -u=1000 is not one of docker's forms and means the value "=1000". */
static int parse_short(int argc, char **argv, int *index, struct cli_result *result, struct err *err)
{
	for (const char *letter = argv[*index] + 1; *letter != '\0'; letter++) {
		const char text[] = { '-', *letter, '\0' };
		const struct option_spec *option = find_short(*letter);
		const char *value = NULL;

		if (option == NULL)
			return unknown(text, err);
		if (option->argument != NULL) {
			int status =
				take_value(argc, argv, index, letter[1] != '\0' ? letter + 1 : NULL, text, &value, err);
			return status < 0 ? status : option->apply(result, value, err);
		}
		int status = option->apply(result, NULL, err);
		if (status < 0)
			return status;
	}
	return 0;
}

static int parse_options(int argc, char **argv, int *index, struct cli_result *result, struct err *err)
{
	for (; *index < argc; ++*index) {
		const char *text = argv[*index];

		if (strcmp(text, "--") == 0) {
			++*index;
			return 0;
		}
		if (text[0] != '-' || text[1] == '\0')
			return 0;
		int status = text[1] == '-' ? parse_long(argc, argv, index, result, err) :
					      parse_short(argc, argv, index, result, err);
		if (status < 0)
			return status;
		if (result->action == CLI_HELP || result->action == CLI_VERSION)
			return 0;
	}
	return 0;
}

static int parse_target(int argc, char **argv, int index, struct cli_result *result, struct err *err)
{
	struct attach_request *request = &result->request;

	if (index >= argc)
		return err_set(err, ERR_USAGE, "no container is named (dbgattach [OPTIONS] TARGET [COMMAND...])");
	int status = reference_parse(argv[index++], &request->target, err);
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
	int status = parse_options(argc, argv, &index, &result, err);
	if (status == 0 && result.profile_given && result.custom_given)
		status = err_set(err, ERR_USAGE,
				 "--custom and --profile: only one of them can say what the session may do");
	if (status == 0 && result.action != CLI_HELP && result.action != CLI_VERSION)
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
	(void)fputs("Usage: dbgattach [OPTIONS] TARGET [--] [COMMAND [ARG...]]\n\n"
		    "A shell with tools in a running container that has none. The container stays as it is.\n\n"
		    "TARGET: a name, id or unique id prefix; RUNTIME:REF with docker, podman:[USER/], cri-o, "
		    "containerd:[NAMESPACE/],\n"
		    "lxc:[USER/], nspawn, runc:[ROOT/], crun:[ROOT/], youki:[ROOT/]; pod/[NAMESPACE/]POD[/CONTAINER]; "
		    "pid:N\n\n",
		    out);
	for (size_t i = 0; i < option_count; i++) {
		const struct option_spec *option = &option_table[i];
		char left[48], letter[8] = "    ";

		if (option->help == NULL)
			continue;
		if (option->short_name != 0)
			(void)snprintf(letter, sizeof(letter), "-%c, ", option->short_name);
		(void)snprintf(left, sizeof(left), "%s--%s%s%s", letter, option->long_name,
			       option->argument != NULL ? " " : "", option->argument != NULL ? option->argument : "");
		(void)fprintf(out, "  %-26s %s\n", left, option->help);
	}
	(void)fputs("\nExit status: the command's; 128+N for signal N; 124 time is up; 125 dbgattach itself failed; "
		    "126 cannot be\n"
		    "executed; 127 not found; 137 killed, or the container has ended. See dbgattach(1).\n",
		    out);
}
