/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of image.S. */
#pragma once

#include <stddef.h>
#include <stdint.h>

extern const unsigned char toolbox_image_start[], toolbox_image_end[];
extern const char toolbox_index_start[], toolbox_index_end[];

static inline size_t toolbox_image_size(void)
{
	return (size_t)((uintptr_t)toolbox_image_end - (uintptr_t)toolbox_image_start);
}

/* Where the image starts in the executable file, by the program headers; 0 where it cannot be told. */
uint64_t toolbox_image_offset(void);
