/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the words for what was not found, and the list of what fits equally well: each entry can be pasted. */
#include "dbgattach/base/cleanup.h"
#include "src/target/runtime.h"

#include <string.h>

#define MATCHES_SHOWN 10

/*
 * "docker:f9b689f9fd75 (web)", "containerd:k8s.io/0123456789ab (pod/shop/web/app)": what can be pasted, and the name
 * beside it. Both out of files, so escaped.
 */
int report_describe(const struct target *target, char *out, size_t size)
{
	char id[128], name[256], scope[300] = "";
	size_t length = is_container_id(target->id) ? 12 : strlen(target->id);
	const char *shown = target->pod ? target->pod : target->name;

	(void)text_escape(target->id, length, id, sizeof(id));
	if (target->scope)
		(void)text_escape(target->scope, strlen(target->scope), scope, sizeof(scope));
	const char *slash = target->scope && strcmp(scope, "/") != 0 ? "/" : "";
	if (!shown)
		return text_format(out, size, "%s:%s%s%s", target->runtime, scope, slash, id);
	(void)text_escape(shown, strlen(shown), name, sizeof(name));
	return text_format(out, size, "%s:%s%s%s (%s%s)", target->runtime, scope, slash, id, target->pod ? "pod/" : "",
			   name);
}

/* What was typed, without the runtime. */
static const char *wanted(const struct reference *reference, char *out, size_t size)
{
	bool pod = strcmp(reference->runtime, "pod") == 0;

	if (text_format(out, size, "%s%s%s%s", pod ? "pod/" : "", pod ? reference->scope : "",
			pod && reference->scope[0] ? "/" : "", reference->name) < 0)
		return reference->name;
	return out;
}

int report_ambiguous(const struct search *search, struct err *err)
{
	char list[512] = "", name[REFERENCE_MAX + 300];
	size_t used = 0, shown = 0;

	while (shown < search->count && shown < MATCHES_SHOWN) {
		char one[700];
		if (report_describe(&search->found[shown].target, one, sizeof(one)) < 0 ||
		    text_format(list + used, sizeof(list) - used, "%s%s", shown > 0 ? ", " : "", one) < 0)
			break;
		used += strlen(list + used);
		shown++;
	}
	list[used] = '\0'; /* without the piece of one that did not fit */
	(void)wanted(search->reference, name, sizeof(name));
	if (shown < search->count)
		return err_set(err, ERR_AMBIGUOUS, "\"%s\" fits %zu containers: %s and %zu more", name, search->count,
			       list, search->count - shown);
	return err_set(err, ERR_AMBIGUOUS, "\"%s\" fits %zu containers: %s", name, search->count, list);
}

static void list_runtimes(const struct search *search, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < runtimes_count; i++) {
		if (runtimes[i].is_fallback || (search && !search_wants(search, &runtimes[i])))
			continue;
		if (text_format(out + used, size - used, "%s%s", used > 0 ? ", " : "", runtimes[i].name) < 0)
			break;
		used += strlen(out + used);
	}
}

int report_not_found(const struct search *search, struct err *err)
{
	const struct reference *reference = search->reference;
	char looked_at[128], name[REFERENCE_MAX + 300];
	uint64_t number;

	list_runtimes(search, looked_at, sizeof(looked_at));
	bool is_number = text_u64(reference->name, strlen(reference->name), INT32_MAX, &number) == 0;
	return err_set(err, ERR_NOT_FOUND, "no container \"%s\" (looked at %s)%s%s",
		       wanted(reference, name, sizeof(name)), looked_at, is_number ? "; for a process id use pid:" : "",
		       is_number ? reference->name : "");
}

int report_unknown_runtime(const struct reference *reference, struct err *err)
{
	char known[128];

	list_runtimes(NULL, known, sizeof(known));
	return err_set(err, ERR_USAGE, "unknown runtime \"%s\" (known: %s)", reference->runtime, known);
}
