/* SPDX-License-Identifier: Apache-2.0 */
/* Which containers are wanted: KEY=VALUE, as docker ps and podman ps know it. */
#include "dbgattach/inventory.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/text.h"

#include <string.h>

static bool is_runtime(const struct target_entry *entry, const char *value)
{
	return strcmp(entry->target->runtime, value) == 0;
}

static bool is_in_name(const struct target_entry *entry, const char *value)
{
	return entry->target->name != NULL && strstr(entry->target->name, value) != NULL;
}

static bool is_in_image(const struct target_entry *entry, const char *value)
{
	return entry->target->image != NULL && strstr(entry->target->image, value) != NULL;
}

/* Whole components of NAMESPACE/POD/CONTAINER, one behind the other. */
static bool is_pod(const struct target_entry *entry, const char *value)
{
	size_t length = strlen(value);

	for (const char *at = entry->target->pod; at != NULL; at = strchr(at, '/') != NULL ? strchr(at, '/') + 1 : NULL)
		if (strncmp(at, value, length) == 0 && (at[length] == '\0' || at[length] == '/'))
			return true;
	return false;
}

static bool begins_id(const struct target_entry *entry, const char *value)
{
	return text_starts(entry->target->id, value);
}

static bool is_state(const struct target_entry *entry, const char *value)
{
	return strcmp(inventory_state_name(entry->state), value) == 0;
}

static const struct {
	const char *key;
	bool (*fits)(const struct target_entry *entry, const char *value);
} keys[] = {
	{ "runtime", is_runtime }, { "name", is_in_name }, { "image", is_in_image },
	{ "pod", is_pod },         { "id", begins_id },    { "status", is_state },
};

static const char *value_of(const char *text, const char *key)
{
	size_t length = strlen(key);

	return strncmp(text, key, length) == 0 && text[length] == '=' ? text + length + 1 : NULL;
}

const char *inventory_state_name(enum target_state state)
{
	static const char *const names[] = {
		[TARGET_STOPPED] = "stopped",
		[TARGET_RUNNING] = "running",
		[TARGET_PAUSED] = "paused",
	};

	return names[state];
}

int inventory_filter_add(struct inventory_filters *filters, const char *text, struct err *err)
{
	const char *value = NULL;

	for (size_t i = 0; value == NULL && i < ARRAY_SIZE(keys); i++)
		value = value_of(text, keys[i].key);
	if (value == NULL || *value == '\0')
		return err_set(
			err, ERR_USAGE,
			"--filter %.64s: KEY=VALUE is needed, and KEY is runtime, name, image, pod, id or status",
			text);
	if (filters->count == INVENTORY_FILTERS_MAX)
		return err_set(err, ERR_USAGE, "--filter: more than %d of them", INVENTORY_FILTERS_MAX);
	filters->texts[filters->count++] = text;
	return 0;
}

bool inventory_fits(const struct inventory_filters *filters, const struct target_entry *entry)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		bool asked = false, fits = false;

		for (size_t k = 0; k < filters->count; k++) {
			const char *value = value_of(filters->texts[k], keys[i].key);

			asked = asked || value != NULL;
			fits = fits || (value != NULL && keys[i].fits(entry, value));
		}
		if (asked && !fits)
			return false;
	}
	return true;
}
