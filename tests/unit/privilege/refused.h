/* SPDX-License-Identifier: Apache-2.0 */
/* The calls that the default filter refuses whatever their arguments, with their numbers here. */
#pragma once

#include <sys/syscall.h>

/* Not every architecture has these. */
#define ABSENT (-1)
#ifndef SYS_umount
#define SYS_umount ABSENT
#endif
#ifndef SYS_stime
#define SYS_stime ABSENT
#endif
#ifndef SYS_clock_settime64
#define SYS_clock_settime64 ABSENT
#endif
#ifndef SYS_vm86
#define SYS_vm86 ABSENT
#define SYS_vm86old ABSENT
#endif
#ifndef SYS_iopl
#define SYS_iopl ABSENT
#define SYS_ioperm ABSENT
#define SYS_uselib ABSENT
#define SYS_ustat ABSENT
#define SYS_sysfs ABSENT
#define SYS__sysctl ABSENT
#define SYS_create_module ABSENT
#define SYS_query_module ABSENT
#define SYS_get_kernel_syms ABSENT
#endif

#define OPEN_TREE_ATTR 467 /* Linux 6.15, the same number everywhere */

/* clang-format off */
#define CALL(name) { #name, SYS_##name }
static const struct {
	const char *name;
	long number;
} refused[] = {
	CALL(mount), CALL(umount), CALL(umount2), CALL(pivot_root), CALL(open_tree), CALL(move_mount),
	CALL(fsopen), CALL(fsconfig), CALL(fsmount), CALL(fspick), CALL(mount_setattr), CALL(swapon),
	CALL(swapoff), CALL(quotactl), CALL(quotactl_fd), CALL(unshare), CALL(setns), CALL(open_by_handle_at),
	CALL(name_to_handle_at), CALL(init_module), CALL(finit_module), CALL(delete_module), CALL(create_module),
	CALL(query_module),
	CALL(get_kernel_syms), CALL(kexec_load), CALL(kexec_file_load), CALL(reboot), CALL(bpf), CALL(syslog),
	CALL(acct), CALL(iopl), CALL(ioperm), CALL(settimeofday), CALL(clock_settime), CALL(clock_settime64),
	CALL(stime), CALL(userfaultfd), CALL(fanotify_init), CALL(lookup_dcookie), CALL(nfsservctl),
	CALL(uselib), CALL(ustat), CALL(sysfs), CALL(_sysctl), CALL(vm86), CALL(vm86old), CALL(vhangup),
	CALL(io_uring_setup), CALL(io_uring_enter), CALL(io_uring_register), CALL(add_key), CALL(request_key),
	CALL(keyctl),
};
/* clang-format on */
