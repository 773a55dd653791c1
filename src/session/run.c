/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: three pumps, the signals, the deadlines and the ways a session ends. Nothing here blocks but poll(). */
#include "pump.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/clock.h"
#include "dbgattach/base/weaken.h"
#include "dbgattach/session.h"
#include "dbgattach/sys/pidfd.h"
#include "dbgattach/sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRACE_MS 5000          /* between a TERM or HUP and the end of everything */
#define INIT_GRACE_MS 1000     /* init reaps what was killed and exits; after that it is killed itself */
#define SEARCH_GRACE_MS 5000   /* the same where init alone can find the rest: it asks for every pid there can be */
#define KILL_INTERVAL_MS 20    /* between two looks at who is left */
#define STOPS_MAX 20           /* as often init is continued; who stops it once more does not want the session */
#define DRAIN_LIMIT (1U << 20) /* no pipe of ours holds more; what comes after is somebody else's */

enum pump_index { PUMP_INPUT, PUMP_OUTPUT, PUMP_ERROR, PUMP_MAX };

struct loop {
	struct session *session;
	struct pump pumps[PUMP_MAX];
	struct session_result result;
	bool init_ended, others_left;
	unsigned stops;
	int64_t timeout_at, end_at, kill_init_at, look_again_at; /* CLOCK_MONOTONIC ms, 0: not set */
};

int session_exit_status(const siginfo_t *info)
{
	return info->si_code == CLD_EXITED ? info->si_status : 128 + info->si_status;
}

static void set_earlier(int64_t *deadline, int64_t at)
{
	if (*deadline == 0 || *deadline > at)
		*deadline = at;
}

/*
 * Ends everything but init, which reaps it and exits by itself; if it does not, it is killed. The look at who is left comes a
 * moment later: nearly always it is init alone, which is already exiting.
 */
static void end_everything(struct loop *loop)
{
	int64_t now = clock_now_ms();

	loop->end_at = 0;
	loop->others_left = true;
	(void)sys_pidfd_send_signal(loop->session->init_pidfd,
				    SIGCONT); /* stopped from outside, it would reap nobody */
	loop->look_again_at = now + 1;
	set_earlier(&loop->kill_init_at, now + INIT_GRACE_MS);
}

/* ---- signals --------------------------------------------------------------------------------------------------- */

static void resize(const struct session *session)
{
	struct winsize size = session_tty_size(session->tty);

	if (session->channels->terminal && session->tty->fd >= 0 && session->channels->input >= 0 && PROTECTED(RESIZE))
		(void)ioctl(session->channels->input, TIOCSWINSZ, &size);
}

/* The shell that has put us into the background must find its terminal as it was. */
static void stop_and_continue(struct session *session)
{
	struct err ignored;
	bool was_raw = session->tty->raw;

	session_tty_restore(session->tty, false);
	(void)raise(SIGSTOP);
	if (was_raw)
		(void)session_tty_raw(session->tty, &ignored);
	resize(session);
}

static void pass_on(struct loop *loop, int signal)
{
	(void)sys_pidfd_send_signal(loop->session->init_pidfd, signal);
	if (signal == SIGTERM || signal == SIGHUP)
		set_earlier(&loop->end_at, clock_now_ms() + GRACE_MS);
}

/*
 * Nobody but the container stops init: it is in no terminal's job control. It is continued, or the session would hang; where
 * it is stopped again and again, the session ends.
 */
static void continue_init(struct loop *loop)
{
	struct session *session = loop->session;
	siginfo_t info = { 0 };

	if (!PROTECTED(STOPPED) || weaken_holds("init") || loop->init_ended ||
	    waitid(P_PIDFD, (id_t)session->init_pidfd, &info, WSTOPPED | WNOHANG | __WALL) < 0 || info.si_pid == 0)
		return;
	(void)sys_pidfd_send_signal(session->init_pidfd, SIGCONT);
	if (++loop->stops > STOPS_MAX && !loop->others_left) {
		loop->result.reason = SESSION_STOPPED;
		end_everything(loop);
	}
}

static void handle_signals(struct loop *loop)
{
	struct signalfd_siginfo info;
	bool child = false;

	while (read(loop->session->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		int signal = (int)info.ssi_signo;

		if (signal == SIGWINCH)
			resize(loop->session);
		else if (signal == SIGTSTP)
			stop_and_continue(loop->session);
		else if (signal == SIGCHLD)
			child = true;
		else
			pass_on(loop, signal);
	}
	/* Not in there: stopped again each time, it would keep us from everything else. */
	if (child)
		continue_init(loop);
}

/* ---- ending ---------------------------------------------------------------------------------------------------- */

static void look_again(struct loop *loop, int64_t now)
{
	struct session *session = loop->session;

	loop->look_again_at = 0;
	if (!PROTECTED(KILL_REST))
		return;
	int others = session->kill_others(session->context);
	if (others > 0) {
		loop->look_again_at = now + KILL_INTERVAL_MS;
		return;
	}
	if (others < 0)
		loop->kill_init_at = now + SEARCH_GRACE_MS;
	/* Who is not listed, or where there is no list, init finds by itself. */
	(void)sys_pidfd_send_signal(session->init_pidfd, session->end_signal);
}

static void handle_deadlines(struct loop *loop)
{
	int64_t now = clock_now_ms();

	if (loop->timeout_at != 0 && now >= loop->timeout_at) {
		loop->timeout_at = 0;
		loop->result.reason = SESSION_TIMED_OUT;
		pass_on(loop, SIGTERM);
	}
	if (loop->end_at != 0 && now >= loop->end_at)
		end_everything(loop);
	if (loop->look_again_at != 0 && now >= loop->look_again_at)
		look_again(loop, now);
	if (loop->kill_init_at != 0 && now >= loop->kill_init_at) {
		loop->kill_init_at = 0;
		(void)sys_pidfd_send_signal(loop->session->init_pidfd, SIGKILL);
	}
}

static int next_wait_ms(const struct loop *loop)
{
	const int64_t deadlines[] = { loop->timeout_at, loop->end_at, loop->kill_init_at, loop->look_again_at };
	int64_t next = 0;

	for (size_t i = 0; i < ARRAY_SIZE(deadlines); i++)
		if (deadlines[i] != 0 && (next == 0 || deadlines[i] < next))
			next = deadlines[i];
	if (next == 0)
		return -1;
	int64_t left = next - clock_now_ms();
	return left <= 0 ? 0 : left > 1000000 ? 1000000 : (int)left;
}

static int reap_init(struct loop *loop, struct err *err)
{
	siginfo_t info;
	int result = sys_reap(loop->session->init_pidfd, &info);

	if (result < 0)
		return err_sys(err, result, "waiting for the session's init");
	loop->init_ended = true;
	loop->result.exit_status = info.si_pid == 0 ? 128 + SIGKILL : session_exit_status(&info);
	loop->kill_init_at = loop->end_at = loop->look_again_at = 0;
	pump_close(&loop->pumps[PUMP_INPUT]);
	if (!PROTECTED(DRAIN)) {
		pump_close(&loop->pumps[PUMP_OUTPUT]);
		pump_close(&loop->pumps[PUMP_ERROR]);
	}
	for (int i = PUMP_OUTPUT; i <= PUMP_ERROR && PROTECTED(BOUNDED_END); i++)
		pump_drain(&loop->pumps[i], DRAIN_LIMIT);
	return 0;
}

/* ---- the loop -------------------------------------------------------------------------------------------------- */

/* Nobody reads the terminal any more: it hangs up, as a line that is cut does, and the session has the grace of a HUP. */
static void hang_up(struct loop *loop)
{
	pump_close(&loop->pumps[PUMP_INPUT]);
	close_quietly(take_fd(loop->session->channels->input));
	set_earlier(&loop->end_at, clock_now_ms() + GRACE_MS);
}

static void run_pumps(struct loop *loop, const struct pollfd *polls)
{
	for (int i = 0; i < PUMP_MAX; i++) {
		struct pump *pump = &loop->pumps[i];

		if (polls[i].revents == 0 || pump->state == PUMP_CLOSED)
			continue;
		/* In this state nobody reads any more what we would write. */
		if (pump->state == PUMP_WRITING && (polls[i].revents & POLLERR) != 0 &&
		    (polls[i].revents & POLLOUT) == 0)
			pump_close(pump);
		else
			pump_run(pump);
		if (loop->init_ended && PROTECTED(BOUNDED_END))
			pump_drain(pump, pump->read_limit);
		if (i == PUMP_OUTPUT && pump->state == PUMP_CLOSED && loop->session->channels->terminal &&
		    !loop->init_ended)
			hang_up(loop);
	}
}

static bool is_delivered(const struct loop *loop)
{
	return loop->init_ended && loop->pumps[PUMP_OUTPUT].state == PUMP_CLOSED &&
	       loop->pumps[PUMP_ERROR].state == PUMP_CLOSED;
}

static int turn(struct loop *loop, struct err *err)
{
	struct session *session = loop->session;
	bool ending = loop->init_ended || loop->others_left; /* both would be reported for ever then */
	enum { POLL_SIGNAL = PUMP_MAX, POLL_INIT, POLL_GUARDIAN, POLL_START, POLL_WATCH, POLL_MAX };
	struct pollfd polls[POLL_MAX] = {
		[POLL_SIGNAL] = { .fd = session->signal_fd, .events = POLLIN },
		[POLL_INIT] = { .fd = loop->init_ended ? -1 : session->init_pidfd, .events = POLLIN },
		[POLL_GUARDIAN] = { .fd = ending ? -1 : session->guardian_pidfd, .events = POLLIN },
		[POLL_START] = { .fd = ending ? -1 : session->channels->start_write },
		[POLL_WATCH] = { .fd = ending ? -1 : session->watch_fd, .events = POLLIN },
	};

	for (int i = 0; i < PUMP_MAX; i++)
		pump_poll(&loop->pumps[i], &polls[i]);
	if (poll(polls, POLL_MAX, next_wait_ms(loop)) < 0) {
		if (errno == EINTR)
			return 0;
		return err_sys(err, errno, "waiting for the session");
	}
	run_pumps(loop, polls);
	if (polls[POLL_SIGNAL].revents != 0)
		handle_signals(loop);
	if (polls[POLL_WATCH].revents != 0)
		session->watched(session->context);
	if (polls[POLL_INIT].revents != 0 && !loop->init_ended)
		return reap_init(loop, err);
	if (polls[POLL_GUARDIAN].revents != 0 && !loop->init_ended) {
		loop->result.reason = SESSION_GUARDIAN_DIED;
		end_everything(loop);
	}
	/* Init has closed its end: the command has ended, but others of the session live on. */
	if ((polls[POLL_START].revents & POLLERR) != 0 && !loop->init_ended)
		end_everything(loop);
	handle_deadlines(loop);
	return 0;
}

static int duplicate(int fd)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	return own < 0 ? -errno : own;
}

static int open_pumps(struct loop *loop, struct err *err)
{
	struct session_channels *channels = loop->session->channels;
	/* The pumps close what they are done with; with a terminal the master is also needed for its size. */
	bool keep = channels->terminal || !PROTECTED(HALF_CLOSE);
	int input = keep ? duplicate(channels->input) : take_fd(channels->input);

	const int results[] = {
		pump_init(&loop->pumps[PUMP_INPUT], duplicate(STDIN_FILENO), input, PUMP_FROM_CALLER),
		pump_init(&loop->pumps[PUMP_OUTPUT], take_fd(channels->output), duplicate(STDOUT_FILENO),
			  PUMP_TO_CALLER),
		pump_init(&loop->pumps[PUMP_ERROR], take_fd(channels->error), duplicate(STDERR_FILENO), PUMP_TO_CALLER),
	};

	/* One that the caller or the session does not have is no error. */
	for (size_t i = 0; i < ARRAY_SIZE(results); i++)
		if (results[i] < 0 && results[i] != -EBADF)
			return err_sys(err, results[i], "relaying the session's streams");
	/* The end of stdin: pipes pass it on by being closed, a terminal by two VEOF: the first may only end a line. */
	if (channels->terminal)
		loop->pumps[PUMP_INPUT].trailer = "\004\004";
	return 0;
}

int session_run(struct session *session, struct session_result *ret, struct err *err)
{
	struct loop loop = { .session = session };
	int result = open_pumps(&loop, err);

	if (session->timeout_s > 0)
		loop.timeout_at = clock_now_ms() + (int64_t)session->timeout_s * 1000;
	/* The size may have changed while we were attaching, and init been stopped. */
	resize(session);
	continue_init(&loop);
	while (result == 0 && !is_delivered(&loop)) {
		result = turn(&loop, err);
		if (loop.init_ended && loop.end_at != 0)
			break; /* told to end while delivering to a reader that does not read */
	}
	for (int i = 0; i < PUMP_MAX; i++) {
		if (i != PUMP_INPUT && loop.result.write_error == 0)
			loop.result.write_error = loop.pumps[i].write_error;
		pump_close(&loop.pumps[i]);
	}
	if (result == 0)
		*ret = loop.result;
	return result;
}
