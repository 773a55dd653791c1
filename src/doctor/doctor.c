/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the examination: every condition of the tables in a process of its own, which it may change and in which it may
 * hang, with a deadline; and the verdict.
 */
#include "doctor.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/ns.h"
#include "dbgattach/privilege.h"
#include "dbgattach/sys/probe.h"
#include "dbgattach/target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK_DEADLINE_MS 5000

/* Memory shared with the process that checks. */
struct answer {
	int result;
	char detail[DETAIL_MAX];
};

struct verdict {
	const struct examination *examination;
	json_t *rows, *missing;
};

static int check(const struct examination *examination, const struct condition *condition, char *detail)
{
	int result = examination->plain && condition->inside ? doctor_enter_userns(examination) : 0;
	if (result < 0) {
		(void)snprintf(detail, DETAIL_MAX, "the caller can make no user namespace: %s", strerror(-result));
		return result;
	}
	if (condition->check != NULL)
		return condition->check(examination, detail);
	return condition->probe != NULL ? condition->probe() : sys_probe_filesystem(condition->type);
}

/*
 * A child that does not answer is killed; one that is killed by what it tried has answered too. fork and a pipe, not a
 * pidfd: what is to be found out must not be needed for that. end: closed on the other side when the child has ended.
 */
static void wait_for(pid_t pid, int end, struct answer *answer)
{
	struct pollfd poll_end = { .fd = end, .events = POLLIN };

	if (poll(&poll_end, 1, CHECK_DEADLINE_MS) != 1) {
		(void)kill(pid, SIGKILL);
		answer->result = -ETIMEDOUT;
	}
	(void)waitpid(pid, NULL, 0);
}

static void ask(const struct examination *examination, const struct condition *condition, struct answer *answer)
{
	int ends[2];

	*answer = (struct answer) { .result = -ECHILD };
	if (pipe2(ends, O_CLOEXEC) < 0) {
		answer->result = -errno;
		return;
	}
	pid_t pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		answer->result = check(examination, condition, answer->detail);
		_exit(0);
	}
	close_quietly(ends[1]);
	if (pid > 0)
		wait_for(pid, ends[0], answer);
	else
		answer->result = -errno;
	close_quietly(ends[0]);
}

static int add(struct verdict *verdict, const char *group, const struct condition *condition, struct answer *answer)
{
	bool there = answer->result == 0;
	bool required = condition->required && !(verdict->examination->plain && condition->for_root);

	if (!there && answer->detail[0] == '\0')
		(void)snprintf(answer->detail, sizeof(answer->detail), "%s", strerror(-answer->result));
	if (!there && required)
		(void)json_array_append_new(verdict->missing, json_string(condition->name));
	json_t *row =
		json_pack("{s:s, s:s, s:s, s:o, s:b, s:s, s:s, s:o}", "group", group, "name", condition->name, "state",
			  there    ? "ok" :
			  required ? "missing" :
				     "degraded",
			  "detail", json_text(answer->detail[0] != '\0' ? answer->detail : NULL), "required", required,
			  "use", condition->use, "without", condition->without, "since", json_text(condition->since));
	return row == NULL || json_array_append_new(verdict->rows, row) < 0 ? -ENOMEM : 0;
}

static int add_group(struct verdict *verdict, const struct condition_group *group, struct answer *answer)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < group->count; i++) {
		ask(verdict->examination, &group->conditions[i], answer);
		result = add(verdict, group->name, &group->conditions[i], answer);
	}
	return result;
}

static int add_capabilities(struct verdict *verdict)
{
	const struct capability_need *need;
	int result = 0;

	for (size_t i = 0; result == 0 && (need = capability_need_at(i)) != NULL; i++) {
		bool there = (verdict->examination->capabilities & need->capability) != 0;
		const struct condition condition = {
			.name = need->name, .required = need->required, .use = need->use, .without = need->without
		};
		struct answer answer = { .result = there ? 0 : -EPERM };
		if (!there && verdict->examination->plain && need->inside) {
			answer.result = 0;
			(void)snprintf(answer.detail, sizeof(answer.detail), "in user namespaces of the caller's own");
		} else if (!there) {
			(void)snprintf(answer.detail, sizeof(answer.detail), "the caller does not have it");
		}
		result = add(verdict, "capability", &condition, &answer);
	}
	return result;
}

static int add_runtimes(struct verdict *verdict)
{
	const struct host *host = &verdict->examination->host;
	bool found = false;
	int result = 0;
	const char *name;

	for (size_t i = 0; result == 0 && host->root_fd >= 0 && (name = target_runtime_at(host, i, &found)) != NULL;
	     i++) {
		const struct condition runtime = {
			.name = name,
			.use = "its containers by name and id",
			.without = "none of it here; pid:N reaches any process",
		};
		struct answer answer = { .result = found ? 0 : -ENOENT };
		(void)snprintf(answer.detail, sizeof(answer.detail), "%s",
			       found ? "has a folder of containers" : "has no folder of containers");
		result = add(verdict, "runtime", &runtime, &answer);
	}
	return result;
}

static int examine(struct verdict *verdict)
{
	static const struct condition_group *const groups[] = { &doctor_host, &doctor_kernel };
	struct answer *answer = mmap(NULL, sizeof(*answer), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int result = answer == MAP_FAILED ? -errno : 0;

	if (result < 0)
		return result;
	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(groups); i++)
		result = add_group(verdict, groups[i], answer);
	(void)munmap(answer, sizeof(*answer));
	if (result == 0)
		result = add_capabilities(verdict);
	return result < 0 ? result : add_runtimes(verdict);
}

static void open_cgroups(struct examination *examination)
{
	ns_join_host_cgroup(examination->host.proc_fd);
	examination->cgroup_root_fd = cgroup_open_root(examination->host.root_fd);
}

int doctor_examine(const char *host_root, json_t **ret, bool *ret_possible, struct err *err)
{
	struct examination examination = { .host = { -EBADF, -EBADF }, .cgroup_root_fd = -EBADF };
	struct verdict verdict = { &examination, json_array(), json_array() };
	int result = capabilities_permitted(&examination.capabilities, err);

	if (result == 0) {
		examination.plain = geteuid() != 0 && (examination.capabilities & CAPABILITY_BIT(CAP_SYS_ADMIN)) == 0;
		if (host_open(host_root, &examination.host, &examination.host_error) < 0)
			examination.host = (struct host) { -EBADF, -EBADF };
		else
			open_cgroups(&examination);
		result = examine(&verdict);
		if (result < 0)
			(void)err_sys(err, result, "examining this host");
		close_quietly(examination.cgroup_root_fd);
		host_done(&examination.host);
	}
	bool possible = json_array_size(verdict.missing) == 0;
	json_t *document = json_pack("{s:b, s:o, s:o}", "possible", possible, "missing", verdict.missing, "conditions",
				     verdict.rows);
	if (result == 0 && document == NULL)
		result = err_sys(err, ENOMEM, "examining this host");
	if (result < 0) {
		json_decref(document);
		return result;
	}
	*ret = document;
	*ret_possible = possible;
	return 0;
}
