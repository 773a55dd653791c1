// SPDX-License-Identifier: Apache-2.0
/*
 * payload's attempts: what a protection has to refuse. Each prints the errno, or "ok" where it was let. Files are opened
 * for writing and never written to, so that a missing protection does no harm.
 */
#include "payload.h"
#include "names.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEYCTL_JOIN_SESSION_KEYRING 1
#define KEYCTL_SEARCH 10
#define KEY_SPEC_SESSION_KEYRING -3

static int try_open(int dirfd, const char *name, int flags)
{
	int fd = openat(dirfd, name, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

int cmd_tryopen(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		printf("%s %s\n", argv[i], errno_name(try_open(AT_FDCWD, argv[i], O_WRONLY)));
	return 0;
}

int cmd_trycreate(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		printf("%s %s\n", argv[i], errno_name(try_open(AT_FDCWD, argv[i], O_WRONLY | O_CREAT)));
	return 0;
}

/* Calls visit for everything below path, in this and in every mounted filesystem, but not below the paths of skip. */
static void walk(const char *path, char *const *skip, void (*visit)(const char *path, const struct stat *st))
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		char child[PATH_MAX];
		struct stat st;
		bool skipped = false;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (snprintf(child, sizeof(child), "%s/%s", strcmp(path, "/") ? path : "", entry->d_name) >=
		    (int)sizeof(child))
			continue;
		for (size_t i = 0; skip[i]; i++)
			skipped |= strcmp(skip[i], child) == 0;
		if (skipped || lstat(child, &st) < 0)
			continue;
		visit(child, &st);
		if (S_ISDIR(st.st_mode))
			walk(child, skip, visit);
	}
	closedir(dir);
}

static unsigned visited;

static void visit_open(const char *path, const struct stat *st)
{
	int error;

	if (!S_ISREG(st->st_mode))
		return;
	visited++;
	error = try_open(AT_FDCWD, path, O_WRONLY);
	if (error != EROFS && error != EACCES)
		printf("%s %s\n", path, errno_name(error));
}

static void visit_create(const char *path, const struct stat *st)
{
	char file[PATH_MAX + 16];
	int error;

	if (!S_ISDIR(st->st_mode))
		return;
	visited++;
	snprintf(file, sizeof(file), "%s/dbgtest.new", path);
	error = try_open(AT_FDCWD, file, O_WRONLY | O_CREAT);
	printf("%s %s\n", path, errno_name(error));
	if (error == 0)
		unlink(file);
}

/* walkopen DIR [SKIP...]: the regular files below DIR that are not refused with EROFS or EACCES; their number last. */
int cmd_walkopen(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	walk(argv[1], argv + 2, visit_open);
	printf("files %u\n", visited);
	return 0;
}

/* walkcreate DIR [SKIP...]: can a file be made in each directory from DIR on? */
int cmd_walkcreate(int argc, char **argv)
{
	struct stat st = { .st_mode = S_IFDIR };

	if (argc < 2)
		return 2;
	visit_create(argv[1], &st);
	walk(argv[1], argv + 2, visit_create);
	printf("directories %u\n", visited);
	return 0;
}

/* unseal DIR: clears the read-only flag of the mount, then of the filesystem, then tries to create a file. */
int cmd_unseal(int argc, char **argv)
{
	char file[PATH_MAX];

	if (argc < 2)
		return 2;
	printf("bind %s\n", errno_name(mount(NULL, argv[1], NULL, MS_REMOUNT | MS_BIND, NULL) < 0 ? errno : 0));
	printf("superblock %s\n", errno_name(mount(NULL, argv[1], NULL, MS_REMOUNT, NULL) < 0 ? errno : 0));
	snprintf(file, sizeof(file), "%s/dbgtest.new", argv[1]);
	printf("create %s\n", errno_name(try_open(AT_FDCWD, file, O_WRONLY | O_CREAT)));
	for (int i = 2; i < argc; i++)
		printf("%s %s\n", argv[i], errno_name(try_open(AT_FDCWD, argv[i], O_WRONLY)));
	return 0;
}

/* keyfind NAME: is there a user key of this name in the session keyring? */
int cmd_keyfind(int argc, char **argv)
{
	long key = argc < 2 ? -1 : syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", argv[1], 0);

	printf("%s\n", key < 0 ? errno_name(errno) : "found");
	return 0;
}

/* withkey NAME CMD...: CMD with a new session keyring that holds a user key. */
int cmd_withkey(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0) < 0 ||
	    syscall(SYS_add_key, "user", argv[1], "secret", 6, KEY_SPEC_SESSION_KEYRING) < 0) {
		perror("withkey");
		return 1;
	}
	execv(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
