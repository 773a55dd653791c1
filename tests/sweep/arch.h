/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between processors: making the kernel skip a system call, changing its first argument, giving its result. */
#pragma once

#define __FRAME_OFFSETS /* else <asm/ptrace-abi.h> has no register names for C */
#include <elf.h>
#include <linux/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <asm/ptrace-abi.h>

/* At the stop before the call. */
static inline long arch_skip(pid_t pid)
{
	return syscall(SYS_ptrace, PTRACE_POKEUSR, pid, (long)ORIG_RAX, -1L);
}

/* The same. */
static inline long arch_set_argument(pid_t pid, long value)
{
	return syscall(SYS_ptrace, PTRACE_POKEUSR, pid, (long)RDI, value);
}

/* At the stop after it. */
static inline long arch_set_result(pid_t pid, long result)
{
	return syscall(SYS_ptrace, PTRACE_POKEUSR, pid, (long)RAX, result);
}
#elif defined(__aarch64__)
#include <asm/ptrace.h>

static inline long arch_skip(pid_t pid)
{
	int call = -1;
	struct iovec part = { &call, sizeof(call) };

	return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, 0x404L /* NT_ARM_SYSTEM_CALL */, &part);
}

static inline long arch_set_result(pid_t pid, long result)
{
	struct user_pt_regs registers;
	struct iovec part = { &registers, sizeof(registers) };

	if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, (long)NT_PRSTATUS, &part) < 0)
		return -1;
	registers.regs[0] = (unsigned long)result;
	return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, (long)NT_PRSTATUS, &part);
}

/* The result takes the first argument's register. */
static inline long arch_set_argument(pid_t pid, long value)
{
	return arch_set_result(pid, value);
}
#else
#error "tests/sweep: add this processor"
#endif
