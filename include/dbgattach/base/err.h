/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one error type. A value on the caller's stack: what kind, which errno, and a text for a person. It is
 * filled exactly when a function returns a negative number, wrapped on the way up, and printed once, by cli/.
 */
#pragma once

#include <stddef.h>

/* What a user can act on; the exit code and the hint come from the kind, never from the text. */
enum err_kind {
	ERR_NONE = 0,
	ERR_USAGE,       /* the command line is wrong */
	ERR_NOT_FOUND,   /* no such container */
	ERR_AMBIGUOUS,   /* more than one container matches */
	ERR_GONE,        /* it was there, it is not running (any more) */
	ERR_CHANGED,     /* the pid now belongs to another process */
	ERR_DENIED,      /* the caller lacks a right */
	ERR_UNSUPPORTED, /* the kernel or this build lacks something */
	ERR_MALFORMED,   /* a file does not say what its format promises */
	ERR_REFUSED,     /* possible, but unsafe without a flag by name */
	ERR_TIMEOUT,     /* a deadline passed */
	ERR_SYSTEM,      /* a system call failed for no better-known reason */
	ERR_KIND_MAX,
};

#define ERR_TEXT_MAX 768

struct err {
	enum err_kind kind;
	int errnum; /* positive errno, 0 where none is behind the error */
	char text[ERR_TEXT_MAX];
};

/* Fill *err (may be NULL) and return a negative errno that stands for the kind. */
int err_set(struct err *err, enum err_kind kind, const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * The same for a failed system call: errnum is errno (positive or negative). ": strerror(errnum)" is appended and the
 * kind follows from errnum (ESRCH: gone; EPERM, EACCES: denied; ENOSYS: unsupported; ETIMEDOUT: timeout; else system).
 * Returns -errnum.
 */
int err_sys(struct err *err, int errnum, const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * Put "context: " in front of a filled error. Returns what the error stands for, so that `return err_wrap(...)`
 * works.
 */
int err_wrap(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "usage", "not-found", ...: the word that stands in the message. Never NULL. */
const char *err_kind_name(enum err_kind kind);
