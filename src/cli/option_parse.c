/* SPDX-License-Identifier: Apache-2.0 */
/* Options as getopt_long's users know them, from a table of any command's. Knows none of them. */
#include "option.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool has_name(const struct option_spec *option, const char *name, size_t length)
{
	return option->long_name != NULL && strlen(option->long_name) == length &&
	       memcmp(option->long_name, name, length) == 0;
}

static const struct option_spec *find_long(const struct option_set *set, const char *name, size_t length)
{
	for (; set != NULL; set = set->others)
		for (size_t i = 0; i < set->count; i++)
			if (has_name(&set->options[i], name, length))
				return &set->options[i];
	return NULL;
}

static const struct option_spec *find_short(const struct option_set *set, char name)
{
	for (; set != NULL; set = set->others)
		for (size_t i = 0; i < set->count; i++)
			if (set->options[i].short_name == name)
				return &set->options[i];
	return NULL;
}

static int apply(const struct option_set *set, const struct option_spec *option, const char *value, void *context,
		 struct err *err)
{
	bool own = option >= set->options && option < set->options + set->count;
	int status = option->apply(context, value, err);

	return status != 0 || own || set->taken == NULL ? status : set->taken(context, option, value, err);
}

static int unknown(const struct option_set *set, const char *text, struct err *err)
{
	return err_set(err, ERR_USAGE, "unknown option %.40s (%s lists them)", text, set->help);
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

static int parse_long(const struct option_set *set, int argc, char **argv, int *index, void *context, struct err *err)
{
	const char *text = argv[*index], *name = text + 2, *value = NULL;
	size_t length = strcspn(name, "=");
	const char *attached = name[length] == '=' ? name + length + 1 : NULL;
	const struct option_spec *option = find_long(set, name, length);

	if (option == NULL)
		return unknown(set, text, err);
	if (option->argument == NULL && attached != NULL)
		return err_set(err, ERR_USAGE, "--%s takes no argument", option->long_name);
	if (option->argument != NULL) {
		int status = take_value(argc, argv, index, attached, text, &value, err);
		if (status < 0)
			return status;
	}
	return apply(set, option, value, context, err);
}

/* -it, -u1000, -u 1000, -u=1000 is not one of docker's forms and means the value "=1000". */
static int parse_short(const struct option_set *set, int argc, char **argv, int *index, void *context, struct err *err)
{
	for (const char *letter = argv[*index] + 1; *letter != '\0'; letter++) {
		const char text[] = { '-', *letter, '\0' };
		const struct option_spec *option = find_short(set, *letter);
		const char *value = NULL;

		if (option == NULL)
			return unknown(set, text, err);
		if (option->argument != NULL) {
			int status =
				take_value(argc, argv, index, letter[1] != '\0' ? letter + 1 : NULL, text, &value, err);
			return status < 0 ? status : apply(set, option, value, context, err);
		}
		int status = apply(set, option, NULL, context, err);
		if (status != 0)
			return status;
	}
	return 0;
}

int options_parse(const struct option_set *set, int argc, char **argv, int *index, void *context, struct err *err)
{
	for (; *index < argc; ++*index) {
		const char *text = argv[*index];

		if (strcmp(text, "--") == 0) {
			++*index;
			return 0;
		}
		if (text[0] != '-' || text[1] == '\0')
			return 0;
		int status = text[1] == '-' ? parse_long(set, argc, argv, index, context, err) :
					      parse_short(set, argc, argv, index, context, err);
		if (status != 0)
			return status;
	}
	return 0;
}

static void print_option(const struct option_spec *option, FILE *out)
{
	char left[48], letter[8] = "    ";

	if (option->help == NULL)
		return;
	if (option->short_name != 0)
		(void)snprintf(letter, sizeof(letter), "-%c, ", option->short_name);
	(void)snprintf(left, sizeof(left), "%s--%s%s%s", letter, option->long_name, option->argument != NULL ? " " : "",
		       option->argument != NULL ? option->argument : "");
	(void)fprintf(out, "  %-26s %s\n", left, option->help);
}

void options_print(const struct option_set *set, FILE *out)
{
	for (size_t i = 0; i < set->count; i++)
		print_option(&set->options[i], out);
}

void options_print_others(const struct option_set *set, FILE *out)
{
	for (size_t i = 0; i < set->others->count; i++) {
		const struct option_spec *option = &set->others->options[i];

		if (find_long(set, option->long_name, strlen(option->long_name)) == option)
			print_option(option, out);
	}
}

void options_help(const struct option_set *set, FILE *out)
{
	(void)fprintf(out, "Usage: dbgattach %s\n\n%s\n\n", set->usage, set->about);
	options_print(set, out);
	(void)fprintf(out, "\nExit status: %s\n", set->exit_status);
}

int host_root_parse(const char *value, const char **ret, struct err *err)
{
	if (value[0] != '/')
		return err_set(err, ERR_USAGE, "--host-root %.64s: an absolute path is needed", value);
	*ret = value;
	return 0;
}
