/* SPDX-License-Identifier: Apache-2.0 */
/* Owns what a match is, and which of the matches are kept: the best, each container once. */
#include "dbgattach/base/cleanup.h"
#include "src/target/runtime.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MATCHES_MAX 1024
#define SANDBOX "POD" /* as CRI-O calls it; no container can: their names have no capitals */

bool is_container_id(const char *id)
{
	return strnlen(id, CONTAINER_ID_LENGTH + 1) == CONTAINER_ID_LENGTH && text_is_hex(id, CONTAINER_ID_LENGTH);
}

bool search_prefix_fits(const struct search *search, const char *id)
{
	return search->could_be_prefix && is_container_id(id) && text_starts(id, search->reference->name);
}

bool search_is_for_pods(const struct search *search)
{
	return strcmp(search->reference->runtime, "pod") == 0;
}

enum match search_match(const struct search *search, const char *id, const char *name)
{
	const char *wanted = search->reference->name;

	if (search->list != NULL)
		return MATCH_NAME;
	if (search_is_for_pods(search))
		return MATCH_NONE;
	if (search->is_full_id && strcmp(id, wanted) == 0)
		return MATCH_ID;
	if (strcmp(id, wanted) == 0 || (name != NULL && strcmp(name, wanted) == 0))
		return MATCH_NAME;
	return search_prefix_fits(search, id) ? MATCH_PREFIX : MATCH_NONE;
}

/* pod/POD, pod/NAMESPACE/POD, pod/POD/CONTAINER, pod/NAMESPACE/POD/CONTAINER. The sandbox only when it is named. */
bool search_pod_fits(const struct search *search, const char *pod_namespace, const char *pod, const char *container)
{
	const struct reference *reference = search->reference;
	const char *slash = strchr(reference->scope, '/');
	bool is_sandbox = strcmp(container, SANDBOX) == 0;

	if (!search_is_for_pods(search))
		return false;
	if (slash != NULL) {
		size_t length = (size_t)(slash - reference->scope);
		return strlen(pod_namespace) == length && memcmp(pod_namespace, reference->scope, length) == 0 &&
		       strcmp(pod, slash + 1) == 0 && strcmp(container, reference->name) == 0;
	}
	if (reference->scope[0] == '\0')
		return strcmp(pod, reference->name) == 0 && !is_sandbox;
	return (strcmp(pod_namespace, reference->scope) == 0 && strcmp(pod, reference->name) == 0 && !is_sandbox) ||
	       (strcmp(pod, reference->scope) == 0 && strcmp(container, reference->name) == 0);
}

const char *search_word(const struct search *search)
{
	const struct reference *reference = search->reference;

	if (!search_is_for_pods(search) || strcmp(reference->name, SANDBOX) != 0)
		return reference->name;
	const char *slash = strrchr(reference->scope, '/');
	return slash ? slash + 1 : reference->scope;
}

void search_clear(struct search *search)
{
	for (size_t i = 0; i < search->count; i++)
		target_done(&search->found[i].target);
	free(search->found);
	search->found = NULL;
	search->count = 0;
}

static bool is_same(const struct target *a, const struct target *b)
{
	return (a->pid != 0 && a->pid == b->pid) || (is_container_id(a->id) && strcmp(a->id, b->id) == 0);
}

static int keep(struct search *search, const struct runtime *runtime, enum match match, struct target *target,
		struct err *err)
{
	if (!target->id)
		return err_sys(err, ENOMEM, "looking for the container");
	if (search->count > 0 && match < search->found[0].match)
		return 0;
	if (search->count > 0 && match > search->found[0].match)
		search_clear(search);
	for (size_t i = 0; i < search->count; i++)
		if (is_same(&search->found[i].target, target))
			return 0;
	if (search->count == MATCHES_MAX)
		return err_set(err, ERR_AMBIGUOUS, "more than %d containers match", MATCHES_MAX);

	struct found *found = reallocarray(search->found, search->count + 1, sizeof(*found));
	if (!found)
		return err_sys(err, ENOMEM, "looking for the container");
	search->found = found;
	if (target->runtime == NULL)
		target->runtime = runtime->name;
	found[search->count++] = (struct found) { runtime, match, *target };
	*target = (struct target) { 0 };
	return 0;
}

int search_add(struct search *search, const struct runtime *runtime, enum match match, struct target *target,
	       struct err *err)
{
	if (search->list != NULL)
		return list_add(search->list, runtime, target, err);
	int r = keep(search, runtime, match, target, err);
	target_done(target);
	return r;
}

int search_damaged(struct search *search, const struct runtime *runtime, int failure, const struct err *err)
{
	return search->list != NULL ? list_damaged(search->list, runtime, failure, err) : failure;
}
