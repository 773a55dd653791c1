/* SPDX-License-Identifier: Apache-2.0 */
/* A target's passwd file: no id is ever -1, a number is never a name. */
#include "dbgattach/format/passwd.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "root", "app", "0", "a.b$" };
	char *bytes = fuzz_text(data, size);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct err err = { 0 };
		uid_t uid = 0;
		gid_t gid = 0;
		int r = passwd_find(bytes, size, names[i], &uid, &gid, &err);
		fuzz_check_result(r, &err);
		fuzz_require(uid != (uid_t)-1 && gid != (gid_t)-1);
		fuzz_require(r < 0 || strcmp(names[i], "0") != 0);

		struct passwd_user user = { 0 };
		err = (struct err) { 0 };
		r = passwd_find_user(bytes, size, names[i], &user, &err);
		fuzz_check_result(r, &err);
		fuzz_require(r < 0 || (user.home[0] == '/' && user.uid != (uid_t)-1));
	}
	free(bytes);
	return 0;
}
