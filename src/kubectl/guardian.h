/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outlives the client by a moment should that be killed: then it gives the terminal back and takes the Job away. (The session
 * itself ends without it: the helper in the pod notices.)
 */
#pragma once

#include "place.h"

#include "dbgattach/session.h"

/* Shared with the client, which writes it. */
struct kube_guardian_page {
	bool raw; /* the terminal */
	struct place place;
};

struct kube_guardian {
	struct kube_guardian_page *page;
	pid_t pid; /* 0: none */
	int pidfd, pipe;
};

#define KUBE_GUARDIAN_NONE                                                                                             \
	{                                                                                                              \
		.pidfd = -EBADF, .pipe = -EBADF                                                                        \
	}

int kube_guardian_start(struct kubectl *kubectl, struct session_tty *tty, struct kube_guardian *ret, struct err *err);
/* Everything is in order: it ends without a word. */
void kube_guardian_end(struct kube_guardian *guardian);
