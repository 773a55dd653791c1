/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/net/tcp and the like. */
#include "dbgattach/format/proc_net.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proc_net_socket socket;
	struct err err = { 0 };

	int result = proc_net_parse_line((const char *)data, size, &socket, &err);
	fuzz_check_result(result, &err);
	if (result == 0)
		fuzz_require(socket.address[0] != '\0' &&
			     strnlen(socket.address, sizeof(socket.address)) < sizeof(socket.address));
	return 0;
}
