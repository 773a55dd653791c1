/* SPDX-License-Identifier: Apache-2.0 */
/* What the tables of conditions share. */
#pragma once

#include "dbgattach/doctor.h"
#include "dbgattach/pin.h"

#include <stddef.h>
#include <stdint.h>

struct examination {
	struct host host; /* root_fd -EBADF: there is none, host_error says why */
	struct err host_error;
	int cgroup_root_fd;    /* as cgroup_open_root() chose it; -EBADF where there is no host */
	uint64_t capabilities; /* the caller's */
	bool plain;            /* he is not root: what counts is what he may do in a user namespace of his own */
};

#define DETAIL_MAX 256

struct condition {
	const char *name;
	bool required;       /* without it no attach */
	bool inside;         /* for a plain user: tried in a user namespace of his own, as an attach does it */
	bool for_root;       /* a plain user's attach does without */
	const char *use;     /* what depends on it */
	const char *without; /* what is lost */
	const char *since;   /* the kernel that has it; NULL: any that counts */
	/*
	 * Runs in a process of its own. 0: it is there; a negative errno: it is not. *detail: what a person should know of it,
	 * else left alone.
	 */
	int (*check)(const struct examination *examination, char *detail);
	int (*probe)(void); /* instead of check */
	const char *type;   /* instead of both: a filesystem */
};

struct condition_group {
	const char *name;
	const struct condition *conditions;
	size_t count;
};

/* cgroup.c */
int doctor_check_own_cgroup(const struct examination *examination, char *detail);
int doctor_check_pids(const struct examination *examination, char *detail);
int doctor_check_memory_controller(const struct examination *examination, char *detail);
int doctor_check_freezer(const struct examination *examination, char *detail);
int doctor_check_devices(const struct examination *examination, char *detail);

/* place.c */
int doctor_check_pid_namespace(const struct examination *examination, char *detail);
int doctor_check_user_namespace(const struct examination *examination, char *detail);
int doctor_check_host_namespaces(const struct examination *examination, char *detail);

/* child.c */
/* The calling process goes into a user namespace and a mount namespace of its own, with the caller as root. */
int doctor_enter_userns(const struct examination *examination);
int doctor_check_processes(const struct examination *examination, char *detail);
int doctor_check_userns(const struct examination *examination, char *detail);

extern const struct condition_group doctor_kernel, doctor_host;
