/* SPDX-License-Identifier: Apache-2.0 */
/* From the selector of a workload to the form that kubectl's -l takes. */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/json.h"
#include "dbgattach/format/kube_pod.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define TERMS_MAX 256

/* How an operator of matchExpressions is written: before the key, behind it, and whether values follow in brackets. */
static const struct operation {
	const char *name, *before, *behind;
	bool values;
} operations[] = {
	{ "In", "", " in ", true },
	{ "NotIn", "", " notin ", true },
	{ "Exists", "", "", false },
	{ "DoesNotExist", "!", "", false },
};

static char *join(const struct strv *words)
{
	size_t length = 1;

	for (size_t i = 0; i < words->count; i++)
		length += strlen(words->items[i]) + 1;
	char *text = malloc(length), *end = text;
	for (size_t i = 0; text != NULL && i < words->count; i++) {
		if (i > 0)
			*end++ = ',';
		end = stpcpy(end, words->items[i]);
	}
	if (text != NULL)
		*end = '\0';
	return text;
}

static int add_labels(json_t *labels, struct strv *terms, struct err *err)
{
	const char *key;
	json_t *value;

	json_object_foreach(labels, key, value)
	{
		if (!json_is_string(value) || terms->count >= TERMS_MAX)
			return err_set(err, ERR_MALFORMED, "a selector's label is no string, or there are too many");
		if (strv_take(terms, text_printf("%s=%s", key, json_string_value(value))) < 0)
			return err_sys(err, ENOMEM, "a selector");
	}
	return 0;
}

static int add_expression(json_t *expression, struct strv *terms, struct err *err)
{
	const char *key = json_string_value(json_object_get(expression, "key"));
	const char *name = json_string_value(json_object_get(expression, "operator"));
	cleanup_strv struct strv values = { 0 };
	const struct operation *operation = NULL;
	json_t *value;
	size_t i;

	for (i = 0; name != NULL && i < ARRAY_SIZE(operations); i++)
		if (strcmp(operations[i].name, name) == 0)
			operation = &operations[i];
	if (key == NULL || operation == NULL || terms->count >= TERMS_MAX)
		return err_set(err, ERR_MALFORMED, "a selector's expression has no key or an unknown operator");
	json_array_foreach(json_object_get(expression, "values"), i, value)
	{
		if (!json_is_string(value))
			return err_set(err, ERR_MALFORMED, "a selector's value is no string");
		if (strv_add(&values, json_string_value(value)) < 0)
			return err_sys(err, ENOMEM, "a selector");
	}
	cleanup_free char *list = join(&values);
	if (list == NULL || strv_take(terms, text_printf("%s%s%s%s%s%s", operation->before, key, operation->behind,
							 operation->values ? "(" : "", operation->values ? list : "",
							 operation->values ? ")" : "")) < 0)
		return err_sys(err, ENOMEM, "a selector");
	return 0;
}

static int read_selector(json_t *selector, struct strv *terms, struct err *err)
{
	json_t *labels = json_object_get(selector, "matchLabels"), *item;
	json_t *expressions = json_object_get(selector, "matchExpressions");
	size_t i;
	/* A Service's is the labels themselves. */
	int result = add_labels(labels == NULL && expressions == NULL ? selector : labels, terms, err);

	json_array_foreach(expressions, i, item)
	{
		if (result == 0)
			result = add_expression(item, terms, err);
	}
	return result;
}

int kube_selector_parse(const char *bytes, size_t length, char **ret, struct err *err)
{
	cleanup_strv struct strv terms = { 0 };
	cleanup_json json_t *root = NULL;
	int result = json_parse(bytes, length, &root, err);

	if (result == 0)
		result = read_selector(json_object_get(json_object_get(root, "spec"), "selector"), &terms, err);
	if (result < 0)
		return result;
	if (terms.count == 0) /* it would select every pod there is */
		return err_set(err, ERR_NOT_FOUND, "it has no selector, and so no pods");
	*ret = join(&terms);
	return *ret == NULL ? err_sys(err, ENOMEM, "a selector") : 0;
}
