/* SPDX-License-Identifier: Apache-2.0 */
/* The test build's switches; an empty file in the real build. */
#include "dbgattach/base/weaken.h"

#ifdef DBG_TEST_BUILD
#include <signal.h>
#include <stdlib.h>
#include <string.h>

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

void weaken_barrier(const char *process, const char *step)
{
	const char *barrier = getenv("DBG_BARRIER");
	size_t length = strlen(process);

	if (barrier != NULL && strncmp(barrier, process, length) == 0 && barrier[length] == '/' &&
	    strcmp(barrier + length + 1, step) == 0)
		(void)raise(SIGSTOP);
}
#else
typedef int weaken_is_empty_in_the_real_build;
#endif
