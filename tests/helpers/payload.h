/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of payload, one function each: argv[0] is the command's name. The result is the exit status. */
#pragma once

typedef int command_fn(int argc, char **argv);

/* payload_show.c */
command_fn cmd_show, cmd_sweep;

/* payload_io.c: streams and terminals */
command_fn cmd_cat, cmd_flood, cmd_sha256, cmd_late, cmd_winsize, cmd_winch, cmd_signals, cmd_hold, cmd_leader,
	cmd_serve;

/* payload_try.c: attempts that a protection refuses */
command_fn cmd_tryopen, cmd_trycreate, cmd_walkopen, cmd_walkcreate, cmd_unseal, cmd_keyfind, cmd_withkey;

int write_all(int fd, const void *data, unsigned long size);
__attribute__((noreturn)) void sleep_for_ever(void);
