/* SPDX-License-Identifier: Apache-2.0 */
/* Owns what is taken from Docker's daemon.json. Opens nothing. */
#include "dbgattach/format/docker_daemon.h"

#include "dbgattach/base/json.h"

#include <limits.h>
#include <stdlib.h>

#define MEMBER(name) offsetof(struct docker_daemon, name)

static const struct json_field daemon_fields[] = {
	{ .name = "data-root", .type = JSON_FIELD_STRING, .offset = MEMBER(data_root), .limit = PATH_MAX - 1 },
	{ .name = "exec-root", .type = JSON_FIELD_STRING, .offset = MEMBER(exec_root), .limit = PATH_MAX - 1 },
	{ 0 },
};

int docker_daemon_parse(const char *bytes, size_t length, struct docker_daemon *ret, struct err *err)
{
	__attribute__((cleanup(docker_daemon_done))) struct docker_daemon daemon = { 0 };
	cleanup_json json_t *root = NULL;

	int r = json_parse(bytes, length, &root, err);
	if (r < 0)
		return r;
	r = json_read(root, daemon_fields, JSON_FOREIGN, &daemon, err);
	if (r < 0)
		return r;
	if ((daemon.data_root && daemon.data_root[0] != '/') || (daemon.exec_root && daemon.exec_root[0] != '/'))
		return err_set(err, ERR_MALFORMED, "data-root or exec-root is no absolute path");
	*ret = daemon;
	daemon = (struct docker_daemon) { 0 };
	return 0;
}

void docker_daemon_done(struct docker_daemon *daemon)
{
	free(daemon->data_root);
	free(daemon->exec_root);
	*daemon = (struct docker_daemon) { 0 };
}
