/* SPDX-License-Identifier: Apache-2.0 */
/* `dbgattach doctor`: what this kernel and host can do, and what will degrade. */
#include "commands.h"
#include "config.h"
#include "option.h"
#include "output.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/doctor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct option_spec doctor_options[] = {
	{ 'o', "output", "FORMAT", "table (default) or json", output_apply_format },
	{ 0, "host-root", "DIR", "in a container: where /run, /var and /proc of the host are", output_apply_host_root },
	{ 'h', "help", NULL, "print this", output_apply_help },
};
static const struct option_set doctor_set = {
	.options = doctor_options,
	.count = ARRAY_SIZE(doctor_options),
	.help = "dbgattach doctor --help",
	.usage = "doctor [OPTIONS]",
	.about = "What this kernel and host let the caller do, tried out, and what is lost by what is missing.",
	.exit_status = "0: an attach is possible; 1: it is not; 125 failed.",
};

static const char *text_of(const json_t *row, const char *key)
{
	return json_string_value(json_object_get(row, key));
}

static void print_config(const json_t *document)
{
	const json_t *config = json_object_get(document, "config");
	const char *error = text_of(config, "error");

	if (error != NULL)
		(void)printf("\nEvery attach is refused: %s", error);
	else if (json_is_object(config))
		(void)printf("\n%s holds %s.", text_of(config, "path"),
			     json_is_true(json_object_get(config, "policy")) ? "a policy" : "defaults");
}

/* What is there says what for, what is not says what is lost. */
static int print_table(const json_t *document, struct err *err)
{
	static const struct table_column columns[] = { { "STATE", false }, { "GROUP", false },   { "NAME", false },
						       { "SINCE", true },  { "MEANING", false }, { "DETAIL", false } };
	struct table table = { .columns = columns, .count = ARRAY_SIZE(columns) };
	const json_t *row;
	bool plain = false;
	size_t i;
	int result = 0;

	json_array_foreach(json_object_get(document, "conditions"), i, row)
	{
		const char *state = text_of(row, "state");
		plain |= strcmp(text_of(row, "name"), "caller") == 0 && strcmp(state, "ok") != 0;
		bool there = strcmp(state, "ok") == 0;
		const char *const cells[] = { state,
					      text_of(row, "group"),
					      text_of(row, "name"),
					      text_of(row, "since"),
					      text_of(row, there ? "use" : "without"),
					      text_of(row, "detail") };
		result = result < 0 ? result : table_row(&table, cells, err);
	}
	table_end(&table);
	(void)printf("\nAn attach%s is %s here", plain ? " to containers in user namespaces of the caller's own" : "",
		     json_is_true(json_object_get(document, "possible")) ? "possible" : "not possible");
	json_array_foreach(json_object_get(document, "missing"), i, row)(void)
		printf("%s %s", i == 0 ? "; missing:" : ",", json_string_value(row));
	(void)putchar('.');
	print_config(document);
	(void)putchar('\n');
	return result;
}

/* A file that ends every attach is a reason as good as the kernel's. */
static int add_config(json_t *document, bool *possible, struct err *err)
{
	__attribute__((cleanup(config_done))) struct config config = { 0 };
	struct err why = { 0 };
	bool found;
	int loaded = config_load(&config, &found, &why);
	json_t *entry = !found ? json_null() :
				 json_pack("{s:s, s:b, s:s?}", "path", config_path(), "policy", config.policy, "error",
					   loaded < 0 ? why.text : NULL);

	if (json_object_set_new(document, "config", entry) < 0)
		return err_sys(err, ENOMEM, "the configuration");
	if (loaded < 0) {
		*possible = false;
		json_object_set_new(document, "possible", json_false());
	}
	return 0;
}

int cmd_doctor(int argc, char **argv, int *ret_status, struct err *err)
{
	struct output_request request = { 0 };
	cleanup_json json_t *document = NULL;
	bool possible = false;
	int index = 0;
	int result = options_parse(&doctor_set, argc, argv, &index, &request, err);

	if (result < 0)
		return result;
	if (request.help) {
		options_help(&doctor_set, stdout);
		*ret_status = 0;
		return 0;
	}
	if (index < argc)
		return err_set(err, ERR_USAGE, "doctor: what is %.64s for? It takes options only", argv[index]);
	result = doctor_examine(request.host_root, &document, &possible, err);
	if (result == 0)
		result = add_config(document, &possible, err);
	if (result < 0)
		return result;
	*ret_status = possible ? 0 : 1;
	return request.format == OUTPUT_JSON ? output_json(json_incref(document), err) : print_table(document, err);
}
