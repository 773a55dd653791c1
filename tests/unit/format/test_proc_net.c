/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/format/proc_net.h"
#include "tests/unit/unit.h"

static const char v4[] = "   0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
			 "12345 1 0000 100 0 0 10 0";
static const char v6[] =
	"  12: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 07 00000000:00000000";

static void reads(void **state)
{
	(void)state;
	struct proc_net_socket socket;
	struct err err = { 0 };

	assert_success(proc_net_parse_line(v4, sizeof(v4) - 1, &socket, &err), err);
	assert_string_equal(socket.address, "127.0.0.1");
	assert_int_equal(socket.port, 22);
	assert_int_equal(socket.state, 10);
	assert_false(socket.v6);
	assert_success(proc_net_parse_line(v6, sizeof(v6) - 1, &socket, &err), err);
	assert_string_equal(socket.address, "::1");
	assert_int_equal(socket.port, 8080);
	assert_int_equal(socket.state, 7);
	assert_true(socket.v6);
}

static void refuses(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"",
		"   0:",
		"0 0100007F:0016 00000000:0000 0A",
		": 0100007F:0016 00000000:0000 0A",
		"0: 0100007f:0016 00000000:0000 0A",
		"0: 0100007F:001 00000000:0000 0A",
		"0: 0100007F 0016 00000000:0000 0A",
		"0: 0100007F:0016 00000000:0000",
		"0: 0100007F:0016 00000000:0000 0AB",
		"0: 0100007F:0016 00000000:0000 0G",
		"0: 0100007F:0016 0000000000000000:0000 0A",
		"  sl  local_address rem_address   st tx_queue",
	};
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct proc_net_socket socket;
		struct err err = { 0 };

		assert_failure(proc_net_parse_line(lines[i], strlen(lines[i]), &socket, &err), err, ERR_MALFORMED);
	}
}

static void parse_cut(const char *bytes, size_t length)
{
	struct proc_net_socket socket;

	(void)proc_net_parse_line(bytes, length, &socket, NULL);
}

static void survives_every_cut(void **state)
{
	(void)state;
	unit_each_cut(v4, sizeof(v4) - 1, parse_cut);
	unit_each_cut(v6, sizeof(v6) - 1, parse_cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(refuses),
		cmocka_unit_test(survives_every_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
