/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/clock.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/log.h"
#include "dbgattach/format/kubectl_error.h"
#include "dbgattach/sys/pidfd.h"
#include "dbgattach/sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define KUBECTL "kubectl"
#define REQUEST_TIMEOUT "--request-timeout=10s"
#define HELPER_COMMAND "/dbgattach", "--node", "session"
#define TEXT_MAX (64U << 20)
#define ERROR_TEXT_MAX (256U << 10)
#define NOT_FOUND 127
#define CALLS_MAX 4

/* ---- its words --------------------------------------------------------------------------------------------------------- */

static int add_option(struct strv *words, const char *name, const char *value)
{
	return value == NULL ? 0 : strv_take(words, text_printf("--%s=%s", name, value));
}

/* The user's own words stand where no option can be made of them: behind an "=", or behind "--". */
static int make_words(const struct kubectl_request *request, const char *name_space, const char *const *words,
		      struct strv *ret)
{
	int result = strv_add(ret, KUBECTL);

	for (; result == 0 && *words != NULL && strcmp(*words, "--") != 0; words++)
		result = strv_add(ret, *words);
	const struct {
		const char *name, *value;
	} options[] = {
		{ "namespace", name_space != NULL ? name_space : request->name_space },
		{ "context", request->context },
		{ "kubeconfig", request->kubeconfig },
		{ "as", request->as },
	};
	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(options); i++)
		result = add_option(ret, options[i].name, options[i].value);
	for (; result == 0 && *words != NULL; words++)
		result = strv_add(ret, *words);
	return result;
}

/* ---- its start --------------------------------------------------------------------------------------------------------- */

static _Noreturn void become(char *const *words, const int fds[static 3], pid_t parent)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGTTIN, SIG_DFL);
	/* The terminal's ^C is for us. When we are killed, nobody waits for its answer any more. */
	(void)setsid();
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	for (int fd = 0; fd < 3; fd++)
		if (dup2(fds[fd], fd) < 0)
			_exit(1);
	(void)execvp(KUBECTL, words);
	_exit(errno == ENOENT ? NOT_FOUND : 1);
}

static int spawn(struct call *call, char *const *words, const int fds[static 3])
{
	pid_t parent = getpid();

	call->pid = sys_fork(-EBADF, &call->pidfd);
	if (call->pid == 0)
		become(words, fds, parent);
	return call->pid < 0 ? (int)call->pid : 0;
}

static void log_words(const struct strv *words)
{
	cleanup_buffer struct buffer line = { 0 };

	for (size_t i = 0; i < words->count; i++) {
		size_t length = strlen(words->items[i]);

		if (buffer_reserve(&line, length + 1, TEXT_MAX) < 0)
			return;
		memcpy(line.data + line.length, words->items[i], length);
		line.data[line.length + length] = ' ';
		line.length += length + 1;
		line.data[line.length] = '\0';
	}
	log_step("%s", line.data);
}

/* input: NULL: /dev/null. */
static int open_input(const char *input)
{
	int fd = input == NULL ? open("/dev/null", O_RDONLY | O_CLOEXEC) : memfd_create("kubectl", MFD_CLOEXEC);
	int result = fd < 0 ? -errno : input == NULL ? 0 : io_write_all(fd, input, strlen(input));

	if (result == 0 && input != NULL && lseek(fd, 0, SEEK_SET) < 0)
		result = -errno;
	if (result < 0)
		close_quietly(take_fd(fd));
	return result < 0 ? result : fd;
}

static int start(struct call *call, const struct strv *words, int input, int output, struct err *err)
{
	call->error = memfd_create("kubectl", MFD_CLOEXEC);
	int result = input < 0 ? input : output < 0 ? output : call->error < 0 ? -errno : 0;

	if (result == 0) {
		log_words(words);
		const int fds[] = { input, output, call->error };
		result = spawn(call, words->items, fds);
	}
	return result < 0 ? err_sys(err, result, "starting kubectl") : 0;
}

int call_start(const struct kubectl *kubectl, const char *name_space, const char *what, const char *const *words,
	       const char *input, struct call *ret, struct err *err)
{
	cleanup_strv struct strv all = { 0 };
	cleanup_close int input_fd = open_input(input);

	*ret = (struct call)CALL_NONE;
	ret->what = what;
	ret->deadline = clock_now_ms() + CALL_TIMEOUT_MS;
	int result = make_words(kubectl->request, name_space, words, &all);
	if (result == 0)
		result = strv_add(&all, REQUEST_TIMEOUT);
	if (result < 0)
		return err_sys(err, result, "starting kubectl");
	ret->output = memfd_create("kubectl", MFD_CLOEXEC);
	return start(ret, &all, input_fd, ret->output, err);
}

int call_exec(const struct kubectl *kubectl, const char *name_space, const char *pod, const char *container,
	      struct call *ret, int *ret_from, int *ret_to, struct err *err)
{
	cleanup_strv struct strv words = { 0 };
	int to[2] = { -EBADF, -EBADF }, from[2] = { -EBADF, -EBADF };

	*ret = (struct call)CALL_NONE;
	ret->what = "the helper";
	int result = make_words(kubectl->request, name_space,
				CALL_WORDS("exec", "-i", pod, "-c", container, "--", HELPER_COMMAND), &words);
	if (result == 0 && (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0))
		result = -errno;
	result = result < 0 ? err_sys(err, result, "starting kubectl exec") : start(ret, &words, to[0], from[1], err);
	close_quietly(to[0]);
	close_quietly(from[1]);
	if (result < 0) {
		close_quietly(to[1]);
		close_quietly(from[0]);
		return result;
	}
	*ret_from = from[0];
	*ret_to = to[1];
	return 0;
}

/* ---- its end ----------------------------------------------------------------------------------------------------------- */

static int read_text(int fd, size_t limit, struct buffer *ret)
{
	if (fd < 0)
		return 0;
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : io_read_all(fd, limit, ret);
}

static int reap(struct call *call)
{
	siginfo_t info = { 0 };

	if (call->pidfd < 0)
		return 0;
	if (waitid(P_PIDFD, (id_t)call->pidfd, &info, WEXITED) < 0)
		return -errno;
	close_quietly(take_fd(call->pidfd));
	call->status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	int result = read_text(call->output, TEXT_MAX, &call->text);
	return result < 0 ? result : read_text(call->error, ERROR_TEXT_MAX, &call->error_text);
}

static void kill_call(struct call *call)
{
	siginfo_t info;

	if (call->pidfd < 0)
		return;
	(void)sys_pidfd_send_signal(call->pidfd, SIGKILL);
	(void)waitid(P_PIDFD, (id_t)call->pidfd, &info, WEXITED);
	close_quietly(take_fd(call->pidfd));
}

void call_done(struct call *call)
{
	kill_call(call);
	close_quietly(take_fd(call->output));
	close_quietly(take_fd(call->error));
	buffer_done(&call->text);
	buffer_done(&call->error_text);
}

void call_end(struct call *call, int64_t patience_ms)
{
	struct pollfd poll_fd = { .fd = call->pidfd, .events = POLLIN };

	if (call->pidfd < 0)
		return;
	if (poll(&poll_fd, 1, (int)patience_ms) != 1)
		(void)sys_pidfd_send_signal(call->pidfd, SIGKILL);
	(void)reap(call);
}

static int too_late(const struct call *call, struct err *err)
{
	return err_set(err, ERR_TIMEOUT, "kubectl has not answered about %s for %d s; is the cluster up?", call->what,
		       CALL_TIMEOUT_MS / 1000);
}

int calls_finish(struct kubectl *kubectl, struct call *calls, size_t count, struct err *err)
{
	struct pollfd polls[CALLS_MAX + 1];

	for (;;) {
		int64_t now = clock_now_ms(), first = INT64_MAX;
		size_t running = 0;

		for (size_t i = 0; i < count; i++) {
			polls[i] = (struct pollfd) { .fd = calls[i].pidfd, .events = POLLIN };
			if (calls[i].pidfd < 0)
				continue;
			running++;
			if (now >= calls[i].deadline)
				return too_late(&calls[i], err);
			if (calls[i].deadline < first)
				first = calls[i].deadline;
		}
		if (running == 0)
			return 0;
		polls[count] = (struct pollfd) { .fd = kubectl->signal_fd, .events = POLLIN };
		if (poll(polls, count + 1, (int)(first - now)) < 0 && errno != EINTR)
			return err_sys(err, errno, "waiting for kubectl");
		if (polls[count].revents != 0)
			kubectl->stop_signal = session_stop_signal(kubectl->signal_fd);
		if (kubectl->stop_signal != 0)
			return -EINTR;
		for (size_t i = 0; i < count; i++) {
			int result = polls[i].revents != 0 ? reap(&calls[i]) : 0;
			if (result < 0)
				return err_sys(err, result, "what kubectl says about %s", calls[i].what);
		}
	}
}

int call_check(const struct call *call, struct err *err)
{
	struct kubectl_error said;

	if (call->status == 0)
		return 0;
	if (call->status == NOT_FOUND)
		return err_set(err, ERR_NOT_FOUND, "kubectl is not in PATH");
	kubectl_error_parse(call->error_text.data, call->error_text.length, &said);
	if (said.kind == ERR_NONE)
		return err_set(err, ERR_SYSTEM, "%s: kubectl failed with exit status %d and without a word", call->what,
			       call->status);
	return err_set(err, said.kind, "%s: %s%s%s", call->what, said.text, said.next[0] != '\0' ? "; " : "",
		       said.next);
}

int call_read_json(const struct call *call, json_t **ret, struct err *err)
{
	int result = json_parse(call->text.data, call->text.length, ret, err);

	return result < 0 ? err_wrap(err, "what kubectl says about %s", call->what) : 0;
}

int call_read_pods(const struct call *call, struct kube_pods *ret, struct err *err)
{
	int result = kube_pods_parse(call->text.data, call->text.length, ret, err);

	return result < 0 ? err_wrap(err, "what kubectl says about %s", call->what) : 0;
}

int call_run(struct kubectl *kubectl, const char *name_space, const char *what, const char *const *words,
	     const char *input, struct call *ret, struct err *err)
{
	int result = call_start(kubectl, name_space, what, words, input, ret, err);

	if (result == 0)
		result = calls_finish(kubectl, ret, 1, err);
	return result < 0 ? result : call_check(ret, err);
}
