/* SPDX-License-Identifier: Apache-2.0 */
/* The seccomp filters of others that the session will be under: compiled or copied on the host, before anything is made. */
#include "filters.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/log.h"
#include "dbgattach/launcher.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* Whether the session's own programs can live under them from the beginning is known by running the filters here. */
static void choose_place(struct plan_seccomp *seccomp, char *note, size_t size)
{
	const char *forbidden = seccomp_forbids_session(&seccomp->programs);

	note[0] = '\0';
	seccomp->early = forbidden == NULL;
	/* A session that is to be under the target's alone: what of it is not must not be under none. */
	if (seccomp->early || seccomp->ours || seccomp->foreign == FOREIGN_FILE)
		return;
	seccomp->ours = true;
	(void)snprintf(
		note, size,
		"the target's seccomp filter forbids %s, which the session's init needs: it is loaded for the command "
		"alone, on top of the default one",
		forbidden);
}

int filters_compile(const struct attach_request *request, const struct attach_facts *facts, struct attach_plan *plan,
		    struct err *err)
{
	struct plan_seccomp *seccomp = &plan->seccomp;
	bool from_config = seccomp->foreign == FOREIGN_CONFIG;
	const struct seccomp_terms terms = {
		.capabilities = plan->capabilities.bounding | plan->capabilities.permitted,
		.native_only = seccomp->ours,
		.as_runtime = from_config,
	};
	char remark[SECCOMP_REMARK_MAX];

	if (!from_config && seccomp->foreign != FOREIGN_FILE)
		return 0;
	int result = seccomp_compile(from_config ? &facts->config_seccomp : request->seccomp_profile, &terms,
				     &seccomp->programs.items[0], remark, err);
	if (result < 0)
		return from_config ?
			       err_wrap(err, "the target's seccomp profile (--seccomp default is an alternative)") :
			       result;
	seccomp->programs.count = 1;
	if (remark[0] != '\0')
		plan_note(plan, "seccomp: %s", remark);
	choose_place(seccomp, remark, sizeof(remark));
	if (remark[0] != '\0')
		plan_note(plan, "%s", remark);
	return 0;
}

int filters_copy(const struct pin *pin, struct attach_plan *plan, struct err *err)
{
	char note[SECCOMP_REMARK_MAX];

	if (plan->seccomp.foreign != FOREIGN_COPY)
		return 0;
	int result = seccomp_copy(pin->pid, pin->pidfd, &plan->seccomp.programs, err);
	if (result < 0)
		return result;
	choose_place(&plan->seccomp, note, sizeof(note));
	if (note[0] != '\0')
		log_note("%s", note);
	return 0;
}

int filters_write(const struct plan_seccomp *seccomp, int *ret_fd, struct err *err)
{
	cleanup_close int fd = memfd_create("seccomp", MFD_CLOEXEC);
	int result = fd < 0 ? -errno : 0;

	for (size_t i = 0; result == 0 && i < seccomp->programs.count; i++) {
		const struct seccomp_program *program = &seccomp->programs.items[i];
		const struct launcher_filter head = { program->length, program->flags };

		result = io_write_all(fd, &head, sizeof(head));
		if (result == 0)
			result = io_write_all(fd, program->code, program->length * sizeof(*program->code));
	}
	if (result == 0 && lseek(fd, 0, SEEK_SET) < 0)
		result = -errno;
	if (result < 0)
		return err_sys(err, result, "the seccomp filter for the command");
	*ret_fd = take_fd(fd);
	return 0;
}
