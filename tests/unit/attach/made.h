/* SPDX-License-Identifier: Apache-2.0 */
/* Facts made by hand: root on the host, a container that shares only the user and time namespaces with it. */
#pragma once

#include "src/attach/plan.h"
#include "tests/unit/unit.h"

struct made {
	struct attach_request request;
	struct attach_facts facts;
};

#define NS_ALL (NS_BIT(NS_KIND_MAX) - 1)
#define NS_CONTAINER (NS_ALL & ~NS_BIT(NS_USER) & ~NS_BIT(NS_TIME))

void made_init(struct made *made);
void made_done(struct made *made);
#define cleanup_made __attribute__((cleanup(made_done)))
#define cleanup_plan __attribute__((cleanup(plan_done)))

/* The namespaces in which the target differs from us. */
void made_namespaces(struct made *made, unsigned differing);
/* The namespaces in which we differ from the host, and from the target: the caller is in a container too. */
void made_caller(struct made *made, unsigned differing);
/* The target's uid_map and gid_map, as /proc shows them, and with them a user namespace of its own. */
void made_maps(struct made *made, const char *uid_map, const char *gid_map);
void made_name(struct made *made, const char *name);
/* The environment that the target's config states. */
void made_env(struct made *made, const char *const *assignments, size_t count);

/* The plan; fails with the error's text where there is none. */
struct attach_plan made_plan(const struct made *made);
/* One of its notes has these words. */
bool made_note(const struct attach_plan *plan, const char *says);
/* There must be none, nothing may be written, and the text must contain says. */
void assert_no_plan(const struct made *made, enum err_kind kind, const char *says);
/* Exactly these strings, in this order. */
void assert_strings(const struct strv *strv, const char *const *expected, size_t count);
