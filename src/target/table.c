/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the table of runtimes. Whoever stands first speaks for a container that several know. */
#include "dbgattach/base/cleanup.h"
#include "src/target/runtime.h"

const struct runtime runtimes[] = {
	{
		.name = "docker",
		.folder = "/var/lib/docker/containers",
		/* The environment stands beside the name: nothing to complete. */
		.visit = docker_visit,
		.read_start_time = docker_read_start_time,
		.find_bundle = docker_find_bundle,
	},
	{
		.name = "podman",
		.folder = "/var/lib/containers/storage",
		.scope = SCOPE_USER,
		.visit = podman_visit,
		.complete = podman_complete,
	},
	{
		.name = "cri-o",
		.folder = "/run/crio",
		.has_pods = true,
		.visit = podman_visit,
		.complete = podman_complete,
	},
	{
		.name = "containerd",
		.folder = "/run/containerd/io.containerd.runtime.v2.task",
		.scope = SCOPE_NAMESPACE,
		.has_pods = true,
		.is_thorough = true,
		.visit = containerd_visit,
		.complete = containerd_complete,
		.read_start_time = containerd_read_start_time,
	},
	{
		.name = "runc",
		.folder = "/run/runc",
		.scope = SCOPE_FOLDER,
		.visit = oci_visit,
		.complete = oci_complete,
		.state_file = "state.json",
		.parse_state = oci_state_parse_runc,
	},
	{
		.name = "crun",
		.folder = "/run/crun",
		.scope = SCOPE_FOLDER,
		.visit = oci_visit,
		.complete = oci_complete,
		.state_file = "status",
		.parse_state = oci_state_parse_crun,
	},
	{
		.name = "youki",
		.folder = "/run/youki",
		.scope = SCOPE_FOLDER,
		.visit = oci_visit,
		.complete = oci_complete,
		.state_file = "state.json",
		.parse_state = oci_state_parse_youki,
	},
	{
		.name = "lxc",
		.folder = "/var/lib/lxc",
		.scope = SCOPE_USER,
		.is_thorough = true,
		.names_only = true,
		.visit = lxc_visit,
	},
	{
		.name = "nspawn",
		.folder = "/run/systemd/machines",
		.is_thorough = true,
		.names_only = true,
		.visit = nspawn_visit,
		.read_start_time = nspawn_read_start_time,
	},
	{
		.name = "cgroup",
		.is_fallback = true,
		.visit = cgroup_visit,
	},
};

const size_t runtimes_count = ARRAY_SIZE(runtimes);
