/* SPDX-License-Identifier: Apache-2.0 */
/* The bundle's config.json (OCI runtime-spec), as far as a session needs it. */
#pragma once

#include "dbgattach/base/err.h"
#include "dbgattach/base/text.h"

#include <stddef.h>

struct oci_config {
	struct strv env; /* process.env */
	char *hostname;  /* NULL where not stated */
};

int oci_config_parse(const char *bytes, size_t length, struct oci_config *ret, struct err *err);
void oci_config_done(struct oci_config *config);
