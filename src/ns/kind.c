/* SPDX-License-Identifier: Apache-2.0 */
/* The table of namespace kinds, and what is written of them by people and for people. */
#include "kind.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/text.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

const struct ns_kind_info ns_kinds[NS_KIND_MAX] = {
	[NS_USER] = { "user", CLONE_NEWUSER },       [NS_PID] = { "pid", CLONE_NEWPID },
	[NS_MNT] = { "mnt", CLONE_NEWNS },           [NS_NET] = { "net", CLONE_NEWNET },
	[NS_UTS] = { "uts", CLONE_NEWUTS },          [NS_IPC] = { "ipc", CLONE_NEWIPC },
	[NS_CGROUP] = { "cgroup", CLONE_NEWCGROUP }, [NS_TIME] = { "time", CLONE_NEWTIME },
};

const char *ns_kind_name(enum ns_kind kind)
{
	return ns_kinds[kind].name;
}

static int find_kind(const char *word, size_t length)
{
	for (int kind = 0; kind < NS_KIND_MAX; kind++)
		if (strlen(ns_kinds[kind].name) == length && memcmp(ns_kinds[kind].name, word, length) == 0)
			return kind;
	return -ENOENT;
}

int ns_parse_list(const char *text, unsigned *ret_kinds, struct err *err)
{
	unsigned kinds = 0;

	for (const char *word = text;;) {
		size_t length = strcspn(word, ",");
		int kind = find_kind(word, length);

		if (kind < 0)
			return err_set(
				err, ERR_USAGE,
				"--ns %s: \"%.*s\" is no namespace (pid, mnt, net, uts, ipc, cgroup, time, user)", text,
				(int)(length > 32 ? 32 : length), word);
		kinds |= NS_BIT(kind);
		if (word[length] == '\0')
			break;
		word += length + 1;
	}
	*ret_kinds = kinds;
	return 0;
}

char *ns_format_list(unsigned kinds, char *out, size_t size)
{
	size_t used = 0;

	(void)snprintf(out, size, "none");
	for (int kind = 0; kind < NS_KIND_MAX; kind++) {
		if ((kinds & NS_BIT(kind)) == 0)
			continue;
		int length = snprintf(out + used, size - used, "%s%s", used > 0 ? " " : "", ns_kinds[kind].name);
		if (length < 0 || (size_t)length >= size - used)
			break;
		used += (size_t)length;
	}
	return out;
}
