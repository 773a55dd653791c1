/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the choice of rules. Never drops what is meant to restrict: that is refused, with the system call's name. */
#include "seccomp_select.h"

#include "seccomp_arch.h"

#include "dbgattach/base/cleanup.h"

#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

struct selection {
	const struct seccomp_profile *profile;
	const struct seccomp_terms *terms;
	uint64_t kernel[2];
	struct seccomp_calls calls;
	char *remark;
};

void seccomp_calls_done(struct seccomp_calls *calls)
{
	free(take_ptr(calls->items));
	calls->count = 0;
}

static bool has_word(const struct strv *words, const char *word)
{
	for (size_t i = 0; i < words->count; i++)
		if (strcmp(words->items[i], word) == 0)
			return true;
	return false;
}

static bool kernel_is_at_least(const struct selection *selection, const uint64_t version[2])
{
	return selection->kernel[0] != version[0] ? selection->kernel[0] > version[0] :
						    selection->kernel[1] >= version[1];
}

/* *ret_all, *ret_any: of the capabilities named, which the session may have. */
static int have(const struct selection *selection, const struct strv *names, bool *ret_all, bool *ret_any,
		struct err *err)
{
	*ret_all = true;
	*ret_any = false;
	for (size_t i = 0; i < names->count; i++) {
		uint64_t mask = 0;
		int result = capabilities_parse(names->items[i], &mask, err);
		if (result < 0)
			return result;
		if ((selection->terms->capabilities & mask) != 0)
			*ret_any = true;
		else
			*ret_all = false;
	}
	return 0;
}

/* As Docker and Podman have it: all that is included must hold, and nothing that is excluded may. */
static int does_count(const struct selection *selection, const struct seccomp_profile_rule *rule, bool *ret,
		      struct err *err)
{
	const struct seccomp_when *in = &rule->includes, *out = &rule->excludes;
	bool all_in, any_in, all_out, any_out;
	int result = have(selection, &in->capabilities, &all_in, &any_in, err);

	if (result == 0)
		result = have(selection, &out->capabilities, &all_out, &any_out, err);
	if (result < 0)
		return err_wrap(err, "seccomp: the rule for %s", rule->names.items[0]);
	bool asks_kernel = out->kernel[0] != 0 || out->kernel[1] != 0;
	*ret = all_in && !any_out && (in->arches.count == 0 || has_word(&in->arches, GO_ARCH)) &&
	       !has_word(&out->arches, GO_ARCH) && kernel_is_at_least(selection, in->kernel) &&
	       !(asks_kernel && kernel_is_at_least(selection, out->kernel));
	return 0;
}

static bool is_same(const struct seccomp_verdict *a, const struct seccomp_verdict *b)
{
	return a->action == b->action && a->data == b->data;
}

static int add_name(struct selection *selection, const struct seccomp_profile_rule *rule, const char *name,
		    struct err *err)
{
	struct seccomp_calls *calls = &selection->calls;
	int number = seccomp_syscall_resolve_name(name);

	if (number == __NR_SCMP_ERROR) {
		/*
		 * What the rest of the profile does with an unknown call is at least as strict: nothing is lost. Else it
		 * is refused, a runtime's config too: what its libseccomp knew and ours does not would be left out here.
		 */
		if (rule->verdict.action >= selection->profile->otherwise.action)
			return 0;
		return err_set(err, ERR_UNSUPPORTED,
			       "seccomp: libseccomp %u.%u.%u does not know the system call %s, so it cannot be refused",
			       seccomp_version()->major, seccomp_version()->minor, seccomp_version()->micro, name);
	}
	if (number >= 0) {
		calls->names_any = true;
		calls->newest = (uint32_t)number > calls->newest ? (uint32_t)number : calls->newest;
	}
	calls->items[calls->count] = (struct seccomp_call) { rule, name, number, calls->count };
	calls->count++;
	return 0;
}

static int collect(struct selection *selection, struct err *err)
{
	const struct seccomp_profile *profile = selection->profile;
	size_t names = 0;

	for (size_t i = 0; i < profile->rules_count; i++)
		names += profile->rules[i].names.count;
	selection->calls.items = calloc(names + 1, sizeof(*selection->calls.items));
	if (selection->calls.items == NULL)
		return err_sys(err, ENOMEM, "compiling a seccomp profile");
	for (size_t i = 0; i < profile->rules_count; i++) {
		const struct seccomp_profile_rule *rule = &profile->rules[i];
		bool counts = false;
		int result = does_count(selection, rule, &counts, err);

		for (size_t j = 0; result == 0 && counts && j < rule->names.count; j++)
			result = add_name(selection, rule, rule->names.items[j], err);
		if (result < 0)
			return result;
	}
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct seccomp_call *left = a, *right = b;

	if (left->number != right->number)
		return left->number > right->number ? 1 : -1;
	return left->place > right->place ? 1 : -1;
}

static int by_place(const void *a, const void *b)
{
	return ((const struct seccomp_call *)a)->place > ((const struct seccomp_call *)b)->place ? 1 : -1;
}

static bool is_conditional(const struct seccomp_call *call)
{
	return call->rule->conditions_count > 0;
}

/* Of those that hold for all arguments the strictest one; NULL where there is none. */
static const struct seccomp_call *strictest(const struct seccomp_call *calls, size_t count, bool *ret_differ)
{
	const struct seccomp_call *found = NULL;

	*ret_differ = false;
	for (size_t i = 0; i < count; i++) {
		if (is_conditional(&calls[i]))
			continue;
		if (found != NULL && !is_same(&found->rule->verdict, &calls[i].rule->verdict))
			*ret_differ = true;
		if (found == NULL || calls[i].rule->verdict.action < found->rule->verdict.action)
			found = &calls[i];
	}
	return found;
}

/*
 * Which of two rules that hold for the same arguments libseccomp takes follows from the numbers of the arguments and not from
 * what they do: where that differs, the weaker one could win, so they are refused.
 */
static int refuse_meeting(const struct seccomp_call *calls, size_t count, struct err *err)
{
	for (size_t i = 1; i < count; i++) {
		const struct seccomp_profile_rule *one = calls[i].rule;

		if (!is_conditional(&calls[i]) || one == calls[i - 1].rule) /* a name twice in one rule */
			continue;
		for (size_t j = 0; j < i; j++) {
			const struct seccomp_profile_rule *other = calls[j].rule;

			if (is_conditional(&calls[j]) && !is_same(&one->verdict, &other->verdict) &&
			    seccomp_rules_meet(one, other))
				return err_set(err, ERR_MALFORMED,
					       "seccomp: the rules for %s contradict each other: two hold for the same "
					       "arguments and say different things",
					       calls[i].name);
		}
	}
	return 0;
}

/*
 * The rules for one system call. libseccomp keeps the first of those that hold for all arguments, and drops without a word
 * what holds for some beside it: so here the strictest is kept, and what only holds for some is refused.
 */
static int settle(struct selection *selection, struct seccomp_call *calls, size_t count, struct err *err)
{
	const struct seccomp_verdict *otherwise = &selection->profile->otherwise;
	bool differ;
	const struct seccomp_call *whole = strictest(calls, count, &differ);

	/* The default, which libseccomp takes for no rule and runc leaves out: what holds for some is an exception to it. */
	bool restates = whole != NULL && is_same(&whole->rule->verdict, otherwise);

	if (whole == NULL || restates) {
		int result = refuse_meeting(calls, count, err);
		if (result < 0 || whole == NULL)
			return result;
	}
	struct seccomp_call kept = *whole;

	if (differ && selection->remark[0] == '\0')
		(void)snprintf(selection->remark, SECCOMP_REMARK_MAX,
			       "the profile has rules for %s that contradict each other: the strictest one holds",
			       kept.name);
	for (size_t i = 0; i < count; i++) {
		bool conditional = is_conditional(&calls[i]);

		if (conditional && !restates && !is_same(&calls[i].rule->verdict, &kept.rule->verdict))
			return err_set(err, ERR_MALFORMED,
				       "seccomp: the rules for %s contradict each other: one holds for all arguments, "
				       "and another one says something else for some",
				       kept.name);
		if (!(conditional && restates))
			calls[i].rule = NULL;
	}
	if (!restates)
		calls[0] = kept;
	return 0;
}

/* The runtime's own choice is taken as it made it: the session is to be under what the target is under. */
static int settle_all(struct selection *selection, struct err *err)
{
	struct seccomp_calls *calls = &selection->calls;
	size_t kept = 0;
	int result = 0;

	if (!selection->terms->as_runtime) {
		qsort(calls->items, calls->count, sizeof(*calls->items), by_number);
		for (size_t first = 0, end; result == 0 && first < calls->count; first = end) {
			for (end = first + 1;
			     end < calls->count && calls->items[end].number == calls->items[first].number;)
				end++;
			result = settle(selection, &calls->items[first], end - first, err);
		}
	}
	for (size_t i = 0; result == 0 && i < calls->count; i++) {
		const struct seccomp_profile_rule *rule = calls->items[i].rule;
		if (rule != NULL && !is_same(&rule->verdict, &selection->profile->otherwise))
			calls->items[kept++] = calls->items[i];
	}
	calls->count = kept;
	qsort(calls->items, calls->count, sizeof(*calls->items), by_place);
	return result;
}

static void read_kernel(struct selection *selection)
{
	struct utsname name;
	unsigned major = 0, minor = 0;

	if (uname(&name) == 0)
		(void)sscanf(name.release, "%u.%u", &major, &minor);
	selection->kernel[0] = major;
	selection->kernel[1] = minor;
}

int seccomp_select(const struct seccomp_profile *profile, const struct seccomp_terms *terms, struct seccomp_calls *ret,
		   char *ret_remark, struct err *err)
{
	struct selection selection = { .profile = profile, .terms = terms, .remark = ret_remark };

	ret_remark[0] = '\0';
	read_kernel(&selection);
	int result = collect(&selection, err);
	if (result == 0)
		result = settle_all(&selection, err);
	if (result < 0)
		seccomp_calls_done(&selection.calls);
	else
		*ret = selection.calls;
	return result;
}
