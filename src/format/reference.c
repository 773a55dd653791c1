/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the grammar of TARGET. Looks nothing up: what it lets through is safe to compare and to use as a path
 * component.
 */
#include "dbgattach/format/reference.h"

#include "dbgattach/base/text.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

#define POD "pod/"

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static int refuse(const char *text, const char *why, struct err *err)
{
	char shown[128];
	return err_set(err, ERR_USAGE, "\"%s\" names no container: %s",
		       text_escape(text, strnlen(text, REFERENCE_MAX), shown, sizeof(shown)), why);
}

/* NULL when it is a name, else what is wrong with it. A leading "." would let ".." be a path component. */
static const char *name_problem(const char *name, size_t length)
{
	if (length == 0)
		return "it is empty";
	if (name[0] == '-' || name[0] == '.')
		return "a name does not start with \"-\" or \".\"";
	for (size_t i = 0; i < length; i++)
		if (!is_alnum(name[i]) && !(name[i] != '\0' && strchr("_.+-", name[i])))
			return "a name is made of letters, digits and _ . + -";
	return NULL;
}

bool reference_name_is_valid(const char *name)
{
	return strnlen(name, REFERENCE_MAX) < REFERENCE_MAX && name_problem(name, strlen(name)) == NULL;
}

/* A folder or a user's name: no component may be "", "." or "..", but the path may start with a slash. */
static const char *scope_problem(const char *scope, size_t length, size_t max)
{
	size_t start = length > 1 && scope[0] == '/' ? 1 : 0;

	if (length >= max)
		return "what stands before the last \"/\" is too long";
	if (length == 1 && scope[0] == '/')
		return NULL;
	for (size_t i = start; i <= length; i++) {
		if (i < length && scope[i] != '/') {
			if (!is_alnum(scope[i]) && !(scope[i] != '\0' && strchr("_.+-@:,=", scope[i])))
				return "a character before the last \"/\" is not allowed";
			continue;
		}
		size_t component = i - start;
		if (component == 0 || (component == 1 && scope[start] == '.') ||
		    (component == 2 && scope[start] == '.' && scope[start + 1] == '.'))
			return "\"//\", \"/./\" and \"/../\" are not allowed";
		start = i + 1;
	}
	return NULL;
}

/* Moves what stands before the last slash from *name to out; the slash alone is the root. */
static const char *take_scope(const char **name, struct reference *out)
{
	const char *slash = strrchr(*name, '/');

	if (!slash)
		return NULL;
	size_t length = slash == *name ? 1 : (size_t)(slash - *name);
	const char *problem =
		text_starts(*name, "//") ? "\"//\" is not allowed" : scope_problem(*name, length, sizeof(out->scope));
	if (problem)
		return problem;
	memcpy(out->scope, *name, length);
	*name = slash + 1;
	return NULL;
}

/* "[NAMESPACE/]POD[/CONTAINER]": which of the three two words are is for who knows the pods. */
static const char *take_pod(const char **name, struct reference *out)
{
	const char *slash = strchr(*name, '/');

	slash = slash ? strchr(slash + 1, '/') : NULL;
	if (**name == '/' || (slash && strchr(slash + 1, '/')))
		return "a pod is written pod/[NAMESPACE/]POD[/CONTAINER]";
	memcpy(out->runtime, POD, strlen(POD) - 1);
	return take_scope(name, out);
}

static int parse_runtime(const char *text, size_t length, struct reference *out, struct err *err)
{
	if (length == 0 || length >= sizeof(out->runtime))
		return refuse(text, "what stands before \":\" is no runtime", err);
	for (size_t i = 0; i < length; i++)
		if (!((text[i] >= 'a' && text[i] <= 'z') ||
		      (i > 0 && ((text[i] >= '0' && text[i] <= '9') || text[i] == '-'))))
			return refuse(text, "what stands before \":\" is no runtime", err);
	memcpy(out->runtime, text, length);
	return 0;
}

static int parse_pid(const char *text, const char *numbers, struct reference *out, struct err *err)
{
	size_t length = strcspn(numbers, ":");
	uint64_t pid, inode = 0;

	if (text_u64(numbers, length, INT_MAX, &pid) < 0 || pid == 0)
		return refuse(text, "a process is written pid:N or pid:N:INODE", err);
	if (numbers[length] == ':' &&
	    (text_u64(numbers + length + 1, strlen(numbers + length + 1), UINT64_MAX, &inode) < 0 || inode == 0))
		return refuse(text, "the pidfd's inode in pid:N:INODE is no number", err);
	out->pid = (pid_t)pid;
	out->pidfd_inode = inode;
	return 0;
}

int reference_parse(const char *text, struct reference *ret, struct err *err)
{
	struct reference out = { 0 };
	const char *name = text;
	const char *problem;

	if (strnlen(text, REFERENCE_MAX) == REFERENCE_MAX)
		return refuse(text, "it is too long", err);

	const char *colon = strchr(text, ':');
	if (text_starts(text, POD)) {
		name += strlen(POD);
		problem = take_pod(&name, &out);
		if (problem)
			return refuse(text, problem, err);
	} else if (colon) {
		int r = parse_runtime(text, (size_t)(colon - text), &out, err);
		if (r < 0)
			return r;
		name = colon + 1;
		if (text_starts(name, "//")) /* as Kubernetes prints it: containerd://ID */
			name += 2;
		if (strcmp(out.runtime, "pid") == 0) {
			r = parse_pid(text, name, &out, err);
			if (r < 0)
				return r;
			*ret = out;
			return 0;
		}

		problem = take_scope(&name, &out);
		if (problem)
			return refuse(text, problem, err);
	}

	problem = name_problem(name, strlen(name));
	if (problem)
		return refuse(text, problem, err);
	memcpy(out.name, name, strlen(name));
	*ret = out;
	return 0;
}
