/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON document for people: the same facts in the same order, so that nothing is computed twice. */
#pragma once

#include "dbgattach/base/err.h"

#include <jansson.h>

/* An object of sections: each under its title, arrays of objects as tables. */
int document_print(const json_t *document, struct err *err);
