/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the person at the terminal is told: one line each, on stderr, "dbgattach: " in front, control characters
 * escaped.
 */
#pragma once

enum log_level {
	LOG_QUIET = -1, /* errors only */
	LOG_NORMAL = 0, /* + what deviates from the usual */
	LOG_STEPS = 1,  /* -v: each step */
};

void log_set_level(enum log_level level);
enum log_level log_level(void);

/* Printed unless -q. */
void log_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Printed with -v. */
void log_step(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Always printed. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
