/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the command lines (/proc/PID/cmdline) of the programs that hold containers tell: systemd-nspawn's machine, the name
 * of an LXC monitor, dockerd's folders. The bytes are what a process says of itself: who it is has to be known before.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define COMMAND_LINE_MAX 65536
#define COMMAND_NAME_MAX 256

/* "[lxc monitor] LXCPATH NAME", the title that a monitor gives itself. False: it is none. */
bool command_line_lxc_name(const char *bytes, size_t length, char ret_name[COMMAND_NAME_MAX]);

/* The machine that systemd-nspawn was told to run, or what it calls it when it was not told. False: not known. */
bool command_line_nspawn_machine(const char *bytes, size_t length, char ret_name[COMMAND_NAME_MAX]);

/* The last value of dockerd's --NAME VALUE or --NAME=VALUE. False: it is not there, or does not fit. */
bool command_line_option(const char *bytes, size_t length, const char *name, char ret_value[PATH_MAX]);
