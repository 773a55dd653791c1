/* SPDX-License-Identifier: Apache-2.0 */
/* `dbgattach toolbox ...`: what the store of toolboxes has, and what it shall have. */
#include "commands.h"
#include "output.h"
#include "toolbox_list.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/log.h"
#include "dbgattach/base/text.h"
#include "dbgattach/cli.h"
#include "dbgattach/toolbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW ".new"
#define SBOM_MAX (64U << 20)

struct request {
	const char *names[64];
	size_t count;
	bool json;
	struct strv builder; /* options that are the builder's */
};

/* ---- the store for reading --------------------------------------------------------------------------------------- */

static int load(const char *name, struct toolbox_part *ret, struct err *err)
{
	cleanup_close int store = -EBADF;
	char path[1024];
	int result = toolbox_open_store(path, sizeof(path), &store, err);

	if (result < 0)
		return result;
	if (strcmp(name, TOOLBOX_BUILTIN) == 0)
		return err_set(err, ERR_USAGE, TOOLBOX_BUILTIN " is inside dbgattach, and no file of its own");
	result = store < 0 ? err_set(err, ERR_NOT_FOUND, "no toolbox %s is installed in %s", name, path) :
			     toolbox_part_load(store, name, ret, err);
	return result < 0 && store >= 0 ? err_wrap(err, "toolbox %.64s", name) : result;
}

/* ---- list, path, sbom, verify ----------------------------------------------------------------------------------------------- */

static int do_list(const struct request *request, int *ret_status, struct err *err)
{
	(void)ret_status;
	return toolbox_list(request->json, err);
}

static int do_path(const struct request *request, int *ret_status, struct err *err)
{
	struct toolbox_part part = TOOLBOX_PART_INIT;
	char path[1024];
	int result = toolbox_store_path(path, sizeof(path), err);

	(void)ret_status;
	if (result == 0 && request->count > 0)
		result = load(request->names[0], &part, err);
	if (result == 0)
		(void)printf("%s%s%s\n", path, request->count > 0 ? "/" : "",
			     request->count > 0 ? request->names[0] : "");
	toolbox_part_done(&part);
	return result;
}

static int do_sbom(const struct request *request, int *ret_status, struct err *err)
{
	cleanup_buffer struct buffer text = { 0 };
	struct toolbox_part part = TOOLBOX_PART_INIT;
	int result = load(request->count > 0 ? request->names[0] : TOOLBOX_DEFAULT, &part, err);

	(void)ret_status;
	if (result == 0) {
		result = io_read_file_at(part.dir, "sbom.spdx.json", SBOM_MAX, &text);
		if (result < 0)
			(void)err_sys(err, result, "the bill of materials of toolbox %s", part.manifest.name);
		else
			(void)fwrite(text.data, 1, text.length, stdout);
	}
	toolbox_part_done(&part);
	return result;
}

struct verdicts {
	const struct request *request;
	bool bad;
	size_t seen;
};

static bool is_wanted(const struct request *request, const char *name)
{
	for (size_t i = 0; i < request->count; i++)
		if (strcmp(request->names[i], name) == 0)
			return true;
	return request->count == 0;
}

static int verify_entry(const char *name, struct toolbox_part *part, const struct err *why, void *context,
			struct err *err)
{
	struct verdicts *verdicts = context;
	struct err bad = { 0 };

	(void)err;
	if (!is_wanted(verdicts->request, name))
		return 0;
	verdicts->seen++;
	if (part != NULL && toolbox_verify_all(part, &bad) == 0) {
		(void)printf("%s: good, sha256:%s\n", name, part->manifest.digest);
		return 0;
	}
	verdicts->bad = true;
	if (part == NULL)
		bad = *why;
	log_error("%s: toolbox %s: %s", err_kind_name(bad.kind), name, bad.text);
	return 0;
}

static int do_verify(const struct request *request, int *ret_status, struct err *err)
{
	struct verdicts verdicts = { .request = request };
	cleanup_close int store = -EBADF;
	char path[1024];
	int result = toolbox_open_store(path, sizeof(path), &store, err);

	if (result == 0 && store >= 0)
		result = toolbox_store_each(store, verify_entry, &verdicts, err);
	if (result == 0 && verdicts.seen < request->count)
		result = err_set(err, ERR_NOT_FOUND, "not all of these are installed in %s (dbgattach toolbox list)",
				 path);
	*ret_status = verdicts.bad ? 1 : 0;
	return result;
}

/* ---- build, add, remove ------------------------------------------------------------------------------------------------ */

static int put(int store, struct err *err)
{
	struct toolbox_part part = TOOLBOX_PART_INIT;
	char name[TOOLBOX_NAME_MAX + 1];
	int result = toolbox_store_put(store, NEW, name, err);

	if (result == 0)
		result = toolbox_part_load(store, name, &part, err);
	if (result == 0)
		(void)printf("%s: sha256:%s, %llu programs of %llu packages\n", name, part.manifest.digest,
			     (unsigned long long)part.manifest.programs, (unsigned long long)part.manifest.packages);
	toolbox_part_done(&part);
	return result;
}

/* The builder has said itself what went wrong. */
static int build(const struct request *request, int store, const char *name, bool layer, int *ret_status,
		 struct err *err)
{
	__attribute__((cleanup(strv_done))) struct strv arguments = { 0 };
	int result = strv_add(&arguments, "--progress");

	if (result == 0 && layer)
		result = strv_add(&arguments, "--base=" TOOLBOX_DEFAULT);
	for (size_t i = 0; result == 0 && i < request->builder.count; i++)
		result = strv_add(&arguments, request->builder.items[i]);
	if (result == 0)
		result = strv_add(&arguments, name);
	if (result < 0)
		return err_sys(err, result, "building toolbox %s", name);
	toolbox_store_discard(store, NEW);
	result = toolbox_builder_run(&arguments, store, NEW, ret_status, err);
	if (result == 0 && *ret_status == 0)
		return put(store, err);
	toolbox_store_discard(store, NEW);
	*ret_status = CLI_EXIT_OWN_FAILURE;
	return result;
}

static int add_folder(int store, const char *path, struct err *err)
{
	cleanup_close int folder = -EBADF;
	int result = toolbox_folder_open(path, &folder, err);

	if (result == 0)
		result = toolbox_store_copy(store, path, NEW, err);
	return result < 0 ? result : put(store, err);
}

static int check_core(int store, const char *name, struct err *err)
{
	struct toolbox_part core = TOOLBOX_PART_INIT;
	int result = toolbox_part_load(store, TOOLBOX_DEFAULT, &core, err);

	toolbox_part_done(&core);
	return result < 0 ? err_wrap(err,
				     "%s would be laid over toolbox " TOOLBOX_DEFAULT
				     " (dbgattach toolbox build makes that)",
				     name) :
			    0;
}

static int do_add(const struct request *request, int *ret_status, struct err *err)
{
	cleanup_close int store = -EBADF, lock = -EBADF;
	int result = toolbox_store_lock(true, &store, &lock, err);

	for (size_t i = 0; result == 0 && *ret_status == 0 && i < request->count; i++) {
		const char *name = request->names[i];

		if (strchr(name, '/') != NULL) {
			result = add_folder(store, name, err);
			continue;
		}
		if (!toolbox_name_is_valid(name) || strcmp(name, TOOLBOX_DEFAULT) == 0)
			return err_set(err, ERR_USAGE, "\"%.64s\" is no name of a layer or package%s", name,
				       strcmp(name, TOOLBOX_DEFAULT) == 0 ? " (toolbox build makes it)" : "");
		result = check_core(store, name, err);
		if (result == 0)
			result = build(request, store, name, true, ret_status, err);
	}
	return result;
}

static int do_build(const struct request *request, int *ret_status, struct err *err)
{
	cleanup_close int store = -EBADF, lock = -EBADF;
	const char *name = request->count > 0 ? request->names[0] : TOOLBOX_DEFAULT;
	int result = toolbox_name_is_valid(name) ? toolbox_store_lock(true, &store, &lock, err) :
						   err_set(err, ERR_USAGE, "\"%.64s\" is no name of a toolbox", name);

	return result < 0 ? result : build(request, store, name, false, ret_status, err);
}

static int do_remove(const struct request *request, int *ret_status, struct err *err)
{
	cleanup_close int store = -EBADF, lock = -EBADF;
	int result = toolbox_store_lock(false, &store, &lock, err);

	(void)ret_status;
	for (size_t i = 0; result == 0 && i < request->count; i++)
		result = toolbox_store_remove(store, request->names[i], err);
	return result;
}

/* ---- the command line --------------------------------------------------------------------------------------------------- */

#define TAKES_JSON 1U
#define TAKES_BUILDER 2U

static const struct verb {
	const char *name, *arguments, *help;
	size_t least, most; /* names */
	unsigned takes;
	int (*act)(const struct request *request, int *ret_status, struct err *err);
} verbs[] = {
	{ "list", "[-o table|json]", "what is installed", 0, 0, TAKES_JSON, do_list },
	{ "build", "[--format F]... [--lock L] [NAME]", "make a toolbox from Debian's packages (default: core)", 0, 1,
	  TAKES_BUILDER, do_build },
	{ "add", "[--format F]... [--lock L] NAME|FOLDER...",
	  "more tools for core: a layer or package, or a built folder", 1, 64, TAKES_BUILDER, do_add },
	{ "remove", "NAME...", "take it away again", 1, 64, 0, do_remove },
	{ "verify", "[NAME...]", "compare all digests; exit status 1: something is damaged", 0, 64, 0, do_verify },
	{ "sbom", "[NAME]", "its bill of materials, SPDX 2.3 JSON", 0, 1, 0, do_sbom },
	{ "path", "[NAME]", "where it is", 0, 1, 0, do_path },
};

static void print_help(FILE *out)
{
	(void)fputs("Usage: dbgattach toolbox COMMAND\n\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		(void)fprintf(out, "  %-6s %-42s %s\n", verbs[i].name, verbs[i].arguments, verbs[i].help);
	(void)fputs(
		"\nF: erofs (root's default), squashfs, tree (a plain user's). L: strict, follow. See dbgattach(1).\n",
		out);
}

/* "-o json", "-ojson", "--format=tree", "--format tree"; 0: it is no option of the verb's. */
static int take_option(const struct verb *verb, int argc, char **argv, int *index, struct request *request,
		       struct err *err)
{
	static const struct {
		const char *name;
		unsigned takes;
	} options[] = { { "-o", TAKES_JSON },
			{ "--output", TAKES_JSON },
			{ "--format", TAKES_BUILDER },
			{ "--lock", TAKES_BUILDER } };
	const char *text = argv[*index];

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		size_t length = strlen(options[i].name);
		const char *value = text + length;

		if ((verb->takes & options[i].takes) == 0 || strncmp(text, options[i].name, length) != 0 ||
		    (text[1] == '-' && *value != '\0' && *value != '='))
			continue;
		if (*value == '=')
			value++;
		else if (*value == '\0' && ++*index < argc)
			value = argv[*index];
		else if (*value == '\0')
			return err_set(err, ERR_USAGE, "%s needs an argument", text);
		if (options[i].takes == TAKES_BUILDER)
			return strv_take(&request->builder, text_printf("%s=%s", options[i].name, value));
		enum output_format format = OUTPUT_TABLE;
		int result = output_parse(value, false, &format, err);
		request->json = format == OUTPUT_JSON;
		return result;
	}
	return err_set(err, ERR_USAGE, "toolbox %s: unknown option %.40s (dbgattach toolbox --help lists them)",
		       verb->name, text);
}

static int parse(const struct verb *verb, int argc, char **argv, struct request *request, struct err *err)
{
	bool options = true;

	for (int i = 0; i < argc; i++) {
		int result = 0;

		if (options && strcmp(argv[i], "--") == 0)
			options = false;
		else if (options && argv[i][0] == '-' && argv[i][1] != '\0')
			result = take_option(verb, argc, argv, &i, request, err);
		else if (request->count == verb->most)
			return err_set(err, ERR_USAGE, "toolbox %s: what is %.64s for? It takes %s", verb->name,
				       argv[i], verb->most == 0 ? "no name" : verb->arguments);
		else
			request->names[request->count++] = argv[i];
		if (result < 0)
			return result;
	}
	return request->count < verb->least ?
		       err_set(err, ERR_USAGE, "toolbox %s: which? It takes %s", verb->name, verb->arguments) :
		       0;
}

int cmd_toolbox(int argc, char **argv, int *ret_status, struct err *err)
{
	struct request request = { 0 };

	if (argc == 0 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
		print_help(argc == 0 ? stderr : stdout);
		*ret_status = argc == 0 ? CLI_EXIT_OWN_FAILURE : 0;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i].name, argv[0]) != 0)
			continue;
		(void)umask(022); /* what is made in the store is for all to read */
		int result = parse(&verbs[i], argc - 1, argv + 1, &request, err);
		if (result == 0)
			result = verbs[i].act(&request, ret_status, err);
		strv_done(&request.builder);
		return result;
	}
	return err_set(
		err, ERR_USAGE,
		"toolbox has no command %.40s (dbgattach toolbox --help; a container of the name: dbgattach attach "
		"toolbox)",
		argv[0]);
}
