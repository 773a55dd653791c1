/* SPDX-License-Identifier: Apache-2.0 */
/* Owns which of the caller's wishes the host's owner grants. */
#include "config.h"
#include "option.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/weaken.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define CONFIG_FILE "config.json"

const char *config_path(void)
{
	return weaken_path("DBG_CONFIG", "/etc/dbgattach/" CONFIG_FILE);
}

/* ---- the file ------------------------------------------------------------------------------------------------------ */

static int check_owner(int fd, const char *what, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "%s", what);
	if (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return err_set(err, ERR_REFUSED,
			       "%s: not root's, or others can write there; chown root and chmod go-w it, or remove it",
			       what);
	return 0;
}

/* Opened beneath its folder, which has to be root's too: whoever can take the file away would be without a policy. */
static int open_file(const char *path, struct err *err)
{
	cleanup_free char *folder = text_printf("%.*s", (int)(strrchr(path, '/') - path), path);
	cleanup_close int folder_fd =
		folder == NULL ? -EBADF : open(folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (folder == NULL)
		return err_sys(err, ENOMEM, "%s", path);
	if (folder_fd < 0)
		return errno == ENOENT ? -ENOENT : err_sys(err, errno, "%s", folder);
	int result = check_owner(folder_fd, folder, err);
	if (result < 0)
		return result;
	int fd = openat(folder_fd, CONFIG_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return fd >= 0 || errno == ENOENT ? (fd >= 0 ? fd : -ENOENT) : err_sys(err, errno, "%s", path);
}

int config_load(struct config *ret, bool *ret_found, struct err *err)
{
	const char *path = config_path();
	cleanup_buffer struct buffer text = { 0 };
	cleanup_close int fd = open_file(path, err);

	*ret = (struct config) { 0 };
	*ret_found = fd != -ENOENT;
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	int result = check_owner(fd, path, err);
	if (result < 0)
		return result;
	result = io_read_all(fd, CONFIG_MAX, &text);
	if (result == -EFBIG)
		return err_set(err, ERR_MALFORMED, "%s is larger than %d bytes", path, CONFIG_MAX);
	if (result < 0)
		return err_sys(err, result, "%s", path);
	result = config_parse(text.data == NULL ? "" : text.data, text.length, ret, err);
	return result < 0 ? err_wrap(err, "%s", path) : 0;
}

/* ---- defaults ------------------------------------------------------------------------------------------------------ */

static int apply_default(struct cli_result *result, const char *option, const char *value, bool given, struct err *err)
{
	if (given || value == NULL)
		return 0;
	for (size_t i = 0; i < option_count; i++)
		if (option_table[i].long_name != NULL && strcmp(option_table[i].long_name, option) == 0 &&
		    option_table[i].apply(result, value, err) < 0)
			return err_wrap(err, "%s", config_path());
	return 0;
}

static int apply_defaults(const struct config *config, struct cli_result *result, struct err *err)
{
	const struct attach_request *request = &result->request;
	const struct {
		const char *option, *value;
		bool given;
	} rows[] = {
		{ "profile", config->profile, result->profile_given || result->custom_given },
		{ "toolbox", config->toolbox, request->toolbox != NULL },
		{ "toolbox-check", config->toolbox_check, result->toolbox_check_given },
		{ "shell", config->shell, request->shell != NULL },
		{ "timeout", config->timeout, request->timeout_s != 0 },
	};
	int status = 0;

	for (size_t i = 0; status == 0 && i < ARRAY_SIZE(rows); i++)
		status = apply_default(result, rows[i].option, rows[i].value, rows[i].given, err);
	return status;
}

/* ---- policy -------------------------------------------------------------------------------------------------------- */

/* "baseline, restricted", or "none". */
static void list_names(char *out, size_t size, const char *name)
{
	size_t length = strlen(out);

	(void)text_format(out + length, size - length, "%s%s", length > 0 ? ", " : "", name);
}

static int check_profile(const struct config *config, const struct attach_request *request, struct err *err)
{
	char names[256] = "";

	/* One of the caller's own is allowed or not as a whole, whatever it is called. */
	if (!config->profiles_given || request->custom != NULL)
		return 0;
	for (size_t i = 0; i < config->profiles.count; i++) {
		if (profile_find(config->profiles.items[i]) == NULL)
			return err_set(err, ERR_MALFORMED, "%s: profiles: there is no profile \"%.32s\"", config_path(),
				       config->profiles.items[i]);
		if (strcmp(config->profiles.items[i], request->profile->name) == 0)
			return 0;
		list_names(names, sizeof(names), config->profiles.items[i]);
	}
	return err_set(err, ERR_REFUSED, "--profile %s: %s allows only %s", request->profile->name, config_path(),
		       names[0] != '\0' ? names : "profiles of none");
}

/* On the default filter the others only stand on top; in the place of the target's, each can be the weaker one. */
static bool seccomp_deviates(const struct attach_request *request)
{
	enum seccomp_mode own = request->profile->seccomp;

	if (!request->seccomp_given || request->seccomp == own || own == SECCOMP_UNCONFINED)
		return false;
	return request->seccomp == SECCOMP_UNCONFINED || own != SECCOMP_DEFAULT;
}

/* Bit per enum config_allow. */
static unsigned deviations(const struct attach_request *request)
{
	const bool is[] = {
		[CONFIG_CAP_ADD] = request->cap_add != 0,
		[CONFIG_CUSTOM] = request->custom != NULL,
		[CONFIG_HOST_NET] = request->host_net,
		[CONFIG_HOST_PID] = request->host_pid,
		[CONFIG_LSM] =
			request->lsm_given && request->lsm == LSM_UNCONFINED && request->profile->lsm != LSM_UNCONFINED,
		[CONFIG_NS] = request->namespaces_given,
		[CONFIG_SECCOMP] = seccomp_deviates(request),
		[CONFIG_USER] = request->user == USER_GIVEN ||
				(request->user == USER_ROOT && request->profile->ids != IDS_ROOT),
		[CONFIG_WRITE] = request->write,
	};
	unsigned found = 0;

	for (unsigned i = 0; i < CONFIG_ALLOW_MAX; i++)
		found |= (unsigned)is[i] << i;
	return found;
}

static int check_deviations(const struct config *config, const struct attach_request *request, struct err *err)
{
	unsigned refused = deviations(request) & ~config->allow;
	char names[256] = "";

	if (refused == 0)
		return 0;
	for (unsigned i = 0; i < CONFIG_ALLOW_MAX; i++)
		if ((config->allow & 1U << i) != 0)
			list_names(names, sizeof(names), config_allow_name(i));
	return err_set(err, ERR_REFUSED, "--%s: %s allows only %s",
		       config_allow_name((enum config_allow)__builtin_ctz(refused)), config_path(),
		       names[0] != '\0' ? names : "what the profile has");
}

static int check_timeout(const struct config *config, struct attach_request *request, struct err *err)
{
	if (config->max_timeout_s == 0)
		return 0;
	if (request->timeout_s > config->max_timeout_s)
		return err_set(err, ERR_REFUSED, "--timeout %us: %s allows only %us", request->timeout_s, config_path(),
			       config->max_timeout_s);
	if (request->timeout_s == 0)
		request->timeout_s = config->max_timeout_s;
	return 0;
}

int config_apply(const struct config *config, struct cli_result *result, struct err *err)
{
	int status = apply_defaults(config, result, err);

	if (status == 0 && config->policy)
		status = check_profile(config, &result->request, err);
	if (status == 0 && config->policy)
		status = check_deviations(config, &result->request, err);
	if (status == 0 && config->policy)
		status = check_timeout(config, &result->request, err);
	return status;
}
