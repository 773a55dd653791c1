/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel can do for the caller, found out by doing it, never by its version. 0, or the negative errno that was the
 * answer. They change the calling process (namespaces, filters, no_new_privs): each wants a process of its own.
 */
#pragma once

int sys_probe_pidfd(void);
/* setns(2) on a pidfd: of the parent, into the UTS namespace that it shares with us. */
int sys_probe_pidfd_setns(void);
/* -EOPNOTSUPP where all pidfds are one inode. */
int sys_probe_pidfs(void);
int sys_probe_openat2(void);
int sys_probe_close_range(void);
/* A tmpfs made detached and attached by fsopen, fsmount, move_mount, and a copy of it by open_tree. */
int sys_probe_mount_api(void);
int sys_probe_mount_setattr(void);
/* Whether there is a filesystem of that type, or a module with it. */
int sys_probe_filesystem(const char *type);
int sys_probe_loop(void);
/* Changes nothing: it is called with paths that lead nowhere. -EPERM without CAP_SYS_ADMIN, or where a filter refuses it. */
int sys_probe_pivot_root(void);
/* A child born in the cgroup2 directory cgroup_fd. */
int sys_probe_clone_into_cgroup(int cgroup_fd);
int sys_probe_keyring(void);
int sys_probe_userns(void);
int sys_probe_seccomp(void);
/* Reads the filter of a child that has one. */
int sys_probe_seccomp_copy(void);
