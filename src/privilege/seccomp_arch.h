/* SPDX-License-Identifier: Apache-2.0 */
/* What the default filter, made at build time (gen_seccomp.c), has in common with those that are compiled for an attach. */
#pragma once

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#define GO_ARCH "amd64"
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#define GO_ARCH "arm64"
#else
#error "which AUDIT_ARCH_ is this architecture, and which name do Go programs have for it?"
#endif

#define X32_BIT 0x40000000U

/*
 * In front of a program, which begins with a check of its own of the architecture and of x32: a call that is newer than that
 * number does not exist.
 */
#define NEWER_IS_ENOSYS(architecture, newest)                                                                          \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),                                       \
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (architecture), 0, 4),                                             \
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),                                 \
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 2, 0),                                                    \
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (newest), 0, 1),                                                   \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS)
