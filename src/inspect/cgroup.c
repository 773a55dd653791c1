/* SPDX-License-Identifier: Apache-2.0 */
/* The container's cgroup: limits beside what is used, throttling, kills, pressure; of cgroup2 and of the v1 hierarchies. */
#include "inspect.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/text.h"
#include "dbgattach/format/cgroup.h"

#include <stdio.h>
#include <string.h>

#define FILE_MAX 65536
#define V1_UNLIMITED (UINT64_C(1) << 62) /* v1 writes "no limit" as the largest number of whole pages */

/* Where a number stands: in a file of its own, or behind a word in one. v1: which hierarchy. */
struct place {
	const char *controller, *file, *word; /* controller "": cgroup2 */
	uint64_t divide;                      /* 0: not */
};

static const struct {
	const char *key, *unit;
	bool limit;             /* one too large to mean anything is none */
	struct place places[2]; /* the first that can be read */
} values[] = {
	{ "memory_usage",
	  "bytes",
	  false,
	  { { "memory", "memory.usage_in_bytes", NULL, 0 }, { "", "memory.current", NULL, 0 } } },
	{ "memory_limit",
	  "bytes",
	  true,
	  { { "memory", "memory.limit_in_bytes", NULL, 0 }, { "", "memory.max", NULL, 0 } } },
	{ "memory_high",
	  "bytes",
	  true,
	  { { "memory", "memory.soft_limit_in_bytes", NULL, 0 }, { "", "memory.high", NULL, 0 } } },
	{ "memory_peak",
	  "bytes",
	  false,
	  { { "memory", "memory.max_usage_in_bytes", NULL, 0 }, { "", "memory.peak", NULL, 0 } } },
	{ "swap_usage", "bytes", false, { { "", "memory.swap.current", NULL, 0 } } },
	{ "swap_limit", "bytes", true, { { "", "memory.swap.max", NULL, 0 } } },
	{ "oom_kills",
	  NULL,
	  false,
	  { { "memory", "memory.oom_control", "oom_kill ", 0 }, { "", "memory.events", "oom_kill ", 0 } } },
	{ "pids_usage", NULL, false, { { "pids", "pids.current", NULL, 0 }, { "", "pids.current", NULL, 0 } } },
	{ "pids_limit", NULL, true, { { "pids", "pids.max", NULL, 0 }, { "", "pids.max", NULL, 0 } } },
	{ "cpu_usage",
	  "us",
	  false,
	  { { "cpuacct", "cpuacct.usage", NULL, 1000 }, { "", "cpu.stat", "usage_usec ", 0 } } },
	{ "cpu_quota", "us", true, { { "cpu", "cpu.cfs_quota_us", NULL, 0 }, { "", "cpu.max", "", 0 } } },
	{ "cpu_period", "us", false, { { "cpu", "cpu.cfs_period_us", NULL, 0 }, { "", "cpu.max", " ", 0 } } },
	{ "cpu_throttled",
	  NULL,
	  false,
	  { { "cpu", "cpu.stat", "nr_throttled ", 0 }, { "", "cpu.stat", "nr_throttled ", 0 } } },
	{ "cpu_throttled_time",
	  "us",
	  false,
	  { { "cpu", "cpu.stat", "throttled_time ", 1000 }, { "", "cpu.stat", "throttled_usec ", 0 } } },
	{ "cpu_weight", NULL, false, { { "cpu", "cpu.shares", NULL, 0 }, { "", "cpu.weight", NULL, 0 } } },
};

/* A file of the container's cgroup in the hierarchy of that controller. */
static int read_file(const struct inspection *inspection, const char *controller, const char *file, struct buffer *text)
{
	static const char *const unified[] = { "sys/fs/cgroup", "sys/fs/cgroup/unified" };
	const char *lines = inspection->process.cgroup;
	char cgroup[CGROUP_PATH_MAX], path[CGROUP_PATH_MAX + 128];
	int result = cgroup_path_below(lines, strlen(lines), controller, cgroup, sizeof(cgroup));

	if (result == 0 && *controller != '\0') {
		result = text_format(path, sizeof(path), "sys/fs/cgroup/%s%s/%s", controller, cgroup, file);
		return result < 0 ? result : io_read_file_at(inspection->host.root_fd, path, FILE_MAX, text);
	}
	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(unified); i++) {
		result = text_format(path, sizeof(path), "%s%s/%s", unified[i], cgroup, file);
		if (result == 0 && io_read_file_at(inspection->host.root_fd, path, FILE_MAX, text) == 0)
			return 0;
	}
	return -ENOENT;
}

/* Behind the word at the begin of a line; "" and " ": the first and the second of a line. */
static const char *find_word(const char *text, const char *word)
{
	if (word == NULL || *word == '\0')
		return text;
	if (strcmp(word, " ") == 0)
		return strchr(text, ' ') != NULL ? strchr(text, ' ') + 1 : NULL;
	for (const char *line = text; line != NULL; line = strchr(line, '\n') != NULL ? strchr(line, '\n') + 1 : NULL)
		if (text_starts(line, word))
			return line + strlen(word);
	return NULL;
}

static json_t *read_value(const struct inspection *inspection, size_t index)
{
	for (size_t i = 0; i < ARRAY_SIZE(values[index].places); i++) {
		const struct place *place = &values[index].places[i];
		cleanup_buffer struct buffer text = { 0 };
		uint64_t number;

		if (place->file == NULL || read_file(inspection, place->controller, place->file, &text) < 0)
			continue;
		const char *at = find_word(text.data == NULL ? "" : text.data, place->word);
		/* "max", and -1 for a quota: no limit. */
		if (at == NULL || text_u64(at, strcspn(at, " \n"), UINT64_MAX, &number) < 0)
			return json_null();
		if (values[index].limit && number >= V1_UNLIMITED)
			return json_null();
		return json_integer((json_int_t)(place->divide > 0 ? number / place->divide : number));
	}
	return json_null();
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0": in percent of the time. */
static void add_pressure(const struct inspection *inspection, const char *resource, json_t *list)
{
	static const char *const kinds[] = { "some", "full" };
	cleanup_buffer struct buffer text = { 0 };
	char file[32];

	(void)snprintf(file, sizeof(file), "%s.pressure", resource);
	if (read_file(inspection, "", file, &text) < 0 || text.length == 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		double avg10 = 0, avg60 = 0, avg300 = 0;
		const char *at = find_word(text.data, kinds[i]);

		if (at != NULL && sscanf(at, " avg10=%lf avg60=%lf avg300=%lf", &avg10, &avg60, &avg300) == 3)
			(void)json_array_append_new(list, json_pack("{s:s, s:s, s:f, s:f, s:f}", "resource", resource,
								    "kind", kinds[i], "avg10", avg10, "avg60", avg60,
								    "avg300", avg300));
	}
}

static json_t *list_paths(const char *lines)
{
	json_t *list = json_array();

	/* "5:memory:/docker/ID": the path may hold anything, the first two words do not. */
	while (*lines != '\0') {
		size_t length = strcspn(lines, "\n");
		const char *controllers = memchr(lines, ':', length);
		const char *path = controllers == NULL ?
					   NULL :
					   memchr(controllers + 1, ':', length - (size_t)(controllers + 1 - lines));
		if (path != NULL) {
			cleanup_free char *names = strndup(controllers + 1, (size_t)(path - controllers - 1));
			cleanup_free char *where = strndup(path + 1, length - (size_t)(path + 1 - lines));
			(void)json_array_append_new(list,
						    json_pack("{s:o, s:o}", "controllers",
							      json_text(names != NULL && *names ? names : "cgroup2"),
							      "path", json_text(where)));
		}
		lines += length + (lines[length] == '\n');
	}
	return list;
}

json_t *inspect_cgroup(const struct inspection *inspection, struct err *err)
{
	static const char *const resources[] = { "cpu", "memory", "io" };
	json_t *section = json_object(), *pressure = json_array();

	(void)json_object_set_new(section, "paths", list_paths(inspection->process.cgroup));
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		char key[48];
		(void)snprintf(key, sizeof(key), "%s%s%s", values[i].key, values[i].unit != NULL ? "_" : "",
			       values[i].unit != NULL ? values[i].unit : "");
		(void)json_object_set_new(section, key, read_value(inspection, i));
	}
	for (size_t i = 0; i < ARRAY_SIZE(resources); i++)
		add_pressure(inspection, resources[i], pressure);
	(void)json_object_set_new(section, "pressure", pressure);
	return inspect_made(section, err);
}
