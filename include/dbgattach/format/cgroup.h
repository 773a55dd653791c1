/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/cgroup (cgroups(7)) and the mount table's cgroup lines: which hierarchy holds which controller. */
#pragma once

#include "dbgattach/base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define CGROUP_PATH_MAX 4096

/*
 * The path of the line whose controller list contains controller ("pids", "memory", "freezer"), or of the unified "0::"
 * line for controller "". Written without a trailing newline. -ENOENT (no error text) when there is no such line.
 */
int cgroup_path_of(const char *bytes, size_t length, const char *controller, char *out, size_t size);

/*
 * The same, to be looked up below a mount of the hierarchy. -EXDEV: seen from a cgroup namespace ("/../../pod/ID") it is not below
 * that namespace's root, and how it is called from a mount's root cannot be told.
 */
int cgroup_path_below(const char *bytes, size_t length, const char *controller, char *out, size_t size);

/*
 * 64 lower-case hex digits that stand as a component, also as "NAME-<64hex>" or "NAME-<64hex>.scope": the last one of
 * the first line that has any. 0 or -ENOENT.
 */
int cgroup_container_id(const char *bytes, size_t length, char ret_id[65]);

/*
 * Whether a component of a path is name: alone, behind a "-" or ":" ("cri-containerd-NAME", "runtime:NAME"), and with or
 * without ".scope".
 */
bool cgroup_has_component(const char *bytes, size_t length, const char *name);

/*
 * The same as cgroup_container_id(), but the first one of a path: the container that the others, if any, run in. *ret_runtime:
 * the runtime whose way of naming it is ("docker", static), NULL where the name does not tell.
 */
int cgroup_outer_container(const char *bytes, size_t length, char ret_id[65], const char **ret_runtime);
