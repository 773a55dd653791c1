/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/attach/made.h"

#define FIRST_INODE UINT64_C(4026531800)

void made_namespaces(struct made *made, unsigned differing)
{
	for (unsigned kind = 0; kind < NS_KIND_MAX; kind++) {
		made->facts.ours.inode[kind] = made->facts.host.inode[kind] = FIRST_INODE + kind;
		made->facts.theirs.inode[kind] = FIRST_INODE + kind + (differing & NS_BIT(kind) ? 1000U : 0);
	}
}

void made_caller(struct made *made, unsigned differing)
{
	for (unsigned kind = 0; kind < NS_KIND_MAX; kind++)
		if (differing & NS_BIT(kind))
			made->facts.ours.inode[kind] = FIRST_INODE + kind + 2000U;
}

static void read_map(struct idmap *map, const char *text)
{
	struct err err;
	assert_success(idmap_parse(text, strlen(text), map, &err), err);
}

void made_maps(struct made *made, const char *uid_map, const char *gid_map)
{
	read_map(&made->facts.process.uid_map, uid_map);
	read_map(&made->facts.process.gid_map, gid_map);
	made_namespaces(made, NS_CONTAINER | NS_BIT(NS_USER));
}

static char *copy_of(const char *text)
{
	char *copy = strdup(text);
	assert_non_null(copy);
	return copy;
}

void made_name(struct made *made, const char *name)
{
	free(made->facts.target.name);
	made->facts.target.name = name == NULL ? NULL : copy_of(name);
}

void made_env(struct made *made, const char *const *assignments, size_t count)
{
	strv_done(&made->facts.target.env);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(strv_add(&made->facts.target.env, assignments[i]), 0);
}

void made_init(struct made *made)
{
	struct proc_status *status = &made->facts.process.status;

	*made = (struct made) { .request = { .profile = profile_find("general") } };
	made_maps(made, "0 0 4294967295\n", "0 0 4294967295\n");
	made_namespaces(made, NS_CONTAINER);
	for (size_t i = 0; i < 4; i++) {
		status->uid[i] = 65532;
		status->gid[i] = 65533;
	}
	made->facts.target = (struct target) { .runtime = "docker", .id = copy_of(ID_A), .has_config = true };
	made_name(made, "web");
	made->facts.process.cwd = copy_of("/srv");
	made->facts.caller_capabilities = capabilities_all();
	made->facts.target_memory_limit = UINT64_MAX;
}

void made_done(struct made *made)
{
	attach_facts_done(&made->facts);
	attach_request_done(&made->request);
}

struct attach_plan made_plan(const struct made *made)
{
	struct attach_plan plan;
	struct err err;
	assert_success(plan_make(&made->request, &made->facts, &plan, &err), err);
	return plan;
}

bool made_note(const struct attach_plan *plan, const char *says)
{
	for (size_t i = 0; i < plan->notes_count; i++)
		if (strstr(plan->notes[i], says) != NULL)
			return true;
	return false;
}

void assert_no_plan(const struct made *made, enum err_kind kind, const char *says)
{
	struct attach_plan plan, before;
	struct err err = { 0 };

	memset(&plan, 0x5a, sizeof(plan));
	memcpy(&before, &plan, sizeof(plan));
	assert_failure(plan_make(&made->request, &made->facts, &plan, &err), err, kind);
	if (strstr(err.text, says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.text, says);
	assert_memory_equal(&plan, &before, sizeof(plan));
}

void assert_strings(const struct strv *strv, const char *const *expected, size_t count)
{
	for (size_t i = 0; i < strv->count || i < count; i++) {
		if (i >= strv->count)
			fail_msg("%zu: nothing instead of \"%s\"", i, expected[i]);
		if (i >= count)
			fail_msg("%zu: \"%s\" instead of nothing", i, strv->items[i]);
		if (strcmp(strv->items[i], expected[i]) != 0)
			fail_msg("%zu: \"%s\" instead of \"%s\"", i, strv->items[i], expected[i]);
	}
	if (count > 0)
		assert_null(strv->items[count]);
}
