/* SPDX-License-Identifier: Apache-2.0 */
/* The default filter as data; the generator (gen_seccomp.c) compiles it with libseccomp at build time. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct seccomp_rule {
	const char *syscall; /* libseccomp's name; one that this architecture lacks is skipped */
	int errnum;
	/* Only where argument & mask == value; mask 0: always. Comparing 32 bits is what the kernel does with an ioctl. */
	unsigned argument;
	uint64_t mask, value;
};

extern const struct seccomp_rule seccomp_rules[];
extern const size_t seccomp_rules_count;
