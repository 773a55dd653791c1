/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's classic BPF machine, as far as seccomp admits its instructions [seccomp(2), kernel/seccomp.c
 * seccomp_check_filter()]: to know what a filter says to a call before anybody is under it. Jumps only go forward, so every
 * run ends.
 */
#include "seccomp_arch.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/privilege.h"

#include <linux/prctl.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

struct machine {
	uint32_t a, x, memory[BPF_MEMWORDS];
	const unsigned char *data;
};

static bool load(struct machine *machine, const struct sock_filter *code)
{
	switch (BPF_MODE(code->code)) {
	case BPF_ABS:
		if (code->k > sizeof(struct seccomp_data) - sizeof(machine->a))
			return false;
		memcpy(&machine->a, machine->data + code->k, sizeof(machine->a));
		return true;
	case BPF_LEN:
		machine->a = sizeof(struct seccomp_data);
		return true;
	case BPF_IMM:
		machine->a = code->k;
		return true;
	case BPF_MEM:
		machine->a = machine->memory[code->k % BPF_MEMWORDS];
		return true;
	default:
		return false;
	}
}

static bool load_x(struct machine *machine, const struct sock_filter *code)
{
	uint32_t a = machine->a;
	bool good = BPF_MODE(code->code) != BPF_ABS && load(machine, code);

	machine->x = machine->a;
	machine->a = a;
	return good;
}

static bool compute(struct machine *machine, const struct sock_filter *code)
{
	uint32_t operand = BPF_SRC(code->code) == BPF_X ? machine->x : code->k;

	switch (BPF_OP(code->code)) {
	case BPF_ADD:
		machine->a += operand;
		return true;
	case BPF_SUB:
		machine->a -= operand;
		return true;
	case BPF_MUL:
		machine->a *= operand;
		return true;
	case BPF_DIV:
		machine->a = operand == 0 ? 0 : machine->a / operand;
		return operand != 0;
	case BPF_AND:
		machine->a &= operand;
		return true;
	case BPF_OR:
		machine->a |= operand;
		return true;
	case BPF_XOR:
		machine->a ^= operand;
		return true;
	case BPF_LSH:
		machine->a <<= operand & 31U;
		return true;
	case BPF_RSH:
		machine->a >>= operand & 31U;
		return true;
	case BPF_NEG:
		machine->a = 0U - machine->a;
		return true;
	default:
		return false;
	}
}

/* How many instructions are passed over; negative: no jump. */
static int64_t jump(const struct machine *machine, const struct sock_filter *code)
{
	uint32_t operand = BPF_SRC(code->code) == BPF_X ? machine->x : code->k;

	switch (BPF_OP(code->code)) {
	case BPF_JA:
		return code->k;
	case BPF_JEQ:
		return machine->a == operand ? code->jt : code->jf;
	case BPF_JGT:
		return machine->a > operand ? code->jt : code->jf;
	case BPF_JGE:
		return machine->a >= operand ? code->jt : code->jf;
	case BPF_JSET:
		return (machine->a & operand) != 0 ? code->jt : code->jf;
	default:
		return -1;
	}
}

uint32_t seccomp_run(const struct seccomp_program *program, const struct seccomp_data *data)
{
	struct machine machine = { .data = (const unsigned char *)data };

	for (size_t at = 0; at < program->length; at++) {
		const struct sock_filter *code = &program->code[at];
		int64_t passed = 0;
		bool good = true;

		switch (BPF_CLASS(code->code)) {
		case BPF_LD:
			good = load(&machine, code);
			break;
		case BPF_LDX:
			good = load_x(&machine, code);
			break;
		case BPF_ST:
			machine.memory[code->k % BPF_MEMWORDS] = machine.a;
			break;
		case BPF_STX:
			machine.memory[code->k % BPF_MEMWORDS] = machine.x;
			break;
		case BPF_ALU:
			good = compute(&machine, code);
			break;
		case BPF_JMP:
			passed = jump(&machine, code);
			good = passed >= 0;
			break;
		case BPF_RET:
			return BPF_RVAL(code->code) == BPF_A ? machine.a : code->k;
		default: /* BPF_MISC */
			if (BPF_MISCOP(code->code) == BPF_TAX)
				machine.x = machine.a;
			else
				machine.a = machine.x;
		}
		if (!good)
			break;
		at += (size_t)passed;
	}
	return SECCOMP_RET_KILL_PROCESS; /* the kernel takes no such program */
}

#define CALL(call, ...)                                                                                                \
	{                                                                                                              \
		.name = #call, .data = {.nr = SYS_##call, .arch = NATIVE_ARCH, .args = { __VA_ARGS__ } }               \
	}

/* All that toolbox/launcher calls from its exec to the command's, with what the arguments are where they are known. */
static const struct {
	const char *name;
	struct seccomp_data data;
} needs[] = {
#ifdef SYS_arch_prctl
	CALL(arch_prctl, 0x1002 /* ARCH_SET_FS */),
#endif
#ifdef SYS_fork
	CALL(fork, 0),
#endif
	CALL(execveat, 0),
	CALL(set_tid_address, 0),
	CALL(prctl, PR_SET_DUMPABLE, 0),
	CALL(prctl, PR_SET_NAME, 0),
	CALL(prctl, PR_SET_PDEATHSIG, SIGPWR),
	CALL(prctl, PR_SET_PDEATHSIG, SIGKILL),
	CALL(prctl, PR_SET_CHILD_SUBREAPER, 1),
	CALL(clone, CLONE_PARENT | SIGCHLD),
	CALL(clone, SIGCHLD), /* fork, where there is no such call */
	CALL(rt_sigprocmask, SIG_SETMASK, 0, 0, 8),
	CALL(rt_sigprocmask, SIG_BLOCK, 0, 0, 8),
	CALL(rt_sigtimedwait, 0, 0, 0, 8),
	CALL(rt_sigaction, SIGCHLD, 0, 0, 8),
	CALL(getpid, 0),
	CALL(getppid, 0),
	CALL(gettid, 0),
	CALL(setsid, 0),
	CALL(ioctl, 0, TIOCSCTTY),
	CALL(read, 3),
	CALL(write, 2),
	CALL(close, 3),
	CALL(wait4, 0xffffffffU),
	CALL(waitid, 1),
	CALL(mmap, 0, 0, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS),
	CALL(kill, 1, SIGCONT),
	CALL(kill, 1, SIGKILL),
	CALL(exit_group, 0),
};

const char *seccomp_forbids_session(const struct seccomp_programs *programs)
{
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		for (size_t j = 0; j < programs->count; j++) {
			uint32_t action = seccomp_run(&programs->items[j], &needs[i].data) & SECCOMP_RET_ACTION_FULL;
			if (action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG)
				return needs[i].name;
		}
	return NULL;
}
