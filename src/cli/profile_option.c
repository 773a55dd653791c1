/* SPDX-License-Identifier: Apache-2.0 */
/* --seccomp FILE and --custom FILE: the caller's own files become part of the request. */
#include "option.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/format/custom_profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static int read_file(const char *path, size_t limit, struct buffer *ret, struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	int result = fd < 0 ? -errno : io_read_all(fd, limit, ret);

	if (result == -EFBIG)
		return err_set(err, ERR_MALFORMED, "%s is larger than %zu bytes", path, limit);
	if (result == -ENOENT)
		return err_set(err, ERR_USAGE, "%s: there is no such file", path);
	return result < 0 ? err_sys(err, result, "%s", path) : 0;
}

static void drop_seccomp(struct attach_request *request)
{
	if (request->seccomp_profile != NULL)
		seccomp_profile_done(request->seccomp_profile);
	free(take_ptr(request->seccomp_profile));
}

static int read_seccomp(struct attach_request *request, const char *path, struct err *err)
{
	cleanup_buffer struct buffer text = { 0 };
	struct seccomp_profile profile = { 0 };
	int result = read_file(path, SECCOMP_PROFILE_MAX, &text, err);

	if (result < 0)
		return result;
	result = seccomp_profile_parse(text.data == NULL ? "" : text.data, text.length, &profile, err);
	if (result < 0)
		return err_wrap(err, "%s", path);
	drop_seccomp(request);
	request->seccomp_profile = malloc(sizeof(profile));
	if (request->seccomp_profile == NULL) {
		seccomp_profile_done(&profile);
		return err_sys(err, ENOMEM, "%s", path);
	}
	*request->seccomp_profile = profile;
	return 0;
}

static int take_seccomp(struct attach_request *request, const char *value, enum seccomp_mode *ret, struct err *err)
{
	*ret = seccomp_mode_of_word(value);
	return *ret == SECCOMP_FILE ? read_seccomp(request, value, err) : 0;
}

int apply_seccomp(struct cli_result *result, const char *value, struct err *err)
{
	int status = take_seccomp(&result->request, value, &result->request.seccomp, err);

	result->request.seccomp_given = true;
	return status < 0 ? err_wrap(err, "--seccomp") : 0;
}

static int make_profile(struct attach_request *request, struct custom_profile *custom, struct err *err)
{
	struct profile profile = {
		.ids = custom->target_ids ? IDS_TARGET : IDS_ROOT,
		.all_capabilities = custom->all_capabilities,
		.target_capabilities = custom->target_capabilities,
		.target_attributes = custom->target_limits,
		.unmasked_proc = custom->unmasked_proc,
		.all_devices = custom->all_devices,
		.seccomp = SECCOMP_DEFAULT,
	};
	int result = 0;

	if (profile_find(custom->name) != NULL)
		return err_set(err, ERR_USAGE, "the name %s is that of a profile of dbgattach's own", custom->name);
	for (size_t i = 0; result == 0 && i < custom->capabilities.count; i++) {
		uint64_t mask = 0;
		result = capabilities_parse(custom->capabilities.items[i], &mask, err);
		profile.capabilities |= mask;
	}
	/* --seccomp stands above it, wherever it stands on the command line; where before, the file is not even opened. */
	if (result == 0 && custom->seccomp != NULL && !request->seccomp_given)
		result = take_seccomp(request, custom->seccomp, &profile.seccomp, err);
	if (result < 0)
		return result;
	attach_custom_done(request);
	request->custom = malloc(sizeof(profile));
	if (request->custom == NULL)
		return err_sys(err, ENOMEM, "--custom");
	profile.name = take_ptr(custom->name);
	profile.summary = custom->summary != NULL ? take_ptr(custom->summary) : strdup("a profile of the caller's own");
	*request->custom = profile;
	request->profile = request->custom;
	return 0;
}

int apply_custom(struct cli_result *result, const char *value, struct err *err)
{
	__attribute__((cleanup(custom_profile_done))) struct custom_profile custom = { 0 };
	cleanup_buffer struct buffer text = { 0 };
	int status = read_file(value, CUSTOM_PROFILE_MAX, &text, err);

	if (status == 0) {
		status = custom_profile_parse(text.data == NULL ? "" : text.data, text.length, &custom, err);
		if (status < 0)
			status = err_wrap(err, "%s", value);
	}
	if (status == 0)
		status = make_profile(&result->request, &custom, err);
	if (status < 0)
		return err_wrap(err, "--custom");
	result->custom_given = true;
	return 0;
}
