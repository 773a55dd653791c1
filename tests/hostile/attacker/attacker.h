// SPDX-License-Identifier: Apache-2.0
/*
 * What the attacks share. An attack runs as the container's first process and writes what it finds to /report; a probe is
 * run inside the session and writes to stdout. One line each: "ready", "note WORDS", "fell WORDS". Whatever can be opened
 * is a find; nothing is written through it that would harm the host where the attack succeeds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

typedef int (*action_fn)(int argc, char **argv);

/* report.c */
void report_open(bool in_session);
__attribute__((format(printf, 1, 2))) void fell(const char *format, ...);
__attribute__((format(printf, 1, 2))) void note(const char *format, ...);
__attribute__((noreturn, format(printf, 1, 2))) void broken(const char *format, ...);
void ready(void);
void write_text(const char *path, const char *text);
bool read_text(const char *path, char *out, size_t size); /* false: cannot be read; always terminated */
int64_t now_ms(void);
__attribute__((noreturn)) void rest(void); /* until the container is ended */

/*
 * Power to mount: where the container has none, the calling process gets it from a user namespace of its own, which the
 * session then has to enter.
 */
void need_mounts(void);

/* watch.c: calls visit again and again for each process that has come to this PID namespace since the call. */
typedef void (*visit_fn)(pid_t pid);
__attribute__((noreturn)) void watch(visit_fn visit);

/* The attacks and probes: see the table in main.c. */
int attack_idle(int argc, char **argv);
int attack_spy(int argc, char **argv);
int attack_exe(int argc, char **argv);
int attack_toolbox(int argc, char **argv);
int attack_unmount(int argc, char **argv);
int attack_stdio(int argc, char **argv);
int attack_root(int argc, char **argv);
int attack_procwrite(int argc, char **argv);
int attack_signal(int argc, char **argv);
int attack_ptrace(int argc, char **argv);
int attack_cgroup(int argc, char **argv);
int attack_symlinks(int argc, char **argv);
int attack_renames(int argc, char **argv);
int attack_fakeproc(int argc, char **argv);
int attack_lateproc(int argc, char **argv);
int attack_fakedev(int argc, char **argv);
int attack_shared(int argc, char **argv);
int attack_mounts(int argc, char **argv);
int attack_mountmax(int argc, char **argv);
int attack_fuse(int argc, char **argv);
int attack_holder(int argc, char **argv);
int attack_fifo(int argc, char **argv);
int attack_chdir(int argc, char **argv);

int probe_view(int argc, char **argv);
int probe_proc(int argc, char **argv);
int probe_dev(int argc, char **argv);
int probe_give(int argc, char **argv);
int probe_bomb(int argc, char **argv);
int probe_keys(int argc, char **argv);
int probe_tiocsti(int argc, char **argv);
int probe_fds(int argc, char **argv);
int probe_setuid(int argc, char **argv);
int probe_device(int argc, char **argv);
int probe_calls(int argc, char **argv);
int probe_plant(int argc, char **argv);
int probe_groups(int argc, char **argv);
int probe_core(int argc, char **argv);
int probe_packet(int argc, char **argv);
int probe_environ(int argc, char **argv);
int probe_orphans(int argc, char **argv);
int probe_sleep(int argc, char **argv);
