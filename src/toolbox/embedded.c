/* SPDX-License-Identifier: Apache-2.0 */
/* From an address in memory to an offset in the executable. */
#include "embedded.h"

#include <link.h>

static int find_segment(struct dl_phdr_info *info, size_t size, void *context)
{
	uintptr_t address = (uintptr_t)toolbox_image_start;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + segment->p_vaddr;

		if (segment->p_type == PT_LOAD && address >= start && address - start < segment->p_filesz) {
			*(uint64_t *)context = segment->p_offset + (address - start);
			return 1;
		}
	}
	return 0;
}

uint64_t toolbox_image_offset(void)
{
	uint64_t offset = 0;

	(void)dl_iterate_phdr(find_segment, &offset);
	return offset;
}
