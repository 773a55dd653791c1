/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the order: resolve and pin, read section by section, verify. The sections are a table. */
#include "inspect.h"

#include "dbgattach/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>

static const struct {
	const char *name;
	json_t *(*read)(const struct inspection *inspection, struct err *err);
} sections[] = {
	{ "target", inspect_target },
	{ "namespaces", inspect_namespaces },
	{ "ids", inspect_ids },
	{ "capabilities", inspect_capabilities },
	{ "seccomp", inspect_seccomp },
	{ "lsm", inspect_lsm },
	{ "cgroup", inspect_cgroup },
	{ "limits", inspect_limits },
	{ "sockets", inspect_sockets },
	{ "mounts", inspect_mounts },
	{ "environment", inspect_environment },
};

json_t *inspect_made(json_t *value, struct err *err)
{
	if (value == NULL)
		(void)err_sys(err, ENOMEM, "inspecting");
	return value;
}

static void inspection_done(struct inspection *inspection)
{
	process_facts_done(&inspection->process);
	target_done(&inspection->target);
	pin_done(&inspection->pin);
	close_quietly(inspection->self_fd);
	host_done(&inspection->host);
}

static int read_facts(struct inspection *inspection, const struct reference *reference, const char *host_root,
		      struct err *err)
{
	struct ns_set ours;
	int result = host_open(host_root, &inspection->host, err);

	if (result < 0)
		return result;
	ns_join_host_cgroup(inspection->host.proc_fd);
	result = target_resolve(&inspection->host, reference, &inspection->target, &inspection->pin, err);
	if (result < 0)
		return result;
	inspection->self_fd = openat(inspection->host.proc_fd, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (inspection->self_fd < 0)
		return err_sys(err, errno, "our own /proc/self");
	result = process_facts_read(&inspection->pin, &inspection->process, err);
	if (result == 0)
		result = ns_set_read(inspection->pin.proc_fd, &inspection->theirs, err);
	if (result == 0)
		result = ns_set_read(inspection->self_fd, &ours, err);
	if (result == 0)
		result = ns_set_read_host(inspection->host.proc_fd, &ours, &inspection->host_namespaces, err);
	return result;
}

static int read_sections(const struct inspection *inspection, json_t *document)
{
	json_t *errors = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		struct err why = { 0 };
		json_t *section = sections[i].read(inspection, &why);

		if (section == NULL)
			(void)json_array_append_new(errors, json_pack("{s:s, s:o}", "section", sections[i].name, "text",
								      json_text(why.text)));
		if (json_object_set_new(document, sections[i].name, section != NULL ? section : json_null()) < 0)
			return -ENOMEM;
	}
	return json_object_set_new(document, "errors", errors) < 0 ? -ENOMEM : 0;
}

int inspect_read(const struct reference *reference, const char *host_root, bool show_secrets, json_t **ret,
		 struct err *err)
{
	__attribute__((cleanup(inspection_done))) struct inspection inspection = {
		.host = { -EBADF, -EBADF },
		.self_fd = -EBADF,
		.pin = PIN_INIT,
		.show_secrets = show_secrets,
	};
	cleanup_json json_t *document = json_object();

	int result = read_facts(&inspection, reference, host_root, err);
	if (result < 0)
		return result;
	result = read_sections(&inspection, document);
	if (result < 0)
		return err_sys(err, result, "inspecting");
	/* All of it was read through the pinned folder; it only counts if the process lived to the end of the reading. */
	result = pin_verify(&inspection.pin, err);
	if (result < 0)
		return result;
	*ret = take_ptr(document);
	return 0;
}
