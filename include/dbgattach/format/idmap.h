/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/uid_map and gid_map (user_namespaces(7)): at most 340 extents. */
#pragma once

#include "dbgattach/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IDMAP_EXTENTS_MAX 340

struct idmap_extent {
	uint32_t inside, outside, count;
};

struct idmap {
	size_t count;
	struct idmap_extent extents[IDMAP_EXTENTS_MAX];
};

int idmap_parse(const char *bytes, size_t length, struct idmap *ret, struct err *err);
bool idmap_has_inside(const struct idmap *map, uint32_t inside);
/* 0 or -ENOENT. */
int idmap_to_outside(const struct idmap *map, uint32_t inside, uint32_t *ret_outside);
int idmap_to_inside(const struct idmap *map, uint32_t outside, uint32_t *ret_inside);
/* 0 0 4294967295: the initial user namespace. */
bool idmap_is_identity(const struct idmap *map);
