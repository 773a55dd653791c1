/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The label that a session runs under: what there is, what it shall be, setting it, and whether it came true. Labels are
 * read and written through the host's /proc only: the target's own may be anything [CVE-2019-16884, CVE-2019-19921].
 */
#include "lsm.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/weaken.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Of a label, in an error: two of them leave room for what is said about them. */
#define LSM_SHOWN_MAX 200

static const struct lsm *const modules[] = {
	[LSM_APPARMOR] = &lsm_apparmor,
	[LSM_SELINUX] = &lsm_selinux,
};
_Static_assert(ARRAY_SIZE(modules) == LSM_UNKNOWN, "the unknown one stands behind those that are known");

const char *lsm_name(enum lsm_kind kind)
{
	return kind < LSM_UNKNOWN ? modules[kind]->name : "an unknown security module";
}

/* ---- what there is ----------------------------------------------------------------------------------------------- */

ssize_t lsm_read_file(int dirfd, const char *path, char *out, size_t size)
{
	cleanup_buffer struct buffer text = { 0 };
	int result = io_read_file_at(dirfd, path, size - 1, &text);

	if (result < 0)
		return result;
	memcpy(out, text.data, text.length + 1);
	return (ssize_t)text.length;
}

/* A name of its own in "capability,yama,apparmor". */
static bool is_listed(const char *list, const char *id)
{
	size_t length = strlen(id);

	while (*list != '\0') {
		size_t word = strcspn(list, ",\n");

		if (word == length && strncmp(list, id, length) == 0)
			return true;
		list += word + (list[word] != '\0');
	}
	return false;
}

/* The bare label. -EINVAL: no module answers there. -EBADMSG: another one than is meant. */
static int read_label(int proc_fd, const char *attributes, const struct lsm *module, char *out)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/current", attributes);
	ssize_t length = lsm_read_file(proc_fd, path, out, LSM_LABEL_MAX);
	if (length < 0)
		return (int)length;
	out[strcspn(out, "\n")] = '\0'; /* AppArmor ends it with one, SELinux with a NUL */
	return module == NULL ? 0 : module->parse(out);
}

static int read_module(const struct lsm_sources *sources, const struct lsm *module, struct lsm_label *ret,
		       struct err *err)
{
	struct lsm_label label = { .active = true, .attributes = module->attributes };
	int result = read_label(sources->own_fd, label.attributes, module, label.own);

	if (result == -ENOENT && module->attributes_old != NULL) {
		label.attributes = module->attributes_old;
		result = read_label(sources->own_fd, label.attributes, module, label.own);
	}
	if (result < 0)
		return err_sys(err, result,
			       "%s is active, but the caller's own label cannot be read from /proc/self/%s",
			       module->name, label.attributes);
	result = read_label(sources->target_fd, label.attributes, module, label.target);
	if (result < 0)
		return err_sys(err, result, "%s is active, but the target's label cannot be read from /proc/PID/%s",
			       module->name, label.attributes);
	if (module->read_file_label != NULL)
		module->read_file_label(sources->target_fd, label.files, sizeof(label.files));
	*ret = label;
	return 0;
}

/*
 * Smack, or what comes after it: whoever answers there confines processes by labels that nothing here knows how to set. The
 * shared folder is nobody else's where none of ours is active.
 */
static int read_unknown(const struct lsm_sources *sources, bool shared_is_free, struct lsm_label *ret, struct err *err)
{
	static const char *const folders[] = { "attr/smack", "attr" };

	for (size_t i = 0; i < ARRAY_SIZE(folders) - !shared_is_free && !ret->active; i++) {
		struct lsm_label label = { .active = true, .attributes = folders[i] };
		int result = read_label(sources->own_fd, folders[i], NULL, label.own);

		if (result == -EINVAL || result == -ENOENT)
			continue;
		if (result == 0)
			result = read_label(sources->target_fd, folders[i], NULL, label.target);
		if (result < 0)
			return err_sys(err, result, "the target's label in /proc/PID/%s", folders[i]);
		*ret = label;
	}
	return 0;
}

int lsm_read(const struct lsm_sources *sources, struct lsm_facts *ret, struct err *err)
{
	struct lsm_facts facts = { 0 };
	char list[512];
	bool has_list = lsm_read_file(sources->root_fd, "sys/kernel/security/lsm", list, sizeof(list)) > 0;
	bool any = false;
	int result = 0;

	for (enum lsm_kind kind = 0; result == 0 && kind < LSM_UNKNOWN; kind++) {
		const struct lsm *module = modules[kind];

		if (has_list ? !is_listed(list, module->id) : !module->is_active(sources))
			continue;
		any = true;
		result = read_module(sources, module, &facts.of[kind], err);
	}
	if (result == 0)
		result = read_unknown(sources, !any, &facts.of[LSM_UNKNOWN], err);
	if (result == 0)
		*ret = facts;
	return result;
}

/* ---- what it shall be -------------------------------------------------------------------------------------------- */

int lsm_plan_make(const struct lsm_facts *facts, enum lsm_choice choice, struct lsm_plan *ret, struct err *err)
{
	struct lsm_plan plan = { .facts = facts };
	char own[LSM_SHOWN_MAX], target[LSM_SHOWN_MAX];

	for (enum lsm_kind kind = 0; choice == LSM_TARGET && kind < LSM_KIND_MAX; kind++) {
		const struct lsm_label *label = &facts->of[kind];

		if (!label->active || strcmp(label->own, label->target) == 0)
			continue; /* inherited as it is */
		if (kind == LSM_UNKNOWN)
			return err_set(
				err, ERR_UNSUPPORTED,
				"the target's label in /proc/PID/%s is \"%s\" and ours \"%s\": a security module "
				"that dbgattach does not know confines it; --lsm unconfined goes without that",
				label->attributes, text_shorten(label->target, target, sizeof(target)),
				text_shorten(label->own, own, sizeof(own)));
		/* Where the target is free and we are not, the session must not become freer than its caller. */
		plan.adopt[kind] = modules[kind]->confines(label->target);
	}
	*ret = plan;
	return 0;
}

const char *lsm_planned_label(const struct lsm_plan *plan, enum lsm_kind kind)
{
	const struct lsm_label *label = &plan->facts->of[kind];

	return !label->active ? NULL : plan->adopt[kind] ? label->target : label->own;
}

const char *lsm_mount_context(const struct lsm_plan *plan)
{
	const char *context = plan->facts->of[LSM_SELINUX].files;

	return plan->adopt[LSM_SELINUX] && *context != '\0' ? context : NULL;
}

bool lsm_plan_deviates(const struct lsm_plan *plan, enum lsm_kind kind)
{
	const struct lsm_label *label = &plan->facts->of[kind];

	return label->active && !plan->adopt[kind] && strcmp(label->own, label->target) != 0;
}

bool lsm_plan_adopts(const struct lsm_plan *plan, enum lsm_kind kind)
{
	return plan->adopt[kind];
}

/* ---- making it so ------------------------------------------------------------------------------------------------ */

static int write_exec(int proc_self_fd, const struct lsm *module, const struct lsm_label *label, struct err *err)
{
	char path[64], value[LSM_LABEL_MAX + 16], own[LSM_SHOWN_MAX], target[LSM_SHOWN_MAX];
	struct statfs fs;

	(void)snprintf(path, sizeof(path), "%s/exec", label->attributes);
	int length = snprintf(value, sizeof(value), "%s%s", module->exec_prefix, label->target);
	/* Opened only now: some kernels ask whether the writer's credentials still are the opener's. */
	cleanup_close int fd = openat(proc_self_fd, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_sys(err, errno, "%s: the session's own /proc/self/%s", module->name, path);
	if (fstatfs(fd, &fs) < 0)
		return err_sys(err, errno, "%s: the session's own /proc/self/%s", module->name, path);
	if (fs.f_type != PROC_SUPER_MAGIC)
		return err_set(err, ERR_REFUSED, "%s: /proc/self/%s is no file of a procfs", module->name, path);
	if (write(fd, value, (size_t)length) != length)
		return err_sys(err, errno,
			       "%s refuses to go from \"%s\" to the target's label \"%s\" (--lsm unconfined does not)",
			       module->name, text_shorten(label->own, own, sizeof(own)),
			       text_shorten(label->target, target, sizeof(target)));
	return 0;
}

int lsm_apply(int proc_self_fd, const struct lsm_plan *plan, struct err *err)
{
	int result = 0;

	for (enum lsm_kind kind = 0; result == 0 && kind < LSM_UNKNOWN; kind++)
		if (plan->adopt[kind] && PROTECTED(LSM))
			result = write_exec(proc_self_fd, modules[kind], &plan->facts->of[kind], err);
	return result;
}

int lsm_add_hint(const struct lsm_plan *plan, struct err *err)
{
	char own[LSM_SHOWN_MAX], target[LSM_SHOWN_MAX];

	for (enum lsm_kind kind = 0; kind < LSM_UNKNOWN; kind++) {
		const struct lsm_label *label = &plan->facts->of[kind];

		if (plan->adopt[kind])
			(void)err_wrap(
				err,
				"under the target's %s label \"%s\" (does its policy allow the way there from \"%s\" "
				"and to execute the toolbox? --lsm unconfined goes without it)",
				modules[kind]->name, text_shorten(label->target, target, sizeof(target)),
				text_shorten(label->own, own, sizeof(own)));
	}
	return -(err->errnum != 0 ? err->errnum : EINVAL);
}

/* ---- proof ------------------------------------------------------------------------------------------------------- */

int lsm_verify(int proc_pid_fd, const struct lsm_plan *plan, struct err *err)
{
	for (enum lsm_kind kind = 0; kind < LSM_KIND_MAX; kind++) {
		const char *expected = lsm_planned_label(plan, kind);
		char label[LSM_LABEL_MAX], is[LSM_SHOWN_MAX], should[LSM_SHOWN_MAX];

		if (expected == NULL)
			continue;
		int result = read_label(proc_pid_fd, plan->facts->of[kind].attributes,
					kind < LSM_UNKNOWN ? modules[kind] : NULL, label);
		if (result < 0)
			return err_sys(err, result, "reading the session's label, of %s", lsm_name(kind));
		if (strcmp(label, expected) != 0)
			return err_set(err, ERR_REFUSED,
				       "the session is not what was planned: its %s label is \"%s\", not \"%s\"",
				       lsm_name(kind), text_shorten(label, is, sizeof(is)),
				       text_shorten(expected, should, sizeof(should)));
	}
	return 0;
}
