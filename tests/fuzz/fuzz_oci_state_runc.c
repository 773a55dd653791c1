/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runc's state.json, which is scanned without a tree: what the scanner takes, jansson must take too, and read
 * the same.
 */
#include "dbgattach/base/json.h"
#include "dbgattach/format/oci_state.h"

#include "tests/fuzz/fuzz.h"

/*
 * The two differ on purpose where jansson looks closer at what the scanner skips: UTF-8 and numbers of any size,
 * NUL and lone surrogates in strings, duplicate keys. Only when jansson takes the text is it compared.
 */
static void compare(const uint8_t *data, size_t size, const struct oci_state *state)
{
	cleanup_json json_t *root = NULL;

	if (json_parse((const char *)data, size, &root, NULL) < 0)
		return;
	fuzz_require(json_is_object(root));
	fuzz_require(strcmp(json_string_value(json_object_get(root, "id")), state->id) == 0);
	const json_t *pid = json_object_get(root, "init_process_pid");
	fuzz_require(json_is_real(pid) || json_integer_value(pid) == state->pid);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oci_state state = { 0 };
	struct err err = { 0 };

	int r = oci_state_parse_runc((const char *)data, size, &state, &err);
	fuzz_check_result(r, &err);
	if (r == 0) {
		fuzz_require(state.id && state.pid >= 0 && state.pid <= INT32_MAX);
		compare(data, size, &state);
	}
	oci_state_done(&state);
	return 0;
}
