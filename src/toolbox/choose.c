/* SPDX-License-Identifier: Apache-2.0 */
/* Which toolbox, with which layers. Nothing is mounted, and no image opened. */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/text.h"
#include "dbgattach/toolbox.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DIGEST_SHOWN 12 /* digits, as many as Docker shows of its own */

void toolbox_done(struct toolbox *toolbox)
{
	while (toolbox->count > 0)
		toolbox_part_done(&toolbox->parts[--toolbox->count]);
}

static void take_part(struct toolbox *toolbox, struct toolbox_part *part)
{
	toolbox->parts[toolbox->count++] = *part;
	*part = (struct toolbox_part)TOOLBOX_PART_INIT;
}

/* The first thing that is wrong is told; `dbgattach toolbox list` has them all. */
__attribute__((format(printf, 2, 3))) static void note(struct toolbox *toolbox, const char *format, ...)
{
	va_list arguments;

	if (toolbox->note[0] != '\0')
		return;
	va_start(arguments, format);
	(void)vsnprintf(toolbox->note, sizeof(toolbox->note), format, arguments);
	va_end(arguments);
}

static int add_layer(const char *name, struct toolbox_part *part, const struct err *why, void *context, struct err *err)
{
	struct toolbox *toolbox = context;
	const struct toolbox_manifest *base = &toolbox->parts[0].manifest;

	/* Left out is what is wrong itself, not what could not be looked at. */
	if (part == NULL && why->kind == ERR_SYSTEM) {
		*err = *why;
		return err_wrap(err, "toolbox %s", name);
	}
	if (part == NULL)
		note(toolbox, "toolbox %s is left out: %s", name, why->text);
	else if (!part->manifest.layer)
		return 0;
	else if (strcmp(part->manifest.base, base->digest) != 0)
		note(toolbox,
		     "toolbox %s is left out: it was made for another %s (dbgattach toolbox add %s makes it anew)",
		     name, base->name, name);
	else if (toolbox->count == ARRAY_SIZE(toolbox->parts))
		note(toolbox, "toolbox %s is left out: %d layers are the most there can be", name, TOOLBOX_LAYERS_MAX);
	else
		take_part(toolbox, part);
	return 0;
}

static int choose_of_store(const char *name, struct toolbox *toolbox, struct err *err)
{
	struct toolbox_part part = TOOLBOX_PART_INIT;
	cleanup_close int store = -EBADF;
	char path[1024];
	int result = toolbox_store_path(path, sizeof(path), err);

	if (result == 0)
		result = toolbox_folder_open(path, &store, err);
	if (result == 0)
		result = toolbox_part_load(store, name, &part, err);
	if (result < 0)
		return result;
	bool layer = part.manifest.layer;
	toolbox->from_store = true;
	take_part(toolbox, &part);
	if (layer)
		return err_set(err, ERR_USAGE, "it is no toolbox but a layer for one, and comes with that by itself");
	return toolbox_store_each(store, add_layer, toolbox, err);
}

static int choose_folder(const char *path, struct toolbox *toolbox, struct err *err)
{
	struct toolbox_part part = TOOLBOX_PART_INIT;
	cleanup_close int folder = -EBADF;
	int result = toolbox_folder_open(path, &folder, err);

	if (result == 0)
		result = toolbox_part_load(folder, NULL, &part, err);
	if (result == 0)
		take_part(toolbox, &part);
	return result;
}

int toolbox_choose(const char *name, struct toolbox *ret, struct err *err)
{
	struct toolbox toolbox = { 0 };
	int result = 0;

	if (name == NULL || strcmp(name, TOOLBOX_BUILTIN) != 0)
		result = name != NULL && strchr(name, '/') != NULL ?
				 choose_folder(name, &toolbox, err) :
				 choose_of_store(name == NULL ? TOOLBOX_DEFAULT : name, &toolbox, err);
	if (result < 0) {
		toolbox_done(&toolbox);
		toolbox.from_store = false;
		if (name != NULL)
			return err_wrap(err, "toolbox %.128s", name);
		/* Whoever has installed none need not be told each time. */
		if (err->kind != ERR_NOT_FOUND && err->kind != ERR_USAGE)
			note(&toolbox, "the toolbox inside dbgattach is used; " TOOLBOX_DEFAULT ": %s", err->text);
	}
	*ret = toolbox;
	return 0;
}

void toolbox_shell(const struct toolbox *toolbox, char *out, size_t size)
{
	(void)snprintf(out, size, TOOLBOX_PREFIX "/%s",
		       toolbox->count == 0 ? "bin/sh" : toolbox->parts[0].manifest.shell);
}

void toolbox_label(const struct toolbox *toolbox, char *out, size_t size)
{
	size_t length;

	if (toolbox->count == 0)
		(void)snprintf(out, size, TOOLBOX_BUILTIN " " DBG_VERSION);
	else
		(void)snprintf(out, size, "%s sha256:%.*s", toolbox->parts[0].manifest.name, DIGEST_SHOWN,
			       toolbox->parts[0].manifest.digest);
	for (size_t i = 1; i < toolbox->count && (length = strlen(out)) + 1 < size; i++)
		(void)snprintf(out + length, size - length, " +%s", toolbox->parts[i].manifest.name);
}
