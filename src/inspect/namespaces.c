/* SPDX-License-Identifier: Apache-2.0 */
/* Which namespaces the container has, and who else is in them: the host, or containers that the runtimes know. */
#include "inspect.h"

#include "dbgattach/base/cleanup.h"

struct shared {
	const struct inspection *inspection;
	json_t *with[NS_KIND_MAX];
};

static int compare(const struct target_entry *entry, void *context, struct err *err)
{
	struct shared *shared = context;
	const struct inspection *inspection = shared->inspection;
	char reference[TARGET_REFERENCE_MAX];
	struct ns_set set;

	(void)err;
	/* One that ends meanwhile shares nothing. */
	if (entry->pin == NULL || entry->pin->pid == inspection->pin.pid ||
	    ns_set_read(entry->pin->proc_fd, &set, NULL) < 0 ||
	    target_reference(entry->target, reference, sizeof(reference)) < 0)
		return 0;
	for (size_t kind = 0; kind < NS_KIND_MAX; kind++)
		if (set.inode[kind] == inspection->theirs.inode[kind] &&
		    set.inode[kind] != inspection->host_namespaces.inode[kind])
			(void)json_array_append_new(shared->with[kind], json_text(reference));
	return 0;
}

/* ls tells of them. */
static void pass_by(const char *runtime, const struct err *why, void *context)
{
	(void)runtime;
	(void)why;
	(void)context;
}

json_t *inspect_namespaces(const struct inspection *inspection, struct err *err)
{
	struct shared shared = { .inspection = inspection };
	const struct target_visitor visitor = { compare, pass_by, &shared };
	json_t *list = json_array();

	for (size_t kind = 0; kind < NS_KIND_MAX; kind++)
		shared.with[kind] = json_array();
	int result = target_list(&inspection->host, NULL, false, &visitor, err);
	for (enum ns_kind kind = 0; kind < NS_KIND_MAX; kind++) {
		uint64_t inode = inspection->theirs.inode[kind];

		json_t *row = json_pack("{s:s, s:I, s:b, s:o}", "kind", ns_kind_name(kind), "inode", (json_int_t)inode,
					"host", inode == inspection->host_namespaces.inode[kind], "containers",
					shared.with[kind]);
		if (inode != 0)
			(void)json_array_append_new(list, row);
		else
			json_decref(row); /* this kernel has none of the kind */
	}
	if (result < 0) {
		json_decref(list);
		return NULL;
	}
	return inspect_made(list, err);
}
