/* SPDX-License-Identifier: Apache-2.0 */
/* Owns who is meant by USER, out of the host's passwd file (never NSS), and that a process is really his. */
#include "src/target/users.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/format/passwd.h"
#include "dbgattach/sys/nsfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define USER_NAMESPACES_MAX 33 /* the kernel allows 32 levels */

static int read_passwd(const struct host *host, const char *user, struct passwd_user *ret, struct err *err)
{
	const struct files files = { .host = host };
	cleanup_buffer struct buffer buffer = { 0 };

	int r = state_read(&files, "/etc/passwd", &buffer, err);
	if (r == -ENOENT)
		return err_set(err, ERR_NOT_FOUND, "there is no /etc/passwd to look for the user in");
	return r < 0 ? r : passwd_find_user(buffer.data, buffer.length, user, ret, err);
}

static int take_variable(const char *name, char out[PATH_MAX])
{
	const char *value = secure_getenv(name);

	return value != NULL && value[0] == '/' ? text_format(out, PATH_MAX, "%s", value) : 0;
}

/* Who is not in the file (a directory service knows him) is known by his HOME. */
static int find_caller(const struct host *host, struct passwd_user *ret, struct err *err)
{
	const char *home = secure_getenv("HOME");
	char number[16];

	*ret = (struct passwd_user) { .uid = geteuid() };
	int r = home != NULL && home[0] == '/' ? text_format(ret->home, sizeof(ret->home), "%s", home) :
						 text_format(number, sizeof(number), "%u", ret->uid);
	if (r < 0)
		return err_sys(err, r, "HOME");
	return ret->home[0] ? 0 : read_passwd(host, number, ret, err);
}

int users_find(const struct search *search, struct user_folders *ret, struct err *err)
{
	const char *scope = search_is_for_pods(search) ? "" : search->reference->scope;
	struct user_folders out = { 0 };
	struct passwd_user user;
	uid_t caller = geteuid();

	if (scope[0] == '\0' && caller == 0) {
		*ret = out;
		return 0;
	}
	int r = scope[0] ? read_passwd(search->files.host, scope, &user, err) :
			   find_caller(search->files.host, &user, err);
	if (r < 0)
		return r;
	if (caller != 0 && user.uid != caller)
		return err_set(err, ERR_DENIED, "only root can enter containers of another user");
	if (user.uid == 0) {
		*ret = out;
		return 0;
	}
	out.uid = user.uid;
	r = text_format(out.data, sizeof(out.data), "%s/.local/share", user.home);
	if (r == 0)
		r = text_format(out.run, sizeof(out.run), "/run/user/%u", user.uid);
	if (r == 0 && caller != 0)
		r = take_variable("XDG_DATA_HOME", out.data);
	if (r == 0 && caller != 0)
		r = take_variable("XDG_RUNTIME_DIR", out.run);
	if (r < 0)
		return err_sys(err, r, "the folders of user %u", user.uid);
	*ret = out;
	return 0;
}

int users_check_process(const struct pin *pin, uid_t uid, struct err *err)
{
	uid_t outermost = 0;
	int fd = openat(pin->proc_fd, "ns/user", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, errno, "/proc/%d/ns/user", pin->pid);
	for (int level = 0; level < USER_NAMESPACES_MAX && fd >= 0; level++) {
		uid_t owner = (uid_t)-1;
		int r = sys_nsfs_owner(fd, &owner);
		int parent = sys_nsfs_parent(fd);
		close_quietly(fd);
		fd = parent;
		/* Our own, the outermost of all, has no parent that we may see: it is nobody's container. */
		if (fd >= 0)
			outermost = r < 0 ? (uid_t)-1 : owner;
	}
	close_quietly(fd);
	if (outermost == uid)
		return 0;
	return err_set(err, ERR_REFUSED, "process %d is in no user namespace of user %u: it is none of his", pin->pid,
		       uid);
}
