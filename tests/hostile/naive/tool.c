// SPDX-License-Identifier: Apache-2.0
/* A dynamically linked tool that looks up a user and a character set, as ls and iconv do. */
#include <iconv.h>
#include <pwd.h>
#include <stdio.h>

int dbgnaive(void);

int main(void)
{
	const struct passwd *user = getpwuid(12345);
	iconv_t conversion = iconv_open("UTF-8", "EVIL");

	printf("user %s, conversion %s\n", user == NULL ? "unknown" : user->pw_name,
	       conversion == (iconv_t)-1 ? "unknown" : "known"); /* NOLINT */
	return dbgnaive();
}
