/* SPDX-License-Identifier: Apache-2.0 */
/* Where the helper of a session runs: found or made, and taken away again. */
#pragma once

#include "job.h"
#include "target.h"

struct place {
	enum kubectl_mode mode; /* never KUBECTL_AUTO */
	const char *name_space; /* NULL: the request's */
	char pod[256];          /* "": not known yet */
	char container[64];
	char name[JOB_NAME_MAX]; /* of what is made: the Job, the ephemeral container */
	bool made;               /* a Job is there, or may be */
};

/* Looks for the agent while the target is looked for. Which of the modes it is to be, is known then. */
int place_choose(struct kubectl *kubectl, struct kube_target *target, struct place *ret, struct err *err);
/* Makes what has to be made for it. What it makes is in ret->name, and ret->made said, before. */
int place_make(struct kubectl *kubectl, const struct kube_target *target, struct place *place, struct err *err);
/* How far it is. 0: nothing speaks against it; place->pod may be known now. Negative: it will never run. */
int place_look(struct kubectl *kubectl, struct place *place, int64_t since, struct err *err);
/* Nobody waits for its end. Told in a line where it cannot be. */
void place_remove(struct kubectl *kubectl, const struct place *place);
