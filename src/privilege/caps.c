/* SPDX-License-Identifier: Apache-2.0 */
/* Capability sets, by libcap: names, the five sets of a session, and setting them. */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/text.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/privilege.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>
#include <sys/prctl.h>

static void cleanup_cap_fn(const cap_t *caps)
{
	if (*caps != NULL)
		(void)cap_free(*caps);
}
#define cleanup_cap __attribute__((cleanup(cleanup_cap_fn)))

uint64_t capabilities_all(void)
{
	return (UINT64_C(1) << cap_max_bits()) - 1;
}

int capabilities_parse(const char *name, uint64_t *ret_mask, struct err *err)
{
	char full[40];
	cap_value_t value;
	bool prefixed = strncasecmp(name, "cap_", 4) == 0;

	if (strcasecmp(name, "ALL") == 0) {
		*ret_mask = capabilities_all();
		return 0;
	}
	/* Letters and underscores alone: cap_from_name() would take a number too, and whatever follows a name. */
	if (text_format(full, sizeof(full), "%s%s", prefixed ? "" : "cap_", name) < 0 ||
	    strspn(full, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") != strlen(full) ||
	    cap_from_name(full, &value) < 0)
		return err_set(err, ERR_USAGE,
			       "\"%.40s\" is no capability of this kernel (as in capabilities(7): NET_ADMIN)", name);
	*ret_mask = CAPABILITY_BIT(value);
	return 0;
}

char *capabilities_format(uint64_t mask, char *out, size_t size)
{
	size_t used = 0;

	(void)snprintf(out, size, "%s", mask == 0 ? "none" : "all");
	if (mask == 0 || mask == capabilities_all())
		return out;
	for (cap_value_t value = 0; value < 64; value++) {
		if ((mask & CAPABILITY_BIT(value)) == 0)
			continue;
		char *name = cap_to_name(value);
		/* One that libcap does not know yet is a bare number. */
		const char *shown = name == NULL ? "?" : text_starts(name, "cap_") ? name + 4 : name;
		int length = snprintf(out + used, size - used, "%s%s", used > 0 ? " " : "", shown);

		(void)cap_free(name);
		if (length < 0 || (size_t)length >= size - used)
			break;
		for (char *c = out + used; *c != '\0'; c++)
			if (*c >= 'a' && *c <= 'z')
				*c = (char)(*c - 'a' + 'A');
		used += (size_t)length;
	}
	return out;
}

int capabilities_permitted(uint64_t *ret_mask, struct err *err)
{
	cleanup_cap cap_t caps = cap_get_proc();
	uint64_t mask = 0;

	if (caps == NULL)
		return err_sys(err, errno, "reading our own capabilities");
	for (cap_value_t value = 0; value < cap_max_bits(); value++) {
		cap_flag_value_t set = CAP_CLEAR;

		if (cap_get_flag(caps, value, CAP_PERMITTED, &set) == 0 && set == CAP_SET)
			mask |= CAPABILITY_BIT(value);
	}
	*ret_mask = mask;
	return 0;
}

struct capability_sets capability_sets_of_session(bool root, uint64_t mask, uint64_t added)
{
	uint64_t kept = root ? mask : added;

	return (struct capability_sets) {
		.permitted = kept,
		.effective = kept,
		.bounding = kept,
		.inheritable = root ? 0 : kept,
		.ambient = root ? 0 : kept,
	};
}

int privilege_drop_bounding(uint64_t keep, struct err *err)
{
	if (!PROTECTED(BOUNDING))
		return 0;
	for (cap_value_t value = 0; value < cap_max_bits(); value++)
		if ((keep & CAPABILITY_BIT(value)) == 0 && cap_drop_bound(value) < 0)
			return err_sys(err, errno, "dropping a capability from the bounding set (needs CAP_SETPCAP)");
	return 0;
}

static int set_flag(cap_t caps, cap_flag_t flag, uint64_t mask)
{
	for (cap_value_t value = 0; value < cap_max_bits(); value++)
		if ((mask & CAPABILITY_BIT(value)) != 0 && cap_set_flag(caps, flag, 1, &value, CAP_SET) < 0)
			return -errno;
	return 0;
}

int privilege_set_capabilities(const struct capability_sets *sets, struct err *err)
{
	cleanup_cap cap_t caps = cap_init();

	if (!PROTECTED(CAP_DROP))
		return 0;
	if (caps == NULL || set_flag(caps, CAP_PERMITTED, sets->permitted) < 0 ||
	    set_flag(caps, CAP_EFFECTIVE, sets->effective) < 0 ||
	    set_flag(caps, CAP_INHERITABLE, sets->inheritable) < 0)
		return err_sys(err, ENOMEM, "building the capability sets");
	/* cap_reset_ambient() asks for each capability first: forty calls for one. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return err_sys(err, errno, "clearing the ambient capabilities");
	if (cap_set_proc(caps) < 0)
		return err_sys(err, errno, "setting the capability sets");
	for (cap_value_t value = 0; value < cap_max_bits(); value++)
		if ((sets->ambient & CAPABILITY_BIT(value)) != 0 && cap_set_ambient(value, CAP_SET) < 0)
			return err_sys(err, errno, "raising an ambient capability");
	return 0;
}
