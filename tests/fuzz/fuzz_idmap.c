/* SPDX-License-Identifier: Apache-2.0 */
/* uid_map and gid_map: a translation there and back gives the same id. */
#include "dbgattach/format/idmap.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct idmap map;
	struct err err = { 0 };

	int r = idmap_parse((const char *)data, size, &map, &err);
	fuzz_check_result(r, &err);
	for (size_t i = 0; r == 0 && i < map.count; i++) {
		uint32_t outside, inside, first = map.extents[i].inside, last = first + (map.extents[i].count - 1);
		fuzz_require(idmap_has_inside(&map, first));
		fuzz_require(idmap_to_outside(&map, last, &outside) == 0);
		fuzz_require(idmap_to_inside(&map, outside, &inside) == 0 && inside == last);
	}
	return 0;
}
