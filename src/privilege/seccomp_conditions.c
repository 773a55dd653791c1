/* SPDX-License-Identifier: Apache-2.0 */
/* What the conditions of rules on a call's arguments say together. When in doubt two rules meet: that is the refused case. */
#include "seccomp_select.h"

/* The values of an argument: all of low to high that are value under mask; or all but these. */
struct values {
	uint64_t low, high, mask, value;
	bool all_but;
};

bool seccomp_are_alternatives(const struct seccomp_profile_rule *rule)
{
	unsigned seen = 0;

	for (size_t i = 0; i < rule->conditions_count; i++) {
		unsigned bit = 1U << rule->conditions[i].index;
		if ((seen & bit) != 0)
			return true;
		seen |= bit;
	}
	return false;
}

static struct values values_of(const struct seccomp_condition *condition)
{
	struct values values = { .high = UINT64_MAX };
	uint64_t value = condition->value;

	switch (condition->operator) {
	case SECCOMP_OPERATOR_LT:
		values.high = value - (value > 0);
		break;
	case SECCOMP_OPERATOR_LE:
		values.high = value;
		break;
	case SECCOMP_OPERATOR_NE:
	case SECCOMP_OPERATOR_EQ:
		values.low = values.high = value;
		values.all_but = condition->operator== SECCOMP_OPERATOR_NE;
		break;
	case SECCOMP_OPERATOR_GE:
		values.low = value;
		break;
	case SECCOMP_OPERATOR_GT:
		values.low = value + (value < UINT64_MAX);
		break;
	case SECCOMP_OPERATOR_MASKED_EQ:
		values.mask = value;
		values.value = condition->value_two;
		break;
	case SECCOMP_OPERATOR_MAX:
		break;
	}
	return values;
}

static bool is_only(const struct values *values, uint64_t value)
{
	return values->low == values->high ? values->low == value :
					     values->mask == UINT64_MAX && values->value == value;
}

/* An argument can fulfil both. */
static bool values_meet(const struct values *a, const struct values *b)
{
	if (a->all_but || b->all_but)
		return (a->all_but && b->all_but) || !(a->all_but ? is_only(b, a->low) : is_only(a, b->low));
	uint64_t low = a->low > b->low ? a->low : b->low, high = a->high < b->high ? a->high : b->high;
	if (low > high || ((a->value ^ b->value) & a->mask & b->mask) != 0)
		return false;
	return low < high || ((low & a->mask) == a->value && (low & b->mask) == b->value);
}

/* Conditions that must all hold, on different arguments. */
static bool all_meet(const struct seccomp_condition *a, size_t a_count, const struct seccomp_condition *b,
		     size_t b_count)
{
	for (size_t i = 0; i < a_count; i++)
		for (size_t j = 0; j < b_count; j++) {
			const struct values left = values_of(&a[i]), right = values_of(&b[j]);

			if (a[i].index == b[j].index && !values_meet(&left, &right))
				return false;
		}
	return true;
}

bool seccomp_rules_meet(const struct seccomp_profile_rule *a, const struct seccomp_profile_rule *b)
{
	/* Alternatives one by one, else all together; a rule without a condition holds for all. */
	size_t a_step = seccomp_are_alternatives(a) ? 1 : a->conditions_count;
	size_t b_step = seccomp_are_alternatives(b) ? 1 : b->conditions_count;

	if (a_step == 0 || b_step == 0)
		return true;
	for (size_t i = 0; i < a->conditions_count; i += a_step)
		for (size_t j = 0; j < b->conditions_count; j += b_step)
			if (all_meet(&a->conditions[i], a_step, &b->conditions[j], b_step))
				return true;
	return false;
}
