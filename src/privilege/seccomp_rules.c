/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the default filter refuses, whatever capabilities the session has. It is no list of all that is dangerous (that is
 * what the capability sets are for) but of what a debugging session has no business with, or what turns a capability that
 * the profile grants into more than it names.
 */
#include "seccomp_rules.h"

#include <errno.h>
#include <linux/sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define ALWAYS(name)                                                                                                   \
	{                                                                                                              \
		.syscall = name, .errnum = EPERM                                                                       \
	}
#define NAMESPACE_FLAG(flag)                                                                                           \
	{                                                                                                              \
		.syscall = "clone", .errnum = EPERM, .argument = 0, .mask = (flag), .value = (flag)                    \
	}
#define IOCTL(request)                                                                                                 \
	{                                                                                                              \
		.syscall = "ioctl", .errnum = EPERM, .argument = 1, .mask = UINT32_MAX, .value = (request)             \
	}

const struct seccomp_rule seccomp_rules[] = {
	/* mounting: the view would no longer be what --explain says */
	ALWAYS("mount"),
	ALWAYS("umount"),
	ALWAYS("umount2"),
	ALWAYS("pivot_root"),
	ALWAYS("open_tree"),
	ALWAYS("move_mount"),
	ALWAYS("fsopen"),
	ALWAYS("fsconfig"),
	ALWAYS("fsmount"),
	ALWAYS("fspick"),
	ALWAYS("mount_setattr"),
	ALWAYS("open_tree_attr"),
	ALWAYS("swapon"),
	ALWAYS("swapoff"),
	ALWAYS("quotactl"),
	ALWAYS("quotactl_fd"),
	/* namespaces: in a new user namespace every capability is had; clone3's flags cannot be seen by a filter */
	ALWAYS("unshare"),
	ALWAYS("setns"),
	{ .syscall = "clone3", .errnum = ENOSYS },
	NAMESPACE_FLAG(CLONE_NEWUSER),
	NAMESPACE_FLAG(CLONE_NEWPID),
	NAMESPACE_FLAG(CLONE_NEWNS),
	NAMESPACE_FLAG(CLONE_NEWNET),
	NAMESPACE_FLAG(CLONE_NEWUTS),
	NAMESPACE_FLAG(CLONE_NEWIPC),
	NAMESPACE_FLAG(CLONE_NEWCGROUP),
	NAMESPACE_FLAG(CLONE_NEWTIME),
	/* DAC_READ_SEARCH plus a file handle reads any file of a filesystem of which one directory is mounted */
	ALWAYS("open_by_handle_at"),
	ALWAYS("name_to_handle_at"),
	/* the kernel itself */
	ALWAYS("init_module"),
	ALWAYS("finit_module"),
	ALWAYS("delete_module"),
	ALWAYS("create_module"),
	ALWAYS("query_module"),
	ALWAYS("get_kernel_syms"),
	ALWAYS("kexec_load"),
	ALWAYS("kexec_file_load"),
	ALWAYS("reboot"),
	ALWAYS("bpf"),
	ALWAYS("syslog"),
	ALWAYS("acct"),
	ALWAYS("iopl"),
	ALWAYS("ioperm"),
	ALWAYS("settimeofday"),
	ALWAYS("clock_settime"),
	ALWAYS("clock_settime64"),
	ALWAYS("stime"),
	ALWAYS("userfaultfd"),
	ALWAYS("fanotify_init"),
	ALWAYS("lookup_dcookie"),
	ALWAYS("nfsservctl"),
	ALWAYS("uselib"),
	ALWAYS("ustat"),
	ALWAYS("sysfs"),
	ALWAYS("_sysctl"),
	ALWAYS("vm86"),
	ALWAYS("vm86old"),
	ALWAYS("vhangup"),
	ALWAYS("io_uring_setup"),
	ALWAYS("io_uring_enter"),
	ALWAYS("io_uring_register"),
	/* keyrings are not namespaced by user */
	ALWAYS("add_key"),
	ALWAYS("request_key"),
	ALWAYS("keyctl"),
	/* keys typed into somebody's terminal */
	IOCTL(TIOCSTI),
	IOCTL(TIOCLINUX),
	/* the hypervisor */
	{ .syscall = "socket", .errnum = EPERM, .argument = 0, .mask = UINT32_MAX, .value = AF_VSOCK },
};

const size_t seccomp_rules_count = sizeof(seccomp_rules) / sizeof(seccomp_rules[0]);
