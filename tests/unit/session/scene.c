/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/session/scene.h"

#include "dbgattach/base/clock.h"
#include "dbgattach/sys/process.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#define DEADLINE_MS 10000

static int file_of_its_own(void)
{
	int fd = memfd_create("scene", MFD_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

void scene_init(struct scene *scene, void (*init)(struct scene_page *page))
{
	*scene = (struct scene) { .init = init, .pts = -EBADF };
	scene->page = mmap(NULL, sizeof(*scene->page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(scene->page != MAP_FAILED);
	scene->in = file_of_its_own();
	scene->out = file_of_its_own();
	scene->error = file_of_its_own();
}

void scene_done(struct scene *scene)
{
	close_quietly(take_fd(scene->in));
	close_quietly(take_fd(scene->out));
	close_quietly(take_fd(scene->error));
	(void)munmap(scene->page, sizeof(*scene->page));
}

static int kill_others(void *context)
{
	struct scene_page *page = context;

	page->kills++;
	if (page->others > 0)
		return page->others--;
	if (page->signal_init != 0)
		(void)kill(page->init, page->signal_init);
	return 0;
}

static _Noreturn void be_guardian(bool dies)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dies)
		_exit(0);
	for (;;)
		pause();
}

static _Noreturn void be_init(const struct scene *scene, const struct session_channels *channels)
{
	const int fds[] = { channels->child[0], channels->child[1], channels->child[2], channels->start_read };
	int high[4];
	sigset_t none;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	for (int i = 0; i < 4; i++)
		high[i] = fcntl(fds[i], F_DUPFD, 64);
	for (int i = 0; i < 4; i++)
		(void)dup2(high[i], i);
	(void)sys_close_from(4, -EBADF);
	scene->init(scene->page);
	_exit(99);
}

static int64_t cpu_ms(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

static int run(const struct scene *scene)
{
	const struct winsize size = { .ws_col = 100, .ws_row = 30 };
	struct session_channels channels = SESSION_CHANNELS_INIT;
	struct session_tty tty = { .fd = -EBADF };
	struct session session = { .channels = &channels,
				   .tty = &tty,
				   .timeout_s = scene->timeout_s,
				   .kill_others = kill_others,
				   .context = scene->page,
				   .end_signal = scene->end_signal,
				   .guardian_pidfd = -EBADF,
				   .watch_fd = -EBADF };
	sigset_t handled;
	struct err err;

	session_signals(&handled);
	(void)sigprocmask(SIG_BLOCK, &handled, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	if (scene->file_limit > 0) {
		const struct rlimit limit = { scene->file_limit, scene->file_limit };

		(void)signal(SIGXFSZ, SIG_IGN);
		(void)setrlimit(RLIMIT_FSIZE, &limit);
	}
	session.signal_fd = signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
	if (session_channels_open(scene->terminal, scene->pts, &size, geteuid(), getegid(), &channels, &err) < 0)
		return 97;
	if (scene->guardian && sys_fork(-EBADF, &session.guardian_pidfd) == 0)
		be_guardian(scene->guardian_dies);
	pid_t init = sys_fork(-EBADF, &session.init_pidfd);
	if (init == 0)
		be_init(scene, &channels);
	if (init < 0)
		return 95;
	scene->page->init = init;
	session_channels_close_child(&channels);
	int64_t start = clock_now_ms(), cpu = cpu_ms();
	scene->page->result = session_run(&session, &scene->page->session, &err);
	scene->page->elapsed_ms = clock_now_ms() - start;
	scene->page->cpu_ms = cpu_ms() - cpu;
	/* Init must have been reaped, by the loop and by nobody else. */
	return waitid(P_PID, (id_t)init, &(siginfo_t) { 0 }, WEXITED | WNOHANG) < 0 ? 0 : 98;
}

void scene_start(struct scene *scene)
{
	scene->page->others = scene->others;
	scene->page->signal_init = scene->signal_init;
	scene->runner = fork();
	assert_true(scene->runner >= 0);
	if (scene->runner > 0)
		return;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(scene->in, 0) < 0 || dup2(scene->out, 1) < 0 || dup2(scene->error, 2) < 0)
		_exit(96);
	/* The test's own ends of pipes must not be held open by the runner. */
	(void)sys_close_from(scene->pts >= 0 ? (unsigned)scene->pts + 1 : 3, -EBADF);
	_exit(run(scene));
}

static void pause_ms(unsigned ms)
{
	(void)usleep(ms * 1000);
}

void scene_ready(const struct scene *scene)
{
	for (int i = 0; !scene->page->ready; i++) {
		assert_true(i < DEADLINE_MS);
		pause_ms(1);
	}
	pause_ms(20); /* and until the loop waits */
}

void scene_wait(struct scene *scene)
{
	int status = 0;

	for (int i = 0; waitpid(scene->runner, &status, WNOHANG) == 0; i++) {
		if (i == DEADLINE_MS / 2) {
			(void)kill(scene->runner, SIGKILL);
			(void)waitpid(scene->runner, NULL, 0);
			fail_msg("the session does not end");
		}
		pause_ms(2);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("the runner ended with status 0x%x", (unsigned)status);
	assert_int_equal(scene->page->result, 0);
}

void assert_content(int file, const void *bytes, size_t length)
{
	cleanup_free char *content = malloc(length + 1);

	assert_non_null(content);
	assert_int_equal(pread(file, content, length + 1, 0), (ssize_t)length);
	assert_memory_equal(content, bytes, length);
}
