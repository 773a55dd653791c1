/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last net: Jobs whose client, guardian and pod have all failed to take them away, in a cluster without the controller for
 * ttlSecondsAfterFinished (before 1.21) above all.
 */
#include "job.h"
#include "place.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/log.h"

#include <errno.h>

static int remove_job(struct kubectl *kubectl, const char *name, FILE *out, struct err *err)
{
	cleanup_call struct call call = CALL_NONE;
	int result =
		call_run(kubectl, job_namespace(kubectl->request), name,
			 CALL_WORDS("delete", "job", name, "--wait=false", "--ignore-not-found"), NULL, &call, err);

	if (result == 0)
		(void)fprintf(out, "%s\n", name);
	return result;
}

/* A Job that waits for its pod's start has none active yet, and is left alone: it has no start time or a pod soon. */
static bool is_over(json_t *job)
{
	json_t *status = json_object_get(job, "status");

	return json_integer_value(json_object_get(status, "active")) == 0 &&
	       json_integer_value(json_object_get(status, "succeeded")) +
			       json_integer_value(json_object_get(status, "failed")) >
		       0;
}

int kubectl_gc(const struct kubectl_request *request, bool all, FILE *out, struct err *err)
{
	struct kubectl kubectl = { .request = request, .signal_fd = -EBADF };
	cleanup_call struct call call = CALL_NONE;
	cleanup_json json_t *list = NULL;
	json_t *job;
	size_t i, kept = 0;
	int result = call_run(&kubectl, job_namespace(request), "the Jobs of sessions",
			      CALL_WORDS("get", "jobs", "-l", JOB_LABEL, "-o", "json"), NULL, &call, err);

	if (result == 0)
		result = call_read_json(&call, &list, err);
	if (result < 0)
		return result;
	json_array_foreach(json_object_get(list, "items"), i, job)
	{
		const char *name = json_string_value(json_object_get(json_object_get(job, "metadata"), "name"));

		if (name == NULL || (!all && !is_over(job)))
			kept++;
		else if (result == 0)
			result = remove_job(&kubectl, name, out, err);
	}
	if (result == 0 && kept > 0)
		log_note("%zu Job%s of running sessions kept (--all removes %s too, and ends the sessions)", kept,
			 kept == 1 ? "" : "s", kept == 1 ? "it" : "them");
	return result;
}
