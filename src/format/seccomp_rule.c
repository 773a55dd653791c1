/* SPDX-License-Identifier: Apache-2.0 */
/* Owns a rule: its action, the conditions on arguments, and when it counts at all. */
#include "src/format/seccomp_rule.h"

#include "dbgattach/base/cleanup.h"

#include <errno.h>
#include <string.h>

#define NAMES_MAX 1024
#define ERRNO_MAX 4095 /* include/linux/err.h: MAX_ERRNO */
#define TRACE_MAX UINT16_MAX

/* ---- actions ----------------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	enum seccomp_action action;
} actions[] = {
	{ "SCMP_ACT_KILL", SECCOMP_ACTION_KILL_THREAD }, /* the old name, and what it means */
	{ "SCMP_ACT_KILL_PROCESS", SECCOMP_ACTION_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD", SECCOMP_ACTION_KILL_THREAD },
	{ "SCMP_ACT_TRAP", SECCOMP_ACTION_TRAP },
	{ "SCMP_ACT_ERRNO", SECCOMP_ACTION_ERRNO },
	{ "SCMP_ACT_TRACE", SECCOMP_ACTION_TRACE },
	{ "SCMP_ACT_LOG", SECCOMP_ACTION_LOG },
	{ "SCMP_ACT_ALLOW", SECCOMP_ACTION_ALLOW },
};

int seccomp_refuse_supervised(struct json_reader *reader, const char *what)
{
	return json_reader_unsupported(reader, what, "it needs a supervisor that answers");
}

int seccomp_read_action(struct json_reader *reader, struct seccomp_read_verdict *out)
{
	char word[JSON_READER_WORD_MAX];

	if (json_reader_word(reader, word) < 0)
		return -EINVAL;
	if (strcmp(word, "SCMP_ACT_NOTIFY") == 0)
		return seccomp_refuse_supervised(reader, word);
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (strcmp(actions[i].name, word) == 0) {
			out->action = actions[i].action;
			out->has_action = true;
			return 0;
		}
	return json_reader_malformed(reader, "unknown action", word, strlen(word));
}

int seccomp_read_number(struct json_reader *reader, struct seccomp_read_verdict *out)
{
	out->has_number = true;
	return json_reader_number(reader, TRACE_MAX, &out->number);
}

int seccomp_read_errno(struct json_reader *reader, struct seccomp_read_verdict *out)
{
	char word[JSON_READER_WORD_MAX];

	if (json_reader_word(reader, word) < 0)
		return -EINVAL;
	if (word[0] == '\0')
		return 0;
	for (int number = 1; number <= ERRNO_MAX; number++) {
		const char *name = strerrorname_np(number);
		if (name == NULL || strcmp(name, word) != 0)
			continue;
		out->named = (uint64_t)number;
		out->has_name = true;
		return 0;
	}
	return json_reader_malformed(reader, "unknown errno", word, strlen(word));
}

int seccomp_make_verdict(struct json_reader *reader, const struct seccomp_read_verdict *in, const char *field,
			 struct seccomp_verdict *ret)
{
	bool takes_number = in->action == SECCOMP_ACTION_ERRNO || in->action == SECCOMP_ACTION_TRACE;

	if (!in->has_action)
		return json_reader_malformed(reader, "there is no", field, strlen(field));
	if (!takes_number && (in->has_number || in->has_name))
		return json_reader_malformed(reader, "an errno has no meaning with this", field, strlen(field));
	if (in->has_number && in->has_name && in->number != in->named)
		return json_reader_malformed(reader, "the errno and its name differ", NULL, 0);
	ret->action = in->action;
	ret->data = in->has_number ? in->number : in->has_name ? in->named : takes_number ? EPERM : 0;
	if (in->action == SECCOMP_ACTION_ERRNO && ret->data > ERRNO_MAX)
		return json_reader_malformed(reader, "there is no errno above 4095", NULL, 0);
	return 0;
}

/* ---- conditions -------------------------------------------------------------------------------------------------- */

static const char *const operators[] = {
	[SECCOMP_OPERATOR_NE] = "SCMP_CMP_NE",
	[SECCOMP_OPERATOR_LT] = "SCMP_CMP_LT",
	[SECCOMP_OPERATOR_LE] = "SCMP_CMP_LE",
	[SECCOMP_OPERATOR_EQ] = "SCMP_CMP_EQ",
	[SECCOMP_OPERATOR_GE] = "SCMP_CMP_GE",
	[SECCOMP_OPERATOR_GT] = "SCMP_CMP_GT",
	[SECCOMP_OPERATOR_MASKED_EQ] = "SCMP_CMP_MASKED_EQ",
};
_Static_assert(ARRAY_SIZE(operators) == SECCOMP_OPERATOR_MAX, "each operator has a name");

struct read_condition {
	struct seccomp_condition condition;
	bool has_index, has_operator;
};

static int read_index(struct json_reader *reader, void *base)
{
	struct read_condition *out = base;

	out->has_index = true;
	return json_reader_number(reader, 5, &out->condition.index);
}

static int read_value(struct json_reader *reader, void *base)
{
	return json_reader_number(reader, UINT64_MAX, &((struct read_condition *)base)->condition.value);
}

static int read_value_two(struct json_reader *reader, void *base)
{
	return json_reader_number(reader, UINT64_MAX, &((struct read_condition *)base)->condition.value_two);
}

static int read_operator(struct json_reader *reader, void *base)
{
	struct read_condition *out = base;
	char word[JSON_READER_WORD_MAX];

	if (json_reader_word(reader, word) < 0)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++)
		if (strcmp(operators[i], word) == 0) {
			out->condition.operator=(enum seccomp_operator) i;
			out->has_operator = true;
			return 0;
		}
	return json_reader_malformed(reader, "unknown operator", word, strlen(word));
}

static const struct json_reader_field condition_fields[] = {
	{ "index", read_index },
	{ "value", read_value },
	{ "valueTwo", read_value_two },
	{ "op", read_operator },
	{ 0 },
};

static int read_conditions(struct json_reader *reader, void *base)
{
	struct seccomp_profile_rule *rule = base;
	bool first = true;

	while (json_scan_array_next(&reader->scan, &first)) {
		struct read_condition in = { 0 };
		int result = json_reader_object(reader, condition_fields, &in);
		if (result < 0)
			return result;
		if (!in.has_index || !in.has_operator)
			return json_reader_malformed(reader, "an argument without index or op", NULL, 0);
		if (in.condition.value_two != 0 && in.condition.operator!= SECCOMP_OPERATOR_MASKED_EQ)
			return json_reader_malformed(reader, "valueTwo has no meaning with this op", NULL, 0);
		if (rule->conditions_count == SECCOMP_CONDITIONS_MAX)
			return json_reader_malformed(reader, "too many arguments", NULL, 0);
		struct seccomp_condition *more =
			reallocarray(rule->conditions, rule->conditions_count + 1, sizeof(*more));
		if (more == NULL)
			return json_reader_out_of_memory(reader);
		rule->conditions = more;
		more[rule->conditions_count++] = in.condition;
	}
	return json_reader_check(reader);
}

/* ---- includes, excludes ------------------------------------------------------------------------------------------ */

static int read_when_capabilities(struct json_reader *reader, void *base)
{
	return json_reader_words(reader, SECCOMP_LIST_MAX, &((struct seccomp_when *)base)->capabilities);
}

static int read_when_arches(struct json_reader *reader, void *base)
{
	return json_reader_words(reader, SECCOMP_LIST_MAX, &((struct seccomp_when *)base)->arches);
}

/* "4.8" */
static int read_when_kernel(struct json_reader *reader, void *base)
{
	struct seccomp_when *when = base;
	char word[JSON_READER_WORD_MAX];

	if (json_reader_word(reader, word) < 0)
		return -EINVAL;
	size_t length = strcspn(word, ".");
	if (word[0] != '\0' && (word[length] != '.' || text_u64(word, length, 1000, &when->kernel[0]) < 0 ||
				text_u64(word + length + 1, strlen(word + length + 1), 1000, &when->kernel[1]) < 0))
		return json_reader_malformed(reader, "no version as in 4.8:", word, strlen(word));
	return 0;
}

static const struct json_reader_field when_fields[] = {
	{ "caps", read_when_capabilities },
	{ "arches", read_when_arches },
	{ "minKernel", read_when_kernel },
	{ 0 },
};

static int read_includes(struct json_reader *reader, void *base)
{
	return json_reader_object(reader, when_fields, &((struct seccomp_profile_rule *)base)->includes);
}

static int read_excludes(struct json_reader *reader, void *base)
{
	return json_reader_object(reader, when_fields, &((struct seccomp_profile_rule *)base)->excludes);
}

/* ---- rules ------------------------------------------------------------------------------------------------------- */

/* The rule comes first, so that the functions above take either. */
struct read_rule {
	struct seccomp_profile_rule rule;
	struct seccomp_read_verdict verdict;
	bool has_name, has_names;
};

static int read_names(struct json_reader *reader, void *base)
{
	struct read_rule *in = base;

	in->has_names = true;
	return json_reader_words(reader, NAMES_MAX, &in->rule.names);
}

static int read_name(struct json_reader *reader, void *base)
{
	struct read_rule *in = base;
	char word[JSON_READER_WORD_MAX];

	if (json_reader_word(reader, word) < 0)
		return -EINVAL;
	if (word[0] == '\0')
		return 0;
	in->has_name = true;
	return strv_add(&in->rule.names, word) < 0 ? json_reader_out_of_memory(reader) : 0;
}

static int read_rule_action(struct json_reader *reader, void *base)
{
	return seccomp_read_action(reader, &((struct read_rule *)base)->verdict);
}

static int read_rule_number(struct json_reader *reader, void *base)
{
	return seccomp_read_number(reader, &((struct read_rule *)base)->verdict);
}

static int read_rule_errno(struct json_reader *reader, void *base)
{
	return seccomp_read_errno(reader, &((struct read_rule *)base)->verdict);
}

static const struct json_reader_field rule_fields[] = {
	{ "names", read_names },         { "name", read_name },
	{ "action", read_rule_action },  { "errnoRet", read_rule_number },
	{ "errno", read_rule_errno },    { "args", read_conditions },
	{ "includes", read_includes },   { "excludes", read_excludes },
	{ "comment", json_reader_skip }, { 0 },
};

static void when_done(struct seccomp_when *when)
{
	strv_done(&when->capabilities);
	strv_done(&when->arches);
}

void seccomp_rule_done(struct seccomp_profile_rule *rule)
{
	strv_done(&rule->names);
	free(rule->conditions);
	when_done(&rule->includes);
	when_done(&rule->excludes);
	*rule = (struct seccomp_profile_rule) { 0 };
}

int seccomp_read_rule(struct json_reader *reader, struct seccomp_profile_rule *ret)
{
	struct read_rule in = { 0 };
	int result = json_reader_object(reader, rule_fields, &in);

	if (result == 0 && in.has_name && in.has_names)
		result = json_reader_malformed(reader, "both name and names", NULL, 0);
	if (result == 0 && in.rule.names.count == 0)
		result = json_reader_malformed(reader, "a rule without names", NULL, 0);
	if (result == 0)
		result = seccomp_make_verdict(reader, &in.verdict, "action", &in.rule.verdict);
	if (result < 0)
		seccomp_rule_done(&in.rule);
	else
		*ret = in.rule;
	return result;
}
