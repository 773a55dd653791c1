/* SPDX-License-Identifier: Apache-2.0 */
/* What there is to know before anything is planned: of the target, of the caller, of the host. Nothing is changed. */
#include "attach.h"
#include "target_file.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/format/cgroup.h"
#include "dbgattach/format/proc_status.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define ENVIRON_MAX (1U << 20)

void attach_facts_done(struct attach_facts *facts)
{
	target_done(&facts->target);
	process_facts_done(&facts->process);
	free(take_ptr(facts->process_env));
	free(take_ptr(facts->caller_groups));
	seccomp_profile_done(&facts->config_seccomp);
	toolbox_done(&facts->toolbox);
}

/* The smallest limit is the one that counts, but a container's own is where runtimes set it. */
static uint64_t read_memory_limit(const struct attach *attach)
{
	static const struct {
		const char *controller, *mount, *file;
	} places[] = {
		{ "memory", "sys/fs/cgroup/memory", "memory.limit_in_bytes" },
		{ "", "sys/fs/cgroup", "memory.max" },
	};
	const char *text = attach->facts.process.cgroup;
	char cgroup[CGROUP_PATH_MAX], path[CGROUP_PATH_MAX + 64];

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		cleanup_buffer struct buffer buffer = { 0 };
		uint64_t limit;

		if (cgroup_path_below(text, strlen(text), places[i].controller, cgroup, sizeof(cgroup)) < 0 ||
		    text_format(path, sizeof(path), "%s%s/%s", places[i].mount, cgroup, places[i].file) < 0 ||
		    io_read_file_at(attach->host.root_fd, path, 64, &buffer) < 0)
			continue;
		if (text_u64(buffer.data, strcspn(buffer.data, "\n"), UINT64_MAX, &limit) == 0)
			return limit;
	}
	return UINT64_MAX;
}

static int read_own_filters(struct attach *attach, struct err *err)
{
	cleanup_buffer struct buffer text = { 0 };
	struct proc_status status = { 0 };
	int result = io_read_file_at(attach->proc_self_fd, "status", 1U << 20, &text);

	if (result < 0)
		return err_sys(err, result, "reading our own /proc/self/status");
	result = proc_status_parse(text.data, text.length, &status, err);
	if (result == 0)
		attach->facts.caller_seccomp_filters = status.seccomp_filters < 0 ? 0 : status.seccomp_filters;
	proc_status_done(&status);
	return result;
}

/* What of the target's the caller could not raise his own to. */
static int read_own_attributes(struct attach *attach, struct err *err)
{
	cleanup_buffer struct buffer text = { 0 };

	for (__rlimit_resource_t resource = 0; resource < RLIM_NLIMITS; resource++)
		if (getrlimit(resource, &attach->facts.caller_limits.limit[resource]) < 0)
			return err_sys(err, errno, "reading resource limit %d", (int)resource);
	int result = io_read_file_at(attach->proc_self_fd, "oom_score_adj", 16, &text);
	if (result < 0)
		return err_sys(err, result, "reading our own /proc/self/oom_score_adj");
	attach->facts.caller_oom_score_adj = (int)strtol(text.data, NULL, 10);
	return 0;
}

static int read_caller(struct attach *attach, struct err *err)
{
	/* Zero where we are under no filter, which is nearly always: then the count need not be read. */
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0) {
		int result = read_own_filters(attach, err);
		if (result < 0)
			return result;
	}
	if (attach->request->profile->target_attributes) {
		int result = read_own_attributes(attach, err);
		if (result < 0)
			return result;
	}
	attach->facts.stdin_tty = isatty(STDIN_FILENO) == 1;
	attach->facts.stdout_tty = isatty(STDOUT_FILENO) == 1;
	attach->facts.term = getenv("TERM");
	return capabilities_permitted(&attach->facts.caller_capabilities, err);
}

static int read_groups(struct attach_facts *facts, struct err *err)
{
	int count = getgroups(0, NULL);

	facts->caller_groups = count < 0 ? NULL : calloc((size_t)count + 1, sizeof(*facts->caller_groups));
	if (facts->caller_groups == NULL)
		return err_sys(err, ENOMEM, "the caller's groups");
	count = getgroups(count, facts->caller_groups);
	if (count < 0)
		return err_sys(err, errno, "the caller's groups");
	facts->caller_groups_count = (size_t)count;
	return 0;
}

/* What may be done where, by this caller: asked of the kernel, which has the last word all the same. */
static int read_access(struct attach *attach, struct err *err)
{
	struct attach_facts *facts = &attach->facts;
	uint64_t own = facts->ours.inode[NS_USER];
	bool differs = facts->theirs.inode[NS_USER] != own;
	int result = 0;

	facts->plain = (facts->caller_capabilities & CAPABILITY_BIT(CAP_SYS_ADMIN)) == 0;
	/* Root of another namespace than the initial one can make neither device nodes nor mount images. */
	facts->inside = facts->plain || own != NS_USER_INITIAL;
	if (facts->plain && differs)
		result = ns_user_is_callers(attach->pin.proc_fd, own, &facts->owns_userns, err);
	if (result == 0 && differs)
		result = ns_user_denies_setgroups(attach->pin.proc_fd, &facts->setgroups_denied, err);
	return result == 0 && facts->setgroups_denied ? read_groups(facts, err) : result;
}

static int read_process_env(struct attach *attach, struct err *err)
{
	cleanup_buffer struct buffer text = { 0 };
	int result = io_read_file_at(attach->pin.proc_fd, "environ", ENVIRON_MAX, &text);

	if (result == -EFBIG)
		return err_set(err, ERR_REFUSED, "--env-from-process: the target's environment is larger than 1 MiB");
	if (result < 0)
		return err_sys(err, result, "--env-from-process: the target's /proc/PID/environ");
	attach->facts.process_env_length = text.length;
	attach->facts.process_env = take_ptr(text.data);
	return 0;
}

/* What the runtime was told. Whether the process is under a filter at all is the kernel's word, in its status. */
static int read_config_seccomp(struct attach *attach, struct err *err)
{
	const struct attach_request *request = attach->request;
	enum seccomp_mode mode = request->seccomp_given ? request->seccomp : request->profile->seccomp;
	struct attach_facts *facts = &attach->facts;

	if ((mode != SECCOMP_TARGET && mode != SECCOMP_TARGET_OR_DEFAULT) || facts->process.status.seccomp != 2)
		return 0;
	int result = target_read_seccomp(&attach->host, &facts->target, &facts->config_seccomp,
					 &facts->config_has_seccomp, err);
	return result < 0 ? err_wrap(err, "the target's seccomp profile (--seccomp default is an alternative)") : 0;
}

static int look_up_user(struct attach *attach, struct err *err)
{
	cleanup_buffer struct buffer text = { 0 };
	const char *name = attach->request->user_spec.name;
	/* Whoever is nobody on the host is root in the user namespace that is his. */
	unsigned kinds = NS_BIT(NS_MNT) | (attach->facts.owns_userns ? NS_BIT(NS_USER) : 0U);
	int result = target_file_read(&attach->host, &attach->pin, kinds, "etc/passwd", PASSWD_FILE_MAX, &text, err);

	if (result == 0)
		result = passwd_find(text.data, text.length, name, &attach->facts.named_uid, &attach->facts.named_gid,
				     err);
	return result < 0 ? err_wrap(err, "-u %s (a number, UID[:GID], needs no file)", name) : 0;
}

static int read_labels(struct attach *attach, struct err *err)
{
	const struct lsm_sources sources = { attach->host.root_fd, attach->host.proc_fd, attach->proc_self_fd,
					     attach->pin.proc_fd };

	return lsm_read(&sources, &attach->facts.lsm, err);
}

int attach_gather(struct attach *attach, struct err *err)
{
	const struct attach_request *request = attach->request;
	int result = process_facts_read(&attach->pin, &attach->facts.process, err);

	if (result == 0)
		result = ns_set_read(attach->pin.proc_fd, &attach->facts.theirs, err);
	if (result == 0)
		result = ns_set_read(attach->proc_self_fd, &attach->facts.ours, err);
	if (result == 0)
		result = ns_set_read_host(attach->host.proc_fd, &attach->facts.ours, &attach->facts.host, err);
	if (result == 0)
		result = read_caller(attach, err);
	if (result == 0)
		result = read_access(attach, err);
	if (result == 0)
		result = read_config_seccomp(attach, err);
	if (result == 0)
		result = read_labels(attach, err);
	if (result == 0 && request->env_from_process)
		result = read_process_env(attach, err);
	if (result == 0 && request->user == USER_GIVEN && request->user_spec.name[0] != '\0')
		result = look_up_user(attach, err);
	if (result < 0)
		return result;
	result = toolbox_choose(request->toolbox, &attach->facts.toolbox, err);
	if (result < 0)
		return result;
	attach->facts.target_memory_limit = read_memory_limit(attach);
	/* All of it was read through the pinned directory; it only counts if the process lived to the end of the reading. */
	return pin_verify(&attach->pin, err);
}
