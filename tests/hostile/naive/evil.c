// SPDX-License-Identifier: Apache-2.0
/* A library of the target's: to be loaded is all it wants. It serves as an NSS and as a character set module as well. */
#include <string.h>
#include <unistd.h>

__attribute__((constructor)) static void loaded(void)
{
	static const char text[] = "fell a library of the target's was loaded by a tool\n";

	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		_exit(99);
}
