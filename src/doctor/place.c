/* SPDX-License-Identifier: Apache-2.0 */
/* Where the caller is: on the host, or in a container from which more or less of it can be reached. */
#include "doctor.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/ns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#define FIRST_PID_NAMESPACE UINT64_C(4026531836) /* PROC_PID_INIT_INO, include/linux/proc_ns.h */

static int read_both(const struct examination *examination, struct ns_set *ours, struct ns_set *host)
{
	cleanup_close int self = openat(examination->host.proc_fd, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int result = self < 0 ? -errno : ns_set_read(self, ours, NULL);

	return result < 0 ? result : ns_set_read_host(examination->host.proc_fd, ours, host, NULL);
}

int doctor_check_pid_namespace(const struct examination *examination, char *detail)
{
	struct ns_set ours, host;
	int result = read_both(examination, &ours, &host);

	if (result < 0 || ours.inode[NS_PID] == FIRST_PID_NAMESPACE)
		return result;
	(void)snprintf(detail, DETAIL_MAX,
		       "it is not the first one (a pod needs hostPID: true, a container --pid=host)");
	return -EXDEV;
}

int doctor_check_user_namespace(const struct examination *examination, char *detail)
{
	struct ns_set ours, host;
	int result = read_both(examination, &ours, &host);

	if (result < 0 || ours.inode[NS_USER] == host.inode[NS_USER])
		return result;
	(void)snprintf(detail, DETAIL_MAX, "it is not the host's");
	return -EXDEV;
}

int doctor_check_host_namespaces(const struct examination *examination, char *detail)
{
	struct ns_set ours, host;
	char list[128];
	int result = read_both(examination, &ours, &host);

	if (result < 0)
		return result;
	if (host.inode[NS_NET] == 0) {
		(void)snprintf(detail, DETAIL_MAX, "process 1 is closed to the caller");
		return -EACCES;
	}
	unsigned kinds = ns_set_differing(&ours, &host);
	if (kinds != 0)
		(void)snprintf(detail, DETAIL_MAX, "the caller has others of the kinds: %s",
			       ns_format_list(kinds, list, sizeof(list)));
	return 0;
}
