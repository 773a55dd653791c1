/* SPDX-License-Identifier: Apache-2.0 */
/* `dbgattach inspect TARGET`: what a container is and may do, as text or as JSON. */
#include "commands.h"
#include "docker_plugin.h"
#include "document.h"
#include "option.h"
#include "output.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/inspect.h"

#include <stdio.h>

struct request {
	struct output_request output;
	bool show_secrets;
};

static int apply_show_secrets(void *context, const char *value, struct err *err)
{
	struct request *request = context;

	(void)value;
	(void)err;
	request->show_secrets = true;
	return 0;
}

static const struct option_spec inspect_options[] = {
	{ 'o', "output", "FORMAT", "table (default) or json", output_apply_format },
	{ 0, "show-secrets", NULL, "the values of variables that look like secrets, too", apply_show_secrets },
	{ 0, "host-root", "DIR", "in a container: where /run, /var and /proc of the host are", output_apply_host_root },
	{ 'h', "help", NULL, "print this", output_apply_help },
};
static const struct option_set inspect_set = {
	.options = inspect_options,
	.count = ARRAY_SIZE(inspect_options),
	.help = "dbgattach inspect --help",
	.usage = "inspect [OPTIONS] TARGET",
	.about = "What a running container is and may do. Nothing of it is touched.",
	.exit_status = "0; 1 where a part could not be read, which is said; 125 failed.",
};

/* Options may stand behind TARGET too: nothing else does. */
static int parse(int argc, char **argv, struct request *request, const char **ret_target, struct err *err)
{
	int index = 0, result = 0;

	while (result == 0 && index < argc) {
		bool options = index == 0 || argv[index][0] == '-';

		if (options)
			result = options_parse(&inspect_set, argc, argv, &index, request, err);
		if (result != 0 || index == argc)
			break;
		if (*ret_target != NULL)
			return err_set(err, ERR_USAGE, "inspect: what is %.64s for? It takes one TARGET", argv[index]);
		*ret_target = argv[index++];
	}
	return result;
}

static int print(const struct request *request, const char *target, int *ret_status, struct err *err)
{
	struct reference reference;
	cleanup_json json_t *document = NULL;
	int result = docker_plugin_reference(target, &reference, err);

	if (result == 0)
		result = inspect_read(&reference, request->output.host_root, request->show_secrets, &document, err);
	if (result < 0)
		return result;
	*ret_status = json_array_size(json_object_get(document, "errors")) > 0 ? 1 : 0;
	return request->output.format == OUTPUT_JSON ? output_json(json_incref(document), err) :
						       document_print(document, err);
}

int cmd_inspect(int argc, char **argv, int *ret_status, struct err *err)
{
	struct request request = { 0 };
	const char *target = NULL;
	int result = parse(argc, argv, &request, &target, err);

	if (result < 0)
		return result;
	if (request.output.help) {
		options_help(&inspect_set, stdout);
		*ret_status = 0;
		return 0;
	}
	if (target == NULL)
		return err_set(err, ERR_USAGE, "no container is named (dbgattach inspect [OPTIONS] TARGET)");
	return print(&request, target, ret_status, err);
}
