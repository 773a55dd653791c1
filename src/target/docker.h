/* SPDX-License-Identifier: Apache-2.0 */
/* Docker's folders, shared by the files of this module that read them. */
#pragma once

#include "src/target/runtime.h"

struct docker_roots {
	char data[PATH_MAX]; /* /var/lib/docker */
	char exec[PATH_MAX]; /* /run/docker */
};

int docker_roots_find(const struct files *files, struct docker_roots *ret, struct err *err);
