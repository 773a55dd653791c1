/* SPDX-License-Identifier: Apache-2.0 */
/* What comes over `kubectl exec -i`, from either side. */
#include "dbgattach/format/frame.h"

#include "tests/fuzz/fuzz.h"

#include <errno.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;

	for (;;) {
		struct buffer again = { 0 };
		struct frame frame;
		ptrdiff_t length = frame_parse(bytes, size, &frame);

		fuzz_require(length == 0 || length == -EPROTO || (length >= FRAME_HEADER && (size_t)length <= size));
		if (length <= 0)
			return 0;
		fuzz_require(frame_append(&again, &frame) == 0);
		fuzz_require(again.length == (size_t)length && memcmp(again.data, bytes, again.length) == 0);
		buffer_done(&again);
		bytes += length;
		size -= (size_t)length;
	}
}
