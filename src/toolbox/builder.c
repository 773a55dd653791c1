/* SPDX-License-Identifier: Apache-2.0 */
/* Other programs: the builder of toolboxes, cp, rm. */
#include "program.h"
#include "unpack.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/toolbox.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define MINIMAL ".minimal"

/* As system(3): ^C is for the program, and we clean up after it. */
static int spawn(const char *const *command, int folder, pid_t *ret_child)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t keys;

	(void)sigemptyset(&keys);
	(void)sigaddset(&keys, SIGINT);
	(void)sigaddset(&keys, SIGQUIT);
	int error = posix_spawn_file_actions_init(&actions);
	if (error != 0)
		return -error;
	error = posix_spawnattr_init(&attributes);
	if (error == 0) {
		(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
		(void)posix_spawnattr_setsigdefault(&attributes, &keys);
		error = posix_spawn_file_actions_addfchdir_np(&actions, folder);
		if (error == 0)
			error = posix_spawnp(ret_child, command[0], &actions, &attributes,
					     (char *const *)(uintptr_t)command, environ);
		(void)posix_spawnattr_destroy(&attributes);
	}
	(void)posix_spawn_file_actions_destroy(&actions);
	return -error;
}

int program_run(const char *const *command, int folder, int *ret_status, struct err *err)
{
	static const int keys[] = { SIGINT, SIGQUIT };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, saved[ARRAY_SIZE(keys)];
	pid_t child = 0;
	int status = 0;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		(void)sigaction(keys[i], &ignore, &saved[i]);
	int result = spawn(command, folder, &child);
	while (result == 0 && waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			result = -errno;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		(void)sigaction(keys[i], &saved[i], NULL);
	if (result < 0)
		return err_sys(err, result, "running %s", command[0]);
	*ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return 0;
}

static int find_builder(char *out, size_t size, struct err *err)
{
	/* As `make install` lays it out, and as a checkout has it. */
	static const char *const places[] = { "../lib/dbgattach/toolbox/build-toolbox", "../toolbox/build-toolbox" };
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (length < 0)
		return err_sys(err, errno, "/proc/self/exe");
	self[length] = '\0';
	const char *folder = dirname(self);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (text_format(out, size, "%s/%s", folder, places[i]) == 0 && access(out, X_OK) == 0)
			return 0;
	return err_set(err, ERR_NOT_FOUND, "the builder of toolboxes is not beside %s (make install brings it)",
		       folder);
}

/* Where a manifest says `fill busybox`, it is the one inside this program. */
static int unpack_minimal(int store, struct err *err)
{
	const struct toolbox_owner owner = { -EBADF, geteuid(), getegid(), NULL };

	toolbox_store_discard(store, MINIMAL);
	if (mkdirat(store, MINIMAL, 0755) < 0)
		return err_sys(err, errno, "unpacking the toolbox inside dbgattach");
	cleanup_close int folder = openat(store, MINIMAL, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return folder < 0 ? err_sys(err, errno, "unpacking the toolbox inside dbgattach") :
			    unpack_toolbox(folder, &owner, err);
}

int toolbox_builder_run(const struct strv *arguments, int store, const char *out, int *ret_status, struct err *err)
{
	__attribute__((cleanup(strv_done))) struct strv command = { 0 };
	char builder[PATH_MAX];
	int result = find_builder(builder, sizeof(builder), err);

	if (result < 0)
		return result;
	result = strv_add(&command, builder);
	if (result == 0)
		result = strv_add(&command, "--busybox=" MINIMAL "/" UNPACK_TREE);
	for (size_t i = 0; result == 0 && i < arguments->count; i++)
		result = strv_add(&command, arguments->items[i]);
	if (result == 0)
		result = strv_add(&command, out);
	if (result < 0)
		return err_sys(err, result, "running the builder of toolboxes");
	result = unpack_minimal(store, err);
	if (result == 0)
		result = program_run((const char *const *)command.items, store, ret_status, err);
	toolbox_store_discard(store, MINIMAL);
	return result;
}
