/* SPDX-License-Identifier: Apache-2.0 */
#include "dbgattach/format/machine.h"
#include "tests/unit/unit.h"

static const char real[] =
	"# This is private data. Do not parse.\nNAME=web\nSCOPE=machine-web.scope\nSERVICE=systemd-nspawn\n"
	"ROOT=/srv/web\nID=0123456789abcdef0123456789abcdef\nLEADER=4782\nCLASS=container\n"
	"REALTIME=1700000000000000\nMONOTONIC=1000000\n";

static void reads(void **state)
{
	(void)state;
	struct machine machine;
	struct err err;
	cleanup_free char *bytes = unit_exact(real, sizeof(real) - 1);

	assert_success(machine_parse(bytes, sizeof(real) - 1, &machine, &err), err);
	assert_true(machine.is_container);
	assert_int_equal(machine.leader, 4782);
	assert_string_equal(machine.unit, "machine-web.scope");
	assert_success(machine_parse("LEADER=1\nCLASS=vm", 17, &machine, &err), err);
	assert_false(machine.is_container);
	assert_string_equal(machine.unit, "");
}

static void refuses(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"LEADER=\n",
		"LEADER=0\n",
		"LEADER=-1\n",
		"LEADER=99999999999\n",
		"LEADER=1x\n",
		"LEADER=1\nSCOPE=\"a b\"\n",
		"CLASS=container\n",
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct machine machine;
		struct err err = { 0 };
		assert_failure(machine_parse(texts[i], strlen(texts[i]), &machine, &err), err, ERR_MALFORMED);
	}
}

static void parse_cut(const char *bytes, size_t length)
{
	struct machine machine;
	struct err err = { 0 };
	(void)machine_parse(bytes, length, &machine, &err);
}

static void survives_every_cut(void **state)
{
	(void)state;
	unit_each_cut(real, sizeof(real) - 1, parse_cut);
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
