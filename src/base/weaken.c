/* SPDX-License-Identifier: Apache-2.0 */
/* The test build's switches; an empty file in the real build. */
#include "dbgattach/base/weaken.h"

#ifdef DBG_TEST_BUILD
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* The linker's --wrap has these called for every allocation of the program and its libraries. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *pointer, size_t size);

static uint64_t *allocations, failing_allocation;

/*
 * DBG_FAIL_MALLOC=N:FILE: the N-th allocation of the whole attach fails. FILE holds the count, for all processes together.
 * Before this the C library makes some of its own and dies if it cannot.
 */
__attribute__((constructor)) static void count_allocations(void)
{
	const char *text = getenv("DBG_FAIL_MALLOC"), *path = text == NULL ? NULL : strchr(text, ':');
	int fd = path == NULL ? -1 : open(path + 1, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	void *page = mmap(NULL, sizeof(*allocations), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (page == MAP_FAILED)
		return;
	failing_allocation = strtoull(text, NULL, 10);
	allocations = page;
}

static bool allocation_fails(void)
{
	if (allocations == NULL || __atomic_add_fetch(allocations, 1, __ATOMIC_SEQ_CST) != failing_allocation)
		return false;
	errno = ENOMEM;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return allocation_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return allocation_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *pointer, size_t size)
{
	return allocation_fails() ? NULL : __real_realloc(pointer, size);
}

bool weaken_is_protected(const char *name)
{
	size_t length = strlen(name);

	for (const char *word = getenv("DBG_WITHOUT"); word != NULL; word = strchr(word, ',')) {
		word += *word == ',';
		if (strncmp(word, name, length) == 0 && (word[length] == ',' || word[length] == '\0'))
			return false;
	}
	return true;
}

bool weaken_holds(const char *process)
{
	const char *barrier = getenv("DBG_BARRIER");
	size_t length = strlen(process);

	return barrier != NULL && strncmp(barrier, process, length) == 0 && barrier[length] == '/';
}

void weaken_barrier(const char *process, const char *step)
{
	if (weaken_holds(process) && strcmp(getenv("DBG_BARRIER") + strlen(process) + 1, step) == 0)
		(void)raise(SIGSTOP);
}

const char *weaken_path(const char *name, const char *path)
{
	const char *other = getenv(name);

	return other != NULL && other[0] == '/' ? other : path;
}

void weaken_become_visible(void)
{
	pid_t pid = fork();

	if (pid > 0) {
		(void)waitpid(pid, NULL, 0);
		_exit(1);
	}
	(void)usleep(20000);
}
#else
typedef int weaken_is_empty_in_the_real_build;
#endif
