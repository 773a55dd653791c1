/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices the session may open: one table, for the v1 devices controller and as a BPF program for cgroup2. */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/ns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ANY_MINOR (-1)

/* Character devices, Documentation/admin-guide/devices.txt. */
static const struct {
	int major, minor;
} allowed[] = {
	{ 1, 3 },           /* null */
	{ 1, 5 },           /* zero */
	{ 1, 7 },           /* full */
	{ 1, 8 },           /* random */
	{ 1, 9 },           /* urandom */
	{ 5, 0 },           /* tty */
	{ 5, 2 },           /* ptmx */
	{ 136, ANY_MINOR }, /* pts */
};

static int restrict_v1(int dir)
{
	char rule[32];
	int result = io_write_file_at(dir, "devices.deny", "a");
	cleanup_close int fd = result < 0 ? -EBADF : openat(dir, "devices.allow", O_WRONLY | O_CLOEXEC);

	if (result == 0 && fd < 0)
		return -errno;
	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(allowed); i++) {
		int length = allowed[i].minor == ANY_MINOR ?
				     snprintf(rule, sizeof(rule), "c %d:* rw", allowed[i].major) :
				     snprintf(rule, sizeof(rule), "c %d:%d rw", allowed[i].major, allowed[i].minor);

		/* One rule a write, as the controller wants it. */
		if (write(fd, rule, (size_t)length) != (ssize_t)length)
			result = -errno;
	}
	return result;
}

#define LOAD(register, field)                                                                                          \
	(struct bpf_insn)                                                                                              \
	{                                                                                                              \
		.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = (register), .src_reg = BPF_REG_1,                        \
		.off = offsetof(struct bpf_cgroup_dev_ctx, field)                                                      \
	}
#define AND(register, value)                                                                                           \
	(struct bpf_insn)                                                                                              \
	{                                                                                                              \
		.code = BPF_ALU | BPF_AND | BPF_K, .dst_reg = (register), .imm = (value)                               \
	}
#define SKIP_UNLESS(register, value, count)                                                                            \
	(struct bpf_insn)                                                                                              \
	{                                                                                                              \
		.code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = (register), .imm = (value), .off = (count)               \
	}
#define ANSWER(value)                                                                                                  \
	(struct bpf_insn)                                                                                              \
	{                                                                                                              \
		.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = (value)                              \
	}
#define EXIT                                                                                                           \
	(struct bpf_insn)                                                                                              \
	{                                                                                                              \
		.code = BPF_JMP | BPF_EXIT                                                                             \
	}

static unsigned make_program(struct bpf_insn *program)
{
	unsigned count = 0;

	program[count++] = LOAD(BPF_REG_2, access_type);
	program[count++] = LOAD(BPF_REG_3, major);
	program[count++] = LOAD(BPF_REG_4, minor);
	program[count++] = AND(BPF_REG_2, 0xffff); /* the type; the rights asked for stand above it */
	program[count++] = ANSWER(0);
	program[count++] = SKIP_UNLESS(BPF_REG_2, BPF_DEVCG_DEV_CHAR, 1);
	program[count++] = (struct bpf_insn) { .code = BPF_JMP | BPF_JA, .off = 1 };
	program[count++] = EXIT;
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
		bool any = allowed[i].minor == ANY_MINOR;

		program[count++] = SKIP_UNLESS(BPF_REG_3, allowed[i].major, any ? 2 : 3);
		if (!any)
			program[count++] = SKIP_UNLESS(BPF_REG_4, allowed[i].minor, 2);
		program[count++] = ANSWER(1);
		program[count++] = EXIT;
	}
	program[count++] = ANSWER(0);
	program[count++] = EXIT;
	return count;
}

static int restrict_unified(int dir)
{
	struct bpf_insn program[8 + 4 * ARRAY_SIZE(allowed) + 2];
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof(attributes));
	attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attributes.insn_cnt = make_program(program);
	attributes.insns = (uint64_t)(uintptr_t)program;
	attributes.license = (uint64_t)(uintptr_t) "";
	cleanup_close int fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof(attributes));
	if (fd < 0)
		return -errno;
	memset(&attributes, 0, sizeof(attributes));
	attributes.target_fd = (uint32_t)dir;
	attributes.attach_bpf_fd = (uint32_t)fd;
	attributes.attach_type = BPF_CGROUP_DEVICE;
	/* It lives and dies with the cgroup. */
	return syscall(SYS_bpf, BPF_PROG_ATTACH, &attributes, sizeof(attributes)) < 0 ? -errno : 0;
}

int cgroup_restrict_devices(const struct cgroup *cgroup, struct err *err)
{
	int result = cgroup->dir[CGROUP_DEVICES] >= 0 ? restrict_v1(cgroup->dir[CGROUP_DEVICES]) :
		     cgroup->dir[CGROUP_UNIFIED] >= 0 ? restrict_unified(cgroup->dir[CGROUP_UNIFIED]) :
							-EOPNOTSUPP;

	return result < 0 ? err_sys(err, result,
				    "restricting the session's devices (v1 devices controller, or cgroup2 and BPF)") :
			    0;
}
