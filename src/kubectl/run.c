/* SPDX-License-Identifier: Apache-2.0 */
/* One session from beginning to end: the target, a place for the helper, the helper, the session, and everything gone. */
#include "guardian.h"
#include "place.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/clock.h"
#include "dbgattach/base/log.h"
#include "dbgattach/format/kubectl_error.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HELPER_TIMEOUT_MS 15000
#define START_TIMEOUT_S 60
#define EAGER_TRIES 2 /* of exec, before anybody is asked why it does not work */
#define EAGER_MS 3000 /* without a pause between the tries: a pod is there within a second */
#define PAUSE_MS 500
#define EXEC_PATIENCE_MS 2000 /* of a kubectl that has nothing left to do */

struct kube_session {
	struct kubectl kubectl;
	struct kube_target target;
	struct place place;
	struct session_tty tty;
	struct kube_guardian guardian;
	struct call exec;
	struct remote_client *client;
	struct remote_result result;
};

/* ---- the helper ------------------------------------------------------------------------------------------------------------ */

/* 1: it is there. 0: not yet. */
static int try_exec(struct kube_session *session, struct err *err)
{
	const struct place *place = &session->place;
	struct kubectl_error said;
	int from, to;
	int result = call_exec(&session->kubectl, place->name_space, place->pod, place->container, &session->exec,
			       &from, &to, err);

	if (result == 0)
		result = remote_client_new(from, to, session->kubectl.signal_fd, &session->client, err);
	if (result == 0)
		result = remote_client_wait(session->client, HELPER_TIMEOUT_MS, &session->result, err);
	if (result == 1)
		return 1;
	remote_client_free(take_ptr(session->client));
	if (result == 0) {
		call_end(&session->exec, EXEC_PATIENCE_MS);
		kubectl_error_parse(session->exec.error_text.data, session->exec.error_text.length, &said);
		if (!said.not_yet || place->mode == KUBECTL_AGENT) {
			session->exec.what = place->pod;
			result = session->exec.status != 0 ?
					 call_check(&session->exec, err) :
					 err_set(err, ERR_SYSTEM, "pod %s: its helper has ended without a word",
						 place->pod);
		}
	} else if (result == -EINTR)
		session->kubectl.stop_signal = session->result.exit_status - 128;
	call_done(&session->exec);
	return result;
}

static int64_t start_timeout_ms(const struct kubectl_request *request)
{
	return 1000 * (int64_t)(request->start_timeout_s != 0 ? request->start_timeout_s : START_TIMEOUT_S);
}

static int pause_for(struct kubectl *kubectl, int ms)
{
	struct pollfd poll_fd = { .fd = kubectl->signal_fd, .events = POLLIN };

	if (poll(&poll_fd, 1, ms) == 1)
		kubectl->stop_signal = session_stop_signal(kubectl->signal_fd);
	return kubectl->stop_signal != 0 ? -EINTR : 0;
}

/*
 * Again and again, since what the API server says of a container's state lags behind it by up to a second and a half. Only
 * what does not work at once is looked at.
 */
static int connect_helper(struct kube_session *session, struct err *err)
{
	struct kubectl *kubectl = &session->kubectl;
	struct place *place = &session->place;
	int64_t since = clock_now_ms(), timeout = start_timeout_ms(kubectl->request);

	for (unsigned tries = 0;; tries++) {
		int result = 0;

		if (place->mode != KUBECTL_AGENT && (place->pod[0] == '\0' || tries >= EAGER_TRIES))
			result = place_look(kubectl, place, since, err);
		if (result == 0 && place->pod[0] != '\0')
			result = try_exec(session, err);
		if (result != 0)
			return result < 0 ? result : 0;
		int64_t now = clock_now_ms();
		if (now >= since + timeout)
			return err_set(err, ERR_TIMEOUT,
				       "%s %s does not run after %lld s (--start-timeout); is node %s ready? "
				       "kubectl get nodes tells",
				       place->mode == KUBECTL_NODE ? "the node pod of Job" : "container", place->name,
				       (long long)timeout / 1000, session->target.node);
		if (now >= since + EAGER_MS && pause_for(kubectl, PAUSE_MS) < 0)
			return -EINTR;
	}
}

/* ---- the session ------------------------------------------------------------------------------------------------------------ */

/* What stands before the target, behind dbgattach's own options. */
static const char *const *words_before(const struct kube_session *session)
{
	static const char *const none[] = { NULL };
	static const char *const view[] = { "--node", "view", NULL };
	/*
	 * A node is its first process, in all that it shares with itself; the PID and the network namespace that an ephemeral
	 * container has are the target's.
	 */
	static const char *const shared[] = { "--host-pid", "--host-net", NULL };

	if (session->place.mode == KUBECTL_VIEW)
		return view;
	return session->target.container == NULL || session->place.mode == KUBECTL_EPHEMERAL ? shared : none;
}

static int add_words(const struct kube_session *session, struct strv *words, const struct strv *command)
{
	int result = 0;

	for (const char *const *word = words_before(session); result == 0 && *word != NULL; word++)
		result = strv_add(words, *word);
	if (result == 0)
		result = strv_add(words, session->target.container != NULL ? session->target.container->id : "pid:1");
	if (result == 0 && command->count > 0 && session->place.mode != KUBECTL_VIEW)
		result = strv_add(words, "--");
	for (size_t i = 0; result == 0 && i < command->count; i++)
		result = strv_add(words, command->items[i]);
	return result;
}

static int open_terminal(struct kube_session *session, struct kubectl_request *request, struct err *err)
{
	bool input = isatty(STDIN_FILENO) == 1;

	request->remote.terminal =
		!request->no_terminal && (request->wants_terminal || (input && isatty(STDOUT_FILENO) == 1));
	return request->remote.terminal && input ? session_tty_open(STDIN_FILENO, &session->tty, err) : 0;
}

static int run_session(struct kube_session *session, const struct kubectl_request *request, struct err *err)
{
	int result = 0;

	if (session->tty.fd >= 0) {
		session->guardian.page->raw = true;
		result = session_tty_raw(&session->tty, err);
	}
	if (result == 0)
		result = remote_client_run(session->client, &request->remote, &session->tty, &session->result, err);
	return result;
}

/* The end of its stdin ends kubectl, and the helper, if it still lives. */
static void end_exec(struct kube_session *session)
{
	remote_client_free(take_ptr(session->client));
	call_end(&session->exec, EXEC_PATIENCE_MS);
}

static int tell_result(struct kube_session *session, int *ret_status)
{
	const struct remote_result *result = &session->result;
	struct kubectl_error said;

	*ret_status = result->exit_status;
	switch (result->end) {
	case REMOTE_NO_BEAT:
		log_error("gone: the node had not heard of us for 5 s, and has ended the session");
		break;
	case REMOTE_LOST:
		kubectl_error_parse(session->exec.error_text.data, session->exec.error_text.length, &said);
		log_error("gone: the connection to node %s is lost, and the session with it%s%s", session->target.node,
			  said.text[0] != '\0' ? ": " : "", said.text);
		break;
	case REMOTE_STOPPED:
	case REMOTE_ENDED:
		break;
	}
	if (result->write_error != 0) {
		log_error("system: writing the session's output: %s", strerror(result->write_error));
		if (*ret_status == 0)
			*ret_status = 1;
	}
	return 0;
}

static int attach(struct kube_session *session, struct kubectl_request *request, struct err *err)
{
	struct kubectl *kubectl = &session->kubectl;
	int result = open_terminal(session, request, err);

	if (result == 0)
		result = place_choose(kubectl, &session->target, &session->place, err);
	if (result == 0)
		result = job_name(session->place.name, err);
	if (result == 0)
		result = kube_guardian_start(kubectl, &session->tty, &session->guardian, err);
	if (result == 0 && session->place.mode != KUBECTL_AGENT) {
		/* Said before it is there: it may be made in the moment in which we are killed. */
		session->guardian.page->place = session->place;
		session->guardian.page->place.made = session->place.mode == KUBECTL_NODE;
		result = place_make(kubectl, &session->target, &session->place, err);
	}
	log_step("session in pod %s, by %s", session->place.pod, kubectl_mode_name(session->place.mode));
	if (result == 0)
		result = connect_helper(session, err);
	if (result == 0 && add_words(session, &request->remote.words, &request->command) < 0)
		result = err_sys(err, ENOMEM, "the command");
	return result < 0 ? result : run_session(session, request, err);
}

int kubectl_run(struct kubectl_request *request, int *ret_status, struct err *err)
{
	struct kube_session session = {
		.kubectl = { .request = request, .signal_fd = -EBADF },
		.tty = { .fd = -EBADF },
		.guardian = KUBE_GUARDIAN_NONE,
		.exec = CALL_NONE,
	};
	int result = kube_target_check(request, err);

	if (result == 0 && request->mode == KUBECTL_VIEW && request->remote.words.count > 0)
		result =
			err_set(err, ERR_USAGE, "%.64s: --mode=view enters nothing, and takes no option of dbgattach's",
				request->remote.words.items[0]);
	if (result == 0)
		result = session_take_signals(&session.kubectl.signal_fd, err);
	if (result == 0)
		result = attach(&session, request, err);
	session_tty_restore(&session.tty, result < 0 || session.result.end != REMOTE_ENDED);
	end_exec(&session);
	place_remove(&session.kubectl, &session.place);
	kube_guardian_end(&session.guardian);
	if (result == -EINTR && session.kubectl.stop_signal != 0) {
		*ret_status = 128 + session.kubectl.stop_signal;
		result = 0;
	} else if (result == 0)
		result = tell_result(&session, ret_status);
	session_tty_done(&session.tty);
	call_done(&session.exec);
	kube_target_done(&session.target);
	close_quietly(session.kubectl.signal_fd);
	return result;
}
