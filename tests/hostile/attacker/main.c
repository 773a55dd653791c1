// SPDX-License-Identifier: Apache-2.0
/* attacker attack NAME [ARG...], attacker probe NAME [ARG...]: the table. Under any other name it is a program that was
 * run although the session must not run it: it says so. */
#include "attacker.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	action_fn act;
} attacks[] = {
	{ "idle", attack_idle },
	{ "spy", attack_spy },
	{ "exe", attack_exe },
	{ "toolbox", attack_toolbox },
	{ "unmount", attack_unmount },
	{ "stdio", attack_stdio },
	{ "root", attack_root },
	{ "procwrite", attack_procwrite },
	{ "signal", attack_signal },
	{ "ptrace", attack_ptrace },
	{ "cgroup", attack_cgroup },
	{ "symlinks", attack_symlinks },
	{ "renames", attack_renames },
	{ "fakeproc", attack_fakeproc },
	{ "lateproc", attack_lateproc },
	{ "fakedev", attack_fakedev },
	{ "shared", attack_shared },
	{ "mounts", attack_mounts },
	{ "mountmax", attack_mountmax },
	{ "fuse", attack_fuse },
	{ "holder", attack_holder },
	{ "chdir", attack_chdir }, { "fifo", attack_fifo },
}, probes[] = {
	{ "view", probe_view },
	{ "proc", probe_proc },
	{ "dev", probe_dev },
	{ "give", probe_give },
	{ "bomb", probe_bomb },
	{ "keys", probe_keys },
	{ "tiocsti", probe_tiocsti },
	{ "fds", probe_fds },
	{ "setuid", probe_setuid },
	{ "device", probe_device },
	{ "calls", probe_calls },
	{ "plant", probe_plant },
	{ "groups", probe_groups },
	{ "core", probe_core },
	{ "packet", probe_packet },
	{ "environ", probe_environ },
	{ "orphans", probe_orphans },
	{ "sleep", probe_sleep },
};

int main(int argc, char **argv)
{
	if (argc >= 3 && strcmp(argv[1], "attack") == 0)
		for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
			if (strcmp(argv[2], attacks[i].name) == 0) {
				report_open(false);
				return attacks[i].act(argc - 2, argv + 2);
			}
	report_open(true);
	if (argc >= 3 && strcmp(argv[1], "probe") == 0)
		for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
			if (strcmp(argv[2], probes[i].name) == 0)
				return probes[i].act(argc - 2, argv + 2);
	fell("the target's own %s was run in the place of the toolbox's", argv[0]);
	return 0;
}
