/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the kinds of errors and their texts. Prints nothing and allocates nothing: it must work without memory. */
#include "dbgattach/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int errnum; /* what a function returns for the kind */
} kinds[] = {
	[ERR_NONE] = { "none", EIO },
	[ERR_USAGE] = { "usage", EINVAL },
	[ERR_NOT_FOUND] = { "not-found", ENOENT },
	[ERR_AMBIGUOUS] = { "ambiguous", ENOTUNIQ },
	[ERR_GONE] = { "gone", ESRCH },
	[ERR_CHANGED] = { "changed", ESTALE },
	[ERR_DENIED] = { "denied", EACCES },
	[ERR_UNSUPPORTED] = { "unsupported", EOPNOTSUPP },
	[ERR_MALFORMED] = { "malformed", EBADMSG },
	[ERR_REFUSED] = { "refused", EPERM },
	[ERR_TIMEOUT] = { "timeout", ETIMEDOUT },
	[ERR_SYSTEM] = { "system", EIO },
};
_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == ERR_KIND_MAX, "every kind has a row");

static enum err_kind kind_checked(enum err_kind kind)
{
	return (unsigned)kind < ERR_KIND_MAX ? kind : ERR_SYSTEM;
}

static enum err_kind kind_of_errno(int errnum)
{
	switch (errnum) {
	case ESRCH:
		return ERR_GONE;
	case EPERM:
	case EACCES:
		return ERR_DENIED;
	case ENOSYS:
		return ERR_UNSUPPORTED;
	case ETIMEDOUT:
		return ERR_TIMEOUT;
	default:
		return ERR_SYSTEM;
	}
}

/* What a filled error stands for: the system's errno where there is one, else that of the kind. */
static int stands_for(const struct err *err)
{
	return err->errnum > 0 ? -err->errnum : -kinds[kind_checked(err->kind)].errnum;
}

int err_set(struct err *err, enum err_kind kind, const char *format, ...)
{
	kind = kind_checked(kind);
	if (err) {
		/* Written by way of a copy: an argument may be the text of this very error. */
		struct err filled = { .kind = kind };
		va_list args;
		va_start(args, format);
		(void)vsnprintf(filled.text, sizeof(filled.text), format, args);
		va_end(args);
		*err = filled;
	}
	return -kinds[kind].errnum;
}

int err_sys(struct err *err, int errnum, const char *format, ...)
{
	if (errnum < 0)
		errnum = -errnum;
	if (errnum == 0)
		errnum = EIO; /* a failure must never be returned as success */
	if (err) {
		struct err filled = { .kind = kind_of_errno(errnum), .errnum = errnum };
		va_list args;
		va_start(args, format);
		(void)vsnprintf(filled.text, sizeof(filled.text), format, args);
		va_end(args);

		const char *name = strerrordesc_np(errnum); /* never localised, never allocates */
		size_t length = strlen(filled.text);
		(void)snprintf(filled.text + length, sizeof(filled.text) - length, ": %s",
			       name ? name : "unknown error");
		*err = filled;
	}
	return -errnum;
}

int err_wrap(struct err *err, const char *format, ...)
{
	if (!err)
		return -EIO;

	struct err wrapped = { .kind = err->kind, .errnum = err->errnum };
	va_list args;
	va_start(args, format);
	(void)vsnprintf(wrapped.text, sizeof(wrapped.text), format, args);
	va_end(args);

	size_t length = strlen(wrapped.text);
	/* The rest is cut where it does not fit: the context in front says more than the last words of the cause. */
	int room = (int)(sizeof(wrapped.text) - length) - (int)sizeof(": ");
	if (room > 0)
		(void)snprintf(wrapped.text + length, sizeof(wrapped.text) - length, ": %.*s", room, err->text);
	*err = wrapped;
	return stands_for(err);
}

const char *err_kind_name(enum err_kind kind)
{
	return kinds[kind_checked(kind)].name;
}
