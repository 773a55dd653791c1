/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the reading of /proc/PID/cgroup. A line of another shape is passed over: future kernels may add some. */
#include "dbgattach/format/cgroup.h"

#include "dbgattach/base/text.h"
#include "src/format/line.h"

#include <errno.h>

#define ID_LENGTH 64

/* "HIERARCHY:CONTROLLERS:PATH"; only the path may hold colons. */
static bool split(struct slice line, struct slice *hierarchy, struct slice *controllers, struct slice *path)
{
	*path = line;
	return field_next(path, ':', hierarchy) && field_next(path, ':', controllers) && path->length > 0 &&
	       path->text[0] == '/';
}

static bool has_controller(struct slice list, const char *controller)
{
	struct slice one;
	while (field_next(&list, ',', &one))
		if (slice_is(one, controller))
			return true;
	return slice_is(list, controller);
}

int cgroup_path_of(const char *bytes, size_t length, const char *controller, char *out, size_t size)
{
	struct lines lines = { .bytes = bytes, .length = length };
	struct slice line, hierarchy, controllers, path;

	while (line_next(&lines, &line)) {
		if (!split(line, &hierarchy, &controllers, &path))
			continue;
		if (controller[0] == '\0' ? !(slice_is(hierarchy, "0") && controllers.length == 0) :
					    !has_controller(controllers, controller))
			continue;
		if (memchr(path.text, '\0', path.length))
			return -EBADMSG; /* as a C string it would be another path */
		if (path.length >= size)
			return -ENAMETOOLONG;
		memcpy(out, path.text, path.length);
		out[path.length] = '\0';
		return 0;
	}
	return -ENOENT;
}

int cgroup_path_below(const char *bytes, size_t length, const char *controller, char *out, size_t size)
{
	int result = cgroup_path_of(bytes, length, controller, out, size);

	return result == 0 && (strncmp(out, "/../", 4) == 0 || strcmp(out, "/..") == 0) ? -EXDEV : result;
}

static void drop_scope(struct slice *component)
{
	static const char scope[] = ".scope";
	size_t suffix = sizeof(scope) - 1;

	if (component->length > suffix && memcmp(component->text + component->length - suffix, scope, suffix) == 0)
		component->length -= suffix;
}

/* "<64 hex>", "NAME-<64 hex>", each also with ".scope": Docker, Podman, containerd, CRI-O, with and without systemd. */
static const char *id_in_component(struct slice component)
{
	drop_scope(&component);
	if (component.length < ID_LENGTH)
		return NULL;
	const char *id = component.text + component.length - ID_LENGTH;
	if (!text_is_hex(id, ID_LENGTH) || (id > component.text && id[-1] != '-' && id[-1] != ':'))
		return NULL;
	return id;
}

int cgroup_container_id(const char *bytes, size_t length, char ret_id[65])
{
	struct lines lines = { .bytes = bytes, .length = length };
	struct slice line, hierarchy, controllers, path, component;

	while (line_next(&lines, &line)) {
		if (!split(line, &hierarchy, &controllers, &path))
			continue;
		/* The last one of the path: a container that runs inside another stands behind it. */
		const char *found = NULL;
		while (field_next(&path, '/', &component)) {
			const char *id = id_in_component(component);
			found = id ? id : found;
		}
		const char *id = id_in_component(path);
		found = id ? id : found;
		if (found) {
			memcpy(ret_id, found, ID_LENGTH);
			ret_id[ID_LENGTH] = '\0';
			return 0;
		}
	}
	return -ENOENT;
}

/* Behind the last "-" or ":" stands the id. */
static const struct {
	const char *prefix, *runtime;
} namings[] = {
	{ "docker", "docker" },      { "libpod", "podman" }, { "cri-containerd", "containerd" },
	{ "nerdctl", "containerd" }, { "crio", "cri-o" },
};

static const char *runtime_of(struct slice component, const char *id)
{
	size_t length = (size_t)(id - component.text);

	for (size_t i = 0; length > 0 && i < sizeof(namings) / sizeof(namings[0]); i++) {
		size_t prefix = strlen(namings[i].prefix);
		/* Also where something stands in front: "SLICE:cri-containerd:ID". */
		if (length > prefix && memcmp(id - 1 - prefix, namings[i].prefix, prefix) == 0 &&
		    (length == prefix + 1 || id[-2 - (ptrdiff_t)prefix] == ':'))
			return namings[i].runtime;
	}
	return NULL;
}

int cgroup_outer_container(const char *bytes, size_t length, char ret_id[65], const char **ret_runtime)
{
	struct lines lines = { .bytes = bytes, .length = length };
	struct slice line, hierarchy, controllers, path, component;

	while (line_next(&lines, &line)) {
		bool more = split(line, &hierarchy, &controllers, &path);
		while (more) {
			more = field_next(&path, '/', &component);
			if (!more)
				component = path;
			const char *id = id_in_component(component);
			if (!id)
				continue;
			memcpy(ret_id, id, ID_LENGTH);
			ret_id[ID_LENGTH] = '\0';
			*ret_runtime = runtime_of(component, id);
			return 0;
		}
	}
	return -ENOENT;
}

static bool is_named(struct slice component, const char *name)
{
	size_t length = strlen(name);

	if (slice_is(component, name))
		return true;
	drop_scope(&component);
	if (component.length < length || memcmp(component.text + component.length - length, name, length) != 0)
		return false;
	char before = component.length > length ? component.text[component.length - length - 1] : '-';
	return before == '-' || before == ':';
}

bool cgroup_has_component(const char *bytes, size_t length, const char *name)
{
	struct lines lines = { .bytes = bytes, .length = length };
	struct slice line, hierarchy, controllers, path, component;

	while (line_next(&lines, &line)) {
		if (!split(line, &hierarchy, &controllers, &path))
			continue;
		while (field_next(&path, '/', &component))
			if (is_named(component, name))
				return true;
		if (is_named(path, name))
			return true;
	}
	return false;
}
