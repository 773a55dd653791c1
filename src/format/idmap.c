/* SPDX-License-Identifier: Apache-2.0 */
/* Owns uid_map and gid_map: reading them and translating ids. An id that is not mapped is never guessed. */
#include "dbgattach/format/idmap.h"

#include "dbgattach/base/text.h"
#include "src/format/line.h"

#include <errno.h>

static bool overlap(uint32_t a, uint32_t a_count, uint32_t b, uint32_t b_count)
{
	return (uint64_t)a < (uint64_t)b + b_count && (uint64_t)b < (uint64_t)a + a_count;
}

/* The kernel never shows such maps; with one, a translation would have two answers. */
static bool is_consistent(const struct idmap *map, const struct idmap_extent *added)
{
	if (added->count == 0 || (uint64_t)added->inside + added->count > UINT32_MAX + UINT64_C(1) ||
	    (uint64_t)added->outside + added->count > UINT32_MAX + UINT64_C(1))
		return false;
	for (size_t i = 0; i < map->count; i++) {
		const struct idmap_extent *one = &map->extents[i];
		if (overlap(one->inside, one->count, added->inside, added->count) ||
		    overlap(one->outside, one->count, added->outside, added->count))
			return false;
	}
	return true;
}

static bool parse_line(struct slice line, struct idmap_extent *ret)
{
	uint64_t numbers[3];
	struct slice word;

	for (size_t i = 0; i < 3; i++)
		if (!word_next(&line, &word) || text_u64(word.text, word.length, UINT32_MAX, &numbers[i]) < 0)
			return false;
	if (word_next(&line, &word))
		return false;
	*ret = (struct idmap_extent) { (uint32_t)numbers[0], (uint32_t)numbers[1], (uint32_t)numbers[2] };
	return true;
}

int idmap_parse(const char *bytes, size_t length, struct idmap *ret, struct err *err)
{
	struct lines lines = { .bytes = bytes, .length = length };
	struct slice line;
	struct idmap map = { 0 };

	while (line_next(&lines, &line)) {
		struct idmap_extent extent;
		if (map.count == IDMAP_EXTENTS_MAX)
			return err_set(err, ERR_MALFORMED, "id map: more than %d lines", IDMAP_EXTENTS_MAX);
		if (!parse_line(line, &extent) || !is_consistent(&map, &extent))
			return err_set(err, ERR_MALFORMED, "id map: line %zu cannot be read", lines.number);
		map.extents[map.count++] = extent;
	}
	/* A map that was read only in part must not look like a shorter one. */
	if (length > 0 && bytes[length - 1] != '\n')
		return err_set(err, ERR_MALFORMED, "id map: line %zu is cut short", lines.number);
	*ret = map;
	return 0;
}

int idmap_to_outside(const struct idmap *map, uint32_t inside, uint32_t *ret_outside)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct idmap_extent *extent = &map->extents[i];
		if (inside >= extent->inside && inside - extent->inside < extent->count) {
			*ret_outside = extent->outside + (inside - extent->inside);
			return 0;
		}
	}
	return -ENOENT;
}

int idmap_to_inside(const struct idmap *map, uint32_t outside, uint32_t *ret_inside)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct idmap_extent *extent = &map->extents[i];
		if (outside >= extent->outside && outside - extent->outside < extent->count) {
			*ret_inside = extent->inside + (outside - extent->outside);
			return 0;
		}
	}
	return -ENOENT;
}

bool idmap_has_inside(const struct idmap *map, uint32_t inside)
{
	uint32_t ignored;
	return idmap_to_outside(map, inside, &ignored) == 0;
}

bool idmap_is_identity(const struct idmap *map)
{
	return map->count == 1 && map->extents[0].inside == 0 && map->extents[0].outside == 0 &&
	       map->extents[0].count == UINT32_MAX;
}
