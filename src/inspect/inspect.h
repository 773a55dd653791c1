/* SPDX-License-Identifier: Apache-2.0 */
/* What the sections share: one container that is looked at. */
#pragma once

#include "dbgattach/base/json.h"
#include "dbgattach/inspect.h"
#include "dbgattach/ns.h"
#include "dbgattach/pin.h"
#include "dbgattach/target.h"

struct inspection {
	struct host host;
	int self_fd; /* our own /proc/PID of the host's procfs */
	struct target target;
	struct pin pin;
	struct process_facts process;
	struct ns_set theirs, host_namespaces;
	bool show_secrets;
};

/* Each returns a new value; NULL with *err filled where it cannot be read. */
json_t *inspect_target(const struct inspection *inspection, struct err *err);
json_t *inspect_namespaces(const struct inspection *inspection, struct err *err);
json_t *inspect_ids(const struct inspection *inspection, struct err *err);
json_t *inspect_capabilities(const struct inspection *inspection, struct err *err);
json_t *inspect_seccomp(const struct inspection *inspection, struct err *err);
json_t *inspect_lsm(const struct inspection *inspection, struct err *err);
json_t *inspect_mounts(const struct inspection *inspection, struct err *err);
json_t *inspect_cgroup(const struct inspection *inspection, struct err *err);
json_t *inspect_limits(const struct inspection *inspection, struct err *err);
json_t *inspect_sockets(const struct inspection *inspection, struct err *err);
json_t *inspect_environment(const struct inspection *inspection, struct err *err);

/* A new reference to it, or an error of memory. */
json_t *inspect_made(json_t *value, struct err *err);
