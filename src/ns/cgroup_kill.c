/* SPDX-License-Identifier: Apache-2.0 */
/* Who is in the session's cgroup, and how all of them are ended: by pidfds, since a pid read may be somebody else's by then. */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/clock.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/text.h"
#include "dbgattach/ns.h"
#include "dbgattach/sys/pidfd.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define MEMBERS_FILE_MAX (1U << 20)
#define MEMBERS_MAX 1024
#define KILL_BATCH 64

/* A directory that lists every member: all of them do, once the entering process has joined those that it is not born in. */
static int member_dir(const struct cgroup *cgroup)
{
	for (int i = 0; i < CGROUP_HIERARCHY_MAX; i++)
		if (cgroup->dir[i] >= 0)
			return cgroup->dir[i];
	return -ENOENT;
}

int cgroup_members(const struct cgroup *cgroup, pid_t *pids, size_t size)
{
	cleanup_buffer struct buffer text = { 0 };
	int dir = member_dir(cgroup), count = 0;

	if (dir < 0)
		return dir;
	int result = io_read_file_at(dir, "cgroup.procs", MEMBERS_FILE_MAX, &text);
	if (result < 0)
		return result;
	for (const char *line = text.data; line != NULL && *line != '\0';) {
		size_t length = strcspn(line, "\n");
		uint64_t pid;

		/* 0 is how a member of a PID namespace that we cannot see is printed. */
		if (text_u64(line, length, INT32_MAX, &pid) == 0 && pid > 0) {
			if ((size_t)count < size)
				pids[count] = (pid_t)pid;
			count++;
		}
		line += length + (line[length] == '\n');
	}
	return count;
}

static void freeze(const struct cgroup *cgroup, bool on)
{
	if (cgroup->dir[CGROUP_UNIFIED] >= 0)
		(void)io_write_file_at(cgroup->dir[CGROUP_UNIFIED], "cgroup.freeze", on ? "1" : "0");
	else if (cgroup->dir[CGROUP_FREEZER] >= 0)
		(void)io_write_file_at(cgroup->dir[CGROUP_FREEZER], "freezer.state", on ? "FROZEN" : "THAWED");
}

static bool is_frozen(const struct cgroup *cgroup)
{
	cleanup_buffer struct buffer text = { 0 };
	bool unified = cgroup->dir[CGROUP_UNIFIED] >= 0;
	int result = unified ? io_read_file_at(cgroup->dir[CGROUP_UNIFIED], "cgroup.events", 4096, &text) :
			       io_read_file_at(cgroup->dir[CGROUP_FREEZER], "freezer.state", 4096, &text);

	return result >= 0 && strstr(text.data, unified ? "frozen 1" : "FROZEN") != NULL;
}

static bool is_listed(pid_t pid, const pid_t *pids, int count)
{
	for (int i = 0; i < count && i < MEMBERS_MAX; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/*
 * Kills up to KILL_BATCH of pids, and continues spare: stopped from outside, it would reap nobody. A pid read from the list
 * may be another process's when its pidfd is opened; who is alive and listed again afterwards is a member, since a pid is not
 * reused while its process lives. Returns how many were there to kill, those that could not be looked at among them.
 */
static int kill_batch(const struct cgroup *cgroup, const pid_t *pids, int count, pid_t spare)
{
	int pidfds[KILL_BATCH], others = 0;
	pid_t listed[MEMBERS_MAX];

	for (int i = 0; i < count; i++)
		pidfds[i] = sys_pidfd_open(pids[i], 0);
	int listed_count = cgroup_members(cgroup, listed, ARRAY_SIZE(listed));
	for (int i = 0; i < count; i++) {
		bool gone = pidfds[i] == -ESRCH || (listed_count >= 0 && !is_listed(pids[i], listed, listed_count)) ||
			    (pidfds[i] >= 0 && sys_pidfd_is_dead(pidfds[i]) != 0);

		if (!gone && pidfds[i] >= 0 && listed_count >= 0)
			(void)sys_pidfd_send_signal(pidfds[i], pids[i] == spare ? SIGCONT : SIGKILL);
		others += !gone && pids[i] != spare;
		close_quietly(pidfds[i]);
	}
	return others;
}

int cgroup_kill_others(const struct cgroup *cgroup, pid_t spare)
{
	pid_t pids[MEMBERS_MAX];
	int killed = 0;
	int count = cgroup_members(cgroup, pids, ARRAY_SIZE(pids));

	if (count < 0)
		return count;
	if (count == 0)
		return 0;
	if (count == 1 && pids[0] == spare) {
		freeze(cgroup, false); /* whoever froze it may have been killed before he could thaw it */
		return kill_batch(cgroup, pids, 1, spare);
	}
	freeze(cgroup, true);
	/* A process in an uninterruptible wait cannot be frozen; it cannot fork either, so going on is safe. */
	for (int i = 0; i < 100 && !is_frozen(cgroup); i++)
		clock_pause_ms(1);
	count = cgroup_members(cgroup, pids, ARRAY_SIZE(pids));
	if (count > MEMBERS_MAX)
		count = MEMBERS_MAX; /* the caller asks again until nobody is left */
	for (int i = 0; i < count; i += KILL_BATCH)
		killed += kill_batch(cgroup, pids + i, count - i < KILL_BATCH ? count - i : KILL_BATCH, spare);
	freeze(cgroup, false);
	return killed;
}
