/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a profile of somebody's to BPF, by libseccomp and as runc does it, so that a container and a session under the same
 * profile are refused the same.
 *
 * libseccomp takes 25 ms for Docker's profile with its three architectures, and 1.7 ms for one architecture: so each is
 * compiled alone, and what chooses between them is ours.
 */
#include "seccomp_arch.h"
#include "seccomp_select.h"

#include "dbgattach/base/cleanup.h"

#include <ctype.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define NO_CALL UINT32_MAX /* -1: what a tracer writes to have none run; no call of x32's */
#define ARCH_PREFIX "SCMP_ARCH_"
#define ARCHES_MAX 16

struct compiler {
	const struct seccomp_profile *profile;
	struct seccomp_calls calls;
	uint32_t arches[ARCHES_MAX]; /* this machine's first */
	size_t arches_count;
	struct sock_filter code[BPF_MAXINSNS];
	size_t length;
};

void seccomp_program_done(struct seccomp_program *program)
{
	free(program->code);
	*program = (struct seccomp_program) { 0 };
}

void seccomp_programs_done(struct seccomp_programs *programs)
{
	for (size_t i = 0; i < programs->count; i++)
		seccomp_program_done(&programs->items[i]);
	programs->count = 0;
}

/* ---- words ------------------------------------------------------------------------------------------------------- */

static uint32_t action_of(const struct seccomp_verdict *verdict)
{
	switch (verdict->action) {
	case SECCOMP_ACTION_KILL_PROCESS:
		return SCMP_ACT_KILL_PROCESS;
	case SECCOMP_ACTION_KILL_THREAD:
		return SCMP_ACT_KILL_THREAD;
	case SECCOMP_ACTION_TRAP:
		return SCMP_ACT_TRAP;
	case SECCOMP_ACTION_ERRNO:
		return SCMP_ACT_ERRNO((uint32_t)verdict->data);
	case SECCOMP_ACTION_TRACE:
		return SCMP_ACT_TRACE((uint32_t)verdict->data);
	case SECCOMP_ACTION_LOG:
		return SCMP_ACT_LOG;
	case SECCOMP_ACTION_ALLOW:
		return SCMP_ACT_ALLOW;
	case SECCOMP_ACTION_MAX:
		break;
	}
	return SCMP_ACT_KILL_PROCESS;
}

static enum scmp_compare operator_of(enum seccomp_operator operator)
{
	static const enum scmp_compare operators[] = {
		[SECCOMP_OPERATOR_NE] = SCMP_CMP_NE,
		[SECCOMP_OPERATOR_LT] = SCMP_CMP_LT,
		[SECCOMP_OPERATOR_LE] = SCMP_CMP_LE,
		[SECCOMP_OPERATOR_EQ] = SCMP_CMP_EQ,
		[SECCOMP_OPERATOR_GE] = SCMP_CMP_GE,
		[SECCOMP_OPERATOR_GT] = SCMP_CMP_GT,
		[SECCOMP_OPERATOR_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
	};
	_Static_assert(ARRAY_SIZE(operators) == SECCOMP_OPERATOR_MAX, "each operator is translated");
	return operators[operator];
}

/* "SCMP_ARCH_X86_64": 0 where libseccomp does not know it. */
static uint32_t arch_of(const char *name)
{
	char word[32];
	size_t i = 0;

	if (!text_starts(name, ARCH_PREFIX))
		return 0;
	name += sizeof(ARCH_PREFIX) - 1;
	for (; name[i] != '\0' && i < sizeof(word) - 1; i++)
		word[i] = (char)tolower((unsigned char)name[i]);
	word[i] = '\0';
	return seccomp_arch_resolve_name(word);
}

/* ---- architectures ----------------------------------------------------------------------------------------------- */

static int add_arch(struct compiler *compiler, const char *name, struct err *err)
{
	uint32_t arch = arch_of(name);

	for (size_t i = 0; i < compiler->arches_count; i++)
		if (compiler->arches[i] == arch)
			return 0;
	if (arch == 0 || compiler->arches_count == ARCHES_MAX)
		return err_set(err, ERR_UNSUPPORTED, "seccomp: architecture %s cannot be filtered", name);
	compiler->arches[compiler->arches_count++] = arch;
	return 0;
}

static int add_arches(struct compiler *compiler, struct err *err)
{
	const struct seccomp_profile *profile = compiler->profile;
	int result = 0;

	compiler->arches[compiler->arches_count++] = NATIVE_ARCH;
	for (size_t i = 0; result == 0 && i < profile->architectures.count; i++)
		result = add_arch(compiler, profile->architectures.items[i], err);
	/* Of the map the row of this architecture counts, and the rest is for other machines. */
	for (size_t i = 0; i < profile->arch_map_count; i++) {
		const struct strv *row = &profile->arch_map[i];

		if (arch_of(row->items[0]) != NATIVE_ARCH)
			continue;
		for (size_t j = 1; result == 0 && j < row->count; j++)
			result = add_arch(compiler, row->items[j], err);
		break;
	}
	return result;
}

/* ---- rules ------------------------------------------------------------------------------------------------------- */

static int add_call(scmp_filter_ctx context, const struct seccomp_call *call)
{
	const struct seccomp_profile_rule *rule = call->rule;
	struct scmp_arg_cmp compare[SECCOMP_CONDITIONS_MAX];
	uint32_t action = action_of(&rule->verdict);
	size_t count = rule->conditions_count;
	int result = 0;

	for (size_t i = 0; i < count; i++)
		compare[i] = (struct scmp_arg_cmp) {
			.arg = (unsigned)rule->conditions[i].index,
			.op = operator_of(rule->conditions[i].operator),
			.datum_a = rule->conditions[i].value,
			.datum_b = rule->conditions[i].value_two,
		};
	if (!seccomp_are_alternatives(rule))
		return seccomp_rule_add_array(context, action, call->number, (unsigned)count, compare);
	for (size_t i = 0; result == 0 && i < count; i++)
		result = seccomp_rule_add_array(context, action, call->number, 1, &compare[i]);
	return result;
}

/* ---- the program ------------------------------------------------------------------------------------------------- */

static int append(struct compiler *compiler, const struct sock_filter *code, size_t length, struct err *err)
{
	if (length > BPF_MAXINSNS - compiler->length)
		return err_set(err, ERR_UNSUPPORTED,
			       "seccomp: the profile makes a filter of more than %d instructions, the kernel's limit",
			       BPF_MAXINSNS);
	memcpy(compiler->code + compiler->length, code, length * sizeof(*code));
	compiler->length += length;
	return 0;
}

/*
 * As runc's: a call that is newer than all that the profile names does not exist (ENOSYS), instead of being refused with an
 * errno that no program expects of it.
 */
static int append_newer_is_enosys(struct compiler *compiler, struct err *err)
{
	const struct sock_filter code[] = { NEWER_IS_ENOSYS(NATIVE_ARCH, compiler->calls.newest) };

	if (compiler->profile->otherwise.action >= SECCOMP_ACTION_LOG || !compiler->calls.names_any)
		return 0;
	return append(compiler, code, ARRAY_SIZE(code), err);
}

/* In front of an architecture's program of that length: past it for calls of another one. */
static int append_choice(struct compiler *compiler, uint32_t arch, uint32_t length, struct err *err)
{
	bool x32_follows = false;

	for (size_t i = 0; i < compiler->arches_count; i++)
		x32_follows |= compiler->arches[i] == SCMP_ARCH_X32;
	x32_follows &= arch == SCMP_ARCH_X86_64;
	const struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : arch, 1, 0),
		BPF_STMT(BPF_JMP | BPF_JA, length + (x32_follows ? 4 : 0)),
		/* x32 has the same name, and a bit in the number */
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NO_CALL, 1, 0),
		BPF_STMT(BPF_JMP | BPF_JA, length),
	};
	return append(compiler, code, x32_follows ? 7 : 3, err);
}

static int append_exported(struct compiler *compiler, uint32_t arch, scmp_filter_ctx context, struct err *err)
{
	cleanup_close int fd = memfd_create("seccomp", MFD_CLOEXEC);
	struct stat stat;
	int result = fd < 0 ? -errno : seccomp_export_bpf(context, fd);

	if (result == 0 && fstat(fd, &stat) < 0)
		result = -errno;
	if (result < 0)
		return err_sys(err, result, "compiling a seccomp profile");
	cleanup_free struct sock_filter *code = malloc((size_t)stat.st_size);
	size_t length = (size_t)stat.st_size / sizeof(*code);
	if (code == NULL || pread(fd, code, (size_t)stat.st_size, 0) != stat.st_size)
		return err_sys(err, code == NULL ? ENOMEM : EIO, "compiling a seccomp profile");
	result = append_choice(compiler, arch, (uint32_t)length, err);
	return result < 0 ? result : append(compiler, code, length, err);
}

static void release_context(scmp_filter_ctx *context)
{
	if (*context != NULL)
		seccomp_release(*context);
}

static int compile_arch(struct compiler *compiler, uint32_t arch, struct err *err)
{
	__attribute__((cleanup(release_context))) scmp_filter_ctx context =
		seccomp_init(action_of(&compiler->profile->otherwise));
	int result = context == NULL ? -ENOMEM : 0;

	if (result == 0 && arch != NATIVE_ARCH) {
		result = seccomp_arch_add(context, arch);
		if (result == 0)
			result = seccomp_arch_remove(context, NATIVE_ARCH);
	}
	if (result < 0)
		return err_sys(err, result, "libseccomp: architecture 0x%x", arch);
	for (size_t i = 0; i < compiler->calls.count; i++) {
		result = add_call(context, &compiler->calls.items[i]);
		if (result < 0)
			return err_set(err, ERR_UNSUPPORTED, "seccomp: libseccomp does not take the rule for %s: %s",
				       compiler->calls.items[i].name, strerror(-result));
	}
	return append_exported(compiler, arch, context, err);
}

static int finish(const struct compiler *compiler, struct seccomp_program *ret, struct err *err)
{
	size_t size = compiler->length * sizeof(*compiler->code);
	struct sock_filter *code = malloc(size);

	if (code == NULL)
		return err_sys(err, ENOMEM, "compiling a seccomp profile");
	memcpy(code, compiler->code, size);
	*ret = (struct seccomp_program) { .code = code, .length = (unsigned short)compiler->length };
	if ((compiler->profile->flags & SECCOMP_PROFILE_LOG) != 0)
		ret->flags |= SECCOMP_FILTER_FLAG_LOG;
	if ((compiler->profile->flags & SECCOMP_PROFILE_SPEC_ALLOW) != 0)
		ret->flags |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	return 0;
}

int seccomp_compile(const struct seccomp_profile *profile, const struct seccomp_terms *terms,
		    struct seccomp_program *ret, char *ret_remark, struct err *err)
{
	static const struct sock_filter of_no_arch = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_THREAD);
	cleanup_free struct compiler *compiler = calloc(1, sizeof(*compiler));

	if (compiler == NULL)
		return err_sys(err, ENOMEM, "compiling a seccomp profile");
	compiler->profile = profile;
	int result = add_arches(compiler, err);
	if (result == 0)
		result = seccomp_select(profile, terms, &compiler->calls, ret_remark, err);
	if (result == 0)
		result = append_newer_is_enosys(compiler, err);
	if (terms->native_only)
		compiler->arches_count = 1;
	for (size_t i = 0; result == 0 && i < compiler->arches_count; i++)
		result = compile_arch(compiler, compiler->arches[i], err);
	if (result == 0)
		result = append(compiler, &of_no_arch, 1, err);
	if (result == 0)
		result = finish(compiler, ret, err);
	seccomp_calls_done(&compiler->calls);
	return result;
}
