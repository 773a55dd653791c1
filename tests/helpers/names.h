/* SPDX-License-Identifier: Apache-2.0 */
/* Names of errnos, signals and system calls, as the tests spell them. */
#pragma once

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

struct name {
	const char *name;
	long value;
};

#define NAME(x)                                                                                                        \
	{                                                                                                              \
#x, x                                                                                                  \
	}

static const struct name errno_names[] = {
	NAME(EPERM),       NAME(ENOENT),      NAME(ESRCH),      NAME(EINTR),        NAME(EIO),       NAME(ENXIO),
	NAME(E2BIG),       NAME(ENOEXEC),     NAME(EBADF),      NAME(ECHILD),       NAME(EAGAIN),    NAME(ENOMEM),
	NAME(EACCES),      NAME(EFAULT),      NAME(ENOTBLK),    NAME(EBUSY),        NAME(EEXIST),    NAME(EXDEV),
	NAME(ENODEV),      NAME(ENOTDIR),     NAME(EISDIR),     NAME(EINVAL),       NAME(ENFILE),    NAME(EMFILE),
	NAME(ENOTTY),      NAME(ETXTBSY),     NAME(EFBIG),      NAME(ENOSPC),       NAME(ESPIPE),    NAME(EROFS),
	NAME(EMLINK),      NAME(EPIPE),       NAME(ERANGE),     NAME(ENAMETOOLONG), NAME(ENOSYS),    NAME(ELOOP),
	NAME(ENODATA),     NAME(EOVERFLOW),   NAME(EOPNOTSUPP), NAME(ENOTSOCK),     NAME(ETIMEDOUT), NAME(ENOKEY),
	NAME(EKEYREVOKED), NAME(EKEYEXPIRED), NAME(ESTALE),
};

static const struct name signal_names[] = {
	NAME(SIGHUP),  NAME(SIGINT),  NAME(SIGQUIT), NAME(SIGTERM), NAME(SIGUSR1), NAME(SIGUSR2), NAME(SIGWINCH),
	NAME(SIGCONT), NAME(SIGTSTP), NAME(SIGPIPE), NAME(SIGALRM), NAME(SIGCHLD), NAME(SIGTTIN), NAME(SIGTTOU),
	NAME(SIGSYS),  NAME(SIGKILL), NAME(SIGSEGV), NAME(SIGABRT), NAME(SIGBUS),  NAME(SIGILL),  NAME(SIGFPE),
};

/* Calls that libc headers of some age do not know; the numbers are the same on every architecture since 424. */
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif
#define HELPER_SYS_epoll_pwait2 441
#define HELPER_SYS_statmount 457
#define HELPER_SYS_listmount 458
#define HELPER_SYS_open_tree_attr 467

#define SYSCALL(x)                                                                                                     \
	{                                                                                                              \
#x, SYS_##x                                                                                            \
	}

static const struct name syscall_names[] = {
	SYSCALL(mount),
	SYSCALL(umount2),
	SYSCALL(pivot_root),
	SYSCALL(chroot),
	SYSCALL(open_tree),
	SYSCALL(move_mount),
	SYSCALL(fsopen),
	SYSCALL(fsconfig),
	SYSCALL(fsmount),
	SYSCALL(fspick),
	SYSCALL(mount_setattr),
	{ "statmount", HELPER_SYS_statmount },
	{ "listmount", HELPER_SYS_listmount },
	{ "epoll_pwait2", HELPER_SYS_epoll_pwait2 },
	{ "open_tree_attr", HELPER_SYS_open_tree_attr },
	SYSCALL(unshare),
	SYSCALL(setns),
	SYSCALL(clone),
	SYSCALL(clone3),
	SYSCALL(bpf),
	SYSCALL(perf_event_open),
	SYSCALL(keyctl),
	SYSCALL(add_key),
	SYSCALL(request_key),
	SYSCALL(ptrace),
	SYSCALL(process_vm_readv),
	SYSCALL(process_vm_writev),
	SYSCALL(pidfd_open),
	SYSCALL(pidfd_getfd),
	SYSCALL(pidfd_send_signal),
	SYSCALL(process_madvise),
	SYSCALL(open_by_handle_at),
	SYSCALL(name_to_handle_at),
	SYSCALL(userfaultfd),
	SYSCALL(io_uring_setup),
	SYSCALL(io_uring_enter),
	SYSCALL(io_uring_register),
	SYSCALL(kexec_load),
	SYSCALL(kexec_file_load),
	SYSCALL(init_module),
	SYSCALL(finit_module),
	SYSCALL(delete_module),
	SYSCALL(reboot),
	SYSCALL(swapon),
	SYSCALL(swapoff),
	SYSCALL(acct),
	SYSCALL(settimeofday),
	SYSCALL(clock_settime),
	SYSCALL(clock_adjtime),
	SYSCALL(adjtimex),
	SYSCALL(sethostname),
	SYSCALL(setdomainname),
	SYSCALL(quotactl),
	SYSCALL(quotactl_fd),
	SYSCALL(vhangup),
	SYSCALL(syslog),
	SYSCALL(personality),
	SYSCALL(mbind),
	SYSCALL(set_mempolicy),
	SYSCALL(move_pages),
	SYSCALL(migrate_pages),
	SYSCALL(kcmp),
	SYSCALL(fanotify_init),
	SYSCALL(openat),
	SYSCALL(openat2),
	SYSCALL(close_range),
	SYSCALL(execveat),
	SYSCALL(seccomp),
	SYSCALL(capset),
	SYSCALL(prctl),
	SYSCALL(setgroups),
	SYSCALL(setresuid),
	SYSCALL(setresgid),
	SYSCALL(memfd_create),
	SYSCALL(ioctl),
	SYSCALL(statx),
	SYSCALL(splice),
	SYSCALL(signalfd4),
	SYSCALL(epoll_create1),
	SYSCALL(socket),
#ifdef SYS_lookup_dcookie
	SYSCALL(lookup_dcookie),
#endif
#ifdef SYS_iopl
	SYSCALL(iopl),
	SYSCALL(ioperm),
	SYSCALL(modify_ldt),
	SYSCALL(uselib),
	SYSCALL(ustat),
	SYSCALL(sysfs),
#endif
};

#define LOOK_UP(table, what) look_up(table, sizeof(table) / sizeof((table)[0]), what)
#define NAME_OF(table, value) name_of(table, sizeof(table) / sizeof((table)[0]), value)

/* The value of a name, or -1. */
static inline long look_up(const struct name *table, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i].name, name) == 0)
			return table[i].value;
	return -1;
}

static inline const char *name_of(const struct name *table, size_t count, long value)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].value == value)
			return table[i].name;
	return "?";
}

static inline const char *errno_name(int error)
{
	return error ? NAME_OF(errno_names, error) : "ok";
}
