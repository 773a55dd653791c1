/* SPDX-License-Identifier: Apache-2.0 */
/* The minimal toolbox, carried inside the program. Page-aligned in the file as in memory: erofs is mounted from there. */
	.section .rodata.toolbox, "a", %progbits
	.global toolbox_image_start
	.global toolbox_image_end
	.global toolbox_index_start
	.global toolbox_index_end
	.balign 4096
toolbox_image_start:
	.incbin TOOLBOX_IMAGE
toolbox_image_end:
	.balign 4096
toolbox_index_start:
	.incbin TOOLBOX_INDEX
toolbox_index_end:
	.byte 0
	.section .note.GNU-stack, "", %progbits
