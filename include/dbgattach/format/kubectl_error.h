/* SPDX-License-Identifier: Apache-2.0 */
/* What kubectl says on stderr, whose exit status is 1 whatever has happened. Texts of kubectl 1.20 to 1.32. */
#pragma once

#include "dbgattach/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct kubectl_error {
	enum err_kind kind; /* ERR_NONE: nothing but noise */
	bool not_yet;       /* of kubectl exec: the container may still start */
	char text[512];     /* the line that counts, without kubectl's own words before it */
	const char *next;   /* what to do; "" where nobody knows */
};

void kubectl_error_parse(const char *bytes, size_t length, struct kubectl_error *ret);
