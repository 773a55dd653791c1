/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and executing the command inside the session, with the exit statuses of env(1) and docker exec. */
#include "init.h"

#include "dbgattach/launcher.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static int complain(const char *name, const char *path, int error)
{
	const char *why = path == NULL && error == ENOENT ? "not found in the session's PATH" : strerror(error);
	bool missing = error == ENOENT || error == ENOTDIR;

	/* The kernel says ENOENT for a file whose loader or interpreter is missing, the commonest riddle in a container. */
	if (error == ENOENT && path != NULL && access(path, F_OK) == 0) {
		why = "it is there, but the loader or interpreter it names is not";
		missing = false;
	}
	(void)dprintf(STDERR_FILENO, "dbgattach: %s: %s\n", name, why);
	return missing ? LAUNCHER_EXIT_NOT_FOUND : LAUNCHER_EXIT_CANNOT_EXECUTE;
}

int command_exec(char **command)
{
	const char *name = command[0];
	const char *search = getenv("PATH");
	char path[PATH_MAX];
	int error = ENOENT;

	if (strchr(name, '/') != NULL || *name == '\0') {
		(void)execve(name, command, environ);
		return complain(name, name, errno);
	}
	for (const char *dir = search == NULL ? "" : search; *dir != '\0';) {
		size_t length = strcspn(dir, ":");
		int written = snprintf(path, sizeof(path), "%.*s/%s", (int)length, dir, name);

		if (length > 0 && written > 0 && (size_t)written < sizeof(path)) {
			(void)execve(path, command, environ);
			if (errno == ENOENT && access(path, F_OK) == 0)
				return complain(name, path, ENOENT);
			if (errno == EACCES)
				error = EACCES; /* as execvp(3): go on, but remember */
			else if (errno != ENOENT && errno != ENOTDIR)
				return complain(name, path, errno);
		}
		dir += length + (dir[length] == ':');
	}
	return complain(name, NULL, error);
}
