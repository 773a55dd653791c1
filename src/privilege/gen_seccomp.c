/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gen_seccomp ARCHITECTURE, as libseccomp names it: a build-time program. Compiles seccomp_rules.c with libseccomp and prints the
 * BPF as a C array, so that an attach loads it in one system call and never runs a compiler. Foreign architectures (i386, x32)
 * are killed. System calls that are newer than libseccomp's table get ENOSYS: a mount call that a future kernel adds is refused
 * before anybody has heard of it.
 */
#include "seccomp_arch.h"
#include "seccomp_rules.h"

#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYSCALL_SCAN_MAX 1024

static void fail(const char *what, int result)
{
	(void)fprintf(stderr, "gen_seccomp: %s: %s\n", what, strerror(-result));
	exit(1);
}

static uint32_t newest_known_syscall(uint32_t arch)
{
	uint32_t newest = 0;

	for (int number = 0; number < SYSCALL_SCAN_MAX; number++) {
		char *name = seccomp_syscall_resolve_num_arch(arch, number);

		if (name != NULL)
			newest = (uint32_t)number;
		free(name);
	}
	return newest;
}

static void add_rule(scmp_filter_ctx context, uint32_t arch, const struct seccomp_rule *rule)
{
	/* This machine's number, which libseccomp translates. */
	int number = seccomp_syscall_resolve_name(rule->syscall);

	/* Negative: a system call of other architectures, which libseccomp knows by a pseudo number. */
	if (seccomp_syscall_resolve_name_arch(arch, rule->syscall) < 0)
		return;
	struct scmp_arg_cmp compare = SCMP_CMP64(rule->argument, SCMP_CMP_MASKED_EQ, rule->mask, rule->value);
	int result = seccomp_rule_add_exact_array(context, SCMP_ACT_ERRNO((uint32_t)rule->errnum), number,
						  rule->mask != 0 ? 1U : 0U, rule->mask != 0 ? &compare : NULL);
	if (result < 0)
		fail(rule->syscall, result);
}

static void print_instruction(const struct sock_filter *instruction)
{
	(void)printf("\t{ 0x%04x, %u, %u, 0x%08x },\n", instruction->code, instruction->jt, instruction->jf,
		     instruction->k);
}

static void print_newer_is_enosys(uint32_t arch)
{
	const struct sock_filter prefix[] = { NEWER_IS_ENOSYS(arch, newest_known_syscall(arch)) };

	for (size_t i = 0; i < sizeof(prefix) / sizeof(prefix[0]); i++)
		print_instruction(&prefix[i]);
}

int main(int argc, char **argv)
{
	uint32_t arch =
		argc == 2 ? seccomp_arch_resolve_name(argv[1]) : 0; /* the number is AUDIT_ARCH_ of <linux/audit.h> */
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_ALLOW);
	FILE *program = tmpfile();

	if (context == NULL || program == NULL)
		fail("seccomp_init", -ENOMEM);
	if (arch == 0)
		fail("usage: gen_seccomp ARCHITECTURE", -EINVAL);
	int result = 0;
	if (arch != seccomp_arch_native()) {
		result = seccomp_arch_add(context, arch);
		if (result == 0)
			result = seccomp_arch_remove(context, seccomp_arch_native());
	}
	if (result == 0)
		result = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (result == 0)
		result = seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a binary tree, not a list */
	if (result < 0)
		fail("seccomp_attr_set", result);
	for (size_t i = 0; i < seccomp_rules_count; i++)
		add_rule(context, arch, &seccomp_rules[i]);
	result = seccomp_export_bpf(context, fileno(program));
	if (result < 0)
		fail("seccomp_export_bpf", result);
	(void)printf("/* Made by src/privilege/gen_seccomp.c from seccomp_rules.c with libseccomp %u.%u.%u. */\n",
		     seccomp_version()->major, seccomp_version()->minor, seccomp_version()->micro);
	print_newer_is_enosys(arch);
	rewind(program);
	for (struct sock_filter instruction; fread(&instruction, sizeof(instruction), 1, program) == 1;)
		print_instruction(&instruction);
	return 0;
}
