/* SPDX-License-Identifier: Apache-2.0 */
/* Pins on real children: the kernel is the counterpart that matters. */
#include "dbgattach/pin.h"
#include "dbgattach/sys/pidfd.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct host host = { -EBADF, -EBADF };

/* A child that waits to be killed. */
static pid_t child_start(const char *name)
{
	int ready[2];
	char byte;
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)prctl(PR_SET_NAME, name);
		(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void child_kill(pid_t pid)
{
	siginfo_t info;
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static void child_reap(pid_t pid)
{
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void pins_a_living_process(void **state)
{
	(void)state;
	struct pin pin = PIN_INIT, again = PIN_INIT;
	struct err err;
	pid_t pid = child_start("x) R 1 (");

	assert_success(pin_open(&host, pid, 0, &pin, &err), err);
	assert_int_equal(pin.pid, pid);
	assert_true(pin.pidfd >= 0 && pin.proc_fd >= 0 && pin.start_time > 0);
	assert_true(fcntl(pin.pidfd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(pin.proc_fd, F_GETFD) & FD_CLOEXEC);
	assert_success(pin_verify(&pin, &err), err);
	assert_success(pin_open(&host, pid, pin.start_time, &again, &err), err);
	pin_done(&again);

	child_kill(pid);
	assert_failure(pin_verify(&pin, &err), err, ERR_GONE); /* a zombie */
	child_reap(pid);
	assert_failure(pin_verify(&pin, &err), err, ERR_GONE);
	pin_done(&pin);
	assert_int_equal(pin.pidfd, -EBADF);
}

static void refuses_who_is_not_there(void **state)
{
	(void)state;
	struct pin pin = PIN_INIT;
	struct err err;
	pid_t pid = child_start("child");

	child_kill(pid);
	assert_failure(pin_open(&host, pid, 0, &pin, &err), err, ERR_GONE);
	child_reap(pid);
	assert_failure(pin_open(&host, pid, 0, &pin, &err), err, ERR_GONE);
	assert_failure(pin_open(&host, 0, 0, &pin, &err), err, ERR_GONE);
	assert_failure(pin_open(&host, -1, 0, &pin, &err), err, ERR_GONE);
	assert_int_equal(pin.pidfd, -EBADF);
}

static void refuses_another_start_time(void **state)
{
	(void)state;
	struct pin pin = PIN_INIT, other = PIN_INIT;
	struct err err;
	pid_t pid = child_start("child");

	assert_success(pin_open(&host, pid, 0, &pin, &err), err);
	assert_failure(pin_open(&host, pid, pin.start_time + 1, &other, &err), err, ERR_CHANGED);
	assert_int_equal(other.pidfd, -EBADF);
	pin_done(&pin);
	child_kill(pid);
	child_reap(pid);
}

static void *thread_main(void *argument)
{
	int *ends = argument;
	pid_t tid = (pid_t)syscall(SYS_gettid);
	char byte;
	(void)!write(ends[1], &tid, sizeof(tid));
	(void)!read(ends[2], &byte, 1);
	return NULL;
}

static void refuses_a_thread(void **state)
{
	(void)state;
	int answer[2], release[2];
	pthread_t thread;
	pid_t tid;
	struct pin pin = PIN_INIT;
	struct err err;

	assert_int_equal(pipe2(answer, O_CLOEXEC), 0);
	assert_int_equal(pipe2(release, O_CLOEXEC), 0);
	int ends[] = { answer[0], answer[1], release[0] };
	assert_int_equal(pthread_create(&thread, NULL, thread_main, ends), 0);
	assert_int_equal(read(answer[0], &tid, sizeof(tid)), sizeof(tid));
	assert_failure(pin_open(&host, tid, 0, &pin, &err), err, ERR_USAGE);
	close(release[1]);
	assert_int_equal(pthread_join(thread, NULL), 0);
	close(release[0]);
	close(answer[0]);
	close(answer[1]);
}

static void *outlive_main(void *argument)
{
	(void)argument;
	for (;;)
		pause();
	return NULL;
}

static void refuses_a_dead_main_thread(void **state)
{
	(void)state;
	struct pin pin = PIN_INIT;
	struct err err;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		pthread_t thread;
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)pthread_create(&thread, NULL, outlive_main, NULL);
		syscall(SYS_exit, 0);
	}
	/* Its namespaces are gone with the main thread, but the pidfd stays quiet: only the state says it. */
	int r;
	for (int i = 0; i < 2000; i++) {
		r = pin_open(&host, pid, 0, &pin, &err);
		if (r < 0)
			break;
		pin_done(&pin);
		usleep(1000);
	}
	assert_failure(r, err, ERR_GONE);
	assert_int_equal(kill(pid, SIGKILL), 0);
	child_reap(pid);
}

static void inodes_tell_processes_apart(void **state)
{
	(void)state;
	struct pin first = PIN_INIT, again = PIN_INIT, second = PIN_INIT;
	struct err err = { 0 };
	uint64_t inode, same, other;
	pid_t a = child_start("a"), b = child_start("b");

	assert_success(pin_open(&host, a, 0, &first, &err), err);
	assert_success(pin_open(&host, a, 0, &again, &err), err);
	assert_success(pin_open(&host, b, 0, &second, &err), err);
	int r = pin_pidfd_inode(&first, &inode, &err);
	if (r == 0) {
		assert_success(pin_pidfd_inode(&again, &same, &err), err);
		assert_success(pin_pidfd_inode(&second, &other, &err), err);
		assert_true(inode == same && inode != other);
	} else {
		assert_int_equal(err.kind, ERR_UNSUPPORTED);
	}
	pin_done(&first);
	pin_done(&again);
	pin_done(&second);
	child_kill(a);
	child_reap(a);
	child_kill(b);
	child_reap(b);
}

static void reads_the_facts(void **state)
{
	(void)state;
	struct pin pin = PIN_INIT;
	struct process_facts facts;
	struct err err;
	pid_t pid = child_start("child");

	assert_success(pin_open(&host, pid, 0, &pin, &err), err);
	assert_success(process_facts_read(&pin, &facts, &err), err);
	assert_int_equal(facts.status.tgid, pid);
	assert_int_equal(facts.status.ppid, getpid());
	assert_int_equal(facts.status.uid[1], geteuid());
	assert_true(facts.uid_map.count > 0 && facts.gid_map.count > 0);
	struct rlimit files;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	assert_true(facts.limits.limit[RLIMIT_NOFILE].rlim_cur == files.rlim_cur);
	cleanup_free char *cwd = getcwd(NULL, 0);
	assert_string_equal(facts.cwd, cwd);
	assert_non_null(facts.root);
	assert_true(strlen(facts.cgroup) > 0);
	process_facts_done(&facts);

	child_kill(pid);
	assert_failure(process_facts_read(&pin, &facts, &err), err, ERR_GONE);
	child_reap(pid);
	assert_failure(process_facts_read(&pin, &facts, &err), err, ERR_GONE);
	pin_done(&pin);
}

static void signals_go_by_pidfd(void **state)
{
	(void)state;
	pid_t pid = child_start("child");
	cleanup_close int pidfd = sys_pidfd_open(pid, 0);

	assert_true(pidfd >= 0);
	assert_int_equal(sys_pidfd_is_dead(pidfd), 0);
	assert_int_equal(sys_pidfd_send_signal(pidfd, SIGKILL), 0);
	siginfo_t info;
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(sys_pidfd_is_dead(pidfd), 1);
	child_reap(pid);
	assert_int_equal(sys_pidfd_is_dead(pidfd), 1);
	assert_int_equal(sys_pidfd_send_signal(pidfd, SIGKILL), -ESRCH);
	assert_int_equal(sys_pidfd_open(pid, 0), -ESRCH);
	assert_int_equal(sys_pidfd_is_dead(9999), -EBADF);
}

static void a_host_needs_our_procfs(void **state)
{
	(void)state;
	char folder[] = "/tmp/dbgattach-host-XXXXXX";
	char proc[64];
	struct host none;
	struct err err;

	assert_non_null(mkdtemp(folder));
	(void)snprintf(proc, sizeof(proc), "%s/proc", folder);
	assert_failure(host_open("/nonexistent", &none, &err), err, ERR_SYSTEM);
	/* None, or an empty folder in its place: ours is as good, where it passes for one. */
	for (int i = 0; i < 2; i++) {
		assert_success(host_open(folder, &none, &err), err);
		struct stat found, ours;
		assert_int_equal(fstatat(none.proc_fd, "self", &found, 0), 0);
		assert_int_equal(stat("/proc/self", &ours), 0);
		assert_true(found.st_ino == ours.st_ino && found.st_dev == ours.st_dev);
		host_done(&none);
		assert_true(i == 1 || mkdir(proc, 0700) == 0);
	}
	assert_int_equal(rmdir(proc), 0);
	assert_int_equal(symlink("/proc", proc), 0);
	assert_failure(host_open(folder, &none, &err), err, ERR_SYSTEM);
	assert_int_equal(unlink(proc), 0);
	assert_int_equal(rmdir(folder), 0);
}

/* Whoever may write there could put another host in its place. */
static void a_host_is_roots_alone(void **state)
{
	(void)state;
	char folder[] = "/tmp/dbgattach-host-XXXXXX";
	struct host none;
	struct err err;

	assert_non_null(mkdtemp(folder));
	for (mode_t mode = 0720; mode != 0; mode = mode == 0720 ? 0702 : 0) {
		assert_int_equal(chmod(folder, mode), 0);
		assert_failure(host_open(folder, &none, &err), err, ERR_REFUSED);
	}
	assert_int_equal(chmod(folder, 0755), 0);
	assert_success(host_open(folder, &none, &err), err);
	host_done(&none);
	if (geteuid() == 0) {
		assert_int_equal(chown(folder, 65534, 65534), 0);
		assert_failure(host_open(folder, &none, &err), err, ERR_REFUSED);
	}
	assert_int_equal(rmdir(folder), 0);
}

static int open_host(void **state)
{
	(void)state;
	return host_open("/", &host, NULL);
}

static int close_host(void **state)
{
	(void)state;
	host_done(&host);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pins_a_living_process),
		cmocka_unit_test(refuses_who_is_not_there),
		cmocka_unit_test(refuses_another_start_time),
		cmocka_unit_test(refuses_a_thread),
		cmocka_unit_test(refuses_a_dead_main_thread),
		cmocka_unit_test(inodes_tell_processes_apart),
		cmocka_unit_test(reads_the_facts),
		cmocka_unit_test(signals_go_by_pidfd),
		cmocka_unit_test(a_host_needs_our_procfs),
		cmocka_unit_test(a_host_is_roots_alone),
	};
	return cmocka_run_group_tests(tests, open_host, close_host);
}
