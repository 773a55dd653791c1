# SPDX-License-Identifier: Apache-2.0
"""Nothing of the host is open in a process that the target can see: descriptors and directories, by allow-list."""
import errno
import os
import re
import socket

import pytest

from processes import readlink

P = "/payload"
ALLOWED = {"init": r"pipe:\[\d+\]|/dev/pts/0|/dev/null|anon_inode:\[signalfd\]|anon_inode:\[pidfd\]",
           "command": r"pipe:\[\d+\]|/dev/pts/0"}


def descriptors(pid):
    return {int(fd): readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}


def check(roles):
    for role in ("init", "command"):
        open_fds = descriptors(roles[role])
        wrong = {fd: link for fd, link in open_fds.items() if not re.fullmatch(ALLOWED[role], link)}
        assert open_fds and not wrong, f"{role}: {wrong}"
    assert set(descriptors(roles["command"])) == {0, 1, 2}


@pytest.fixture
def clutter(tmp_path):
    """200 inherited descriptors of every kind."""
    opened = []
    for i in range(25):
        ours, theirs = socket.socketpair()
        opened += [ours.detach(), theirs.detach(), os.open("/", os.O_RDONLY), os.open("/etc", os.O_PATH),
                   os.open("/etc/passwd", os.O_RDONLY), os.open(tmp_path / f"f{i}", os.O_RDWR | os.O_CREAT),
                   os.memfd_create("clutter"), os.open("/sys/fs/cgroup", os.O_RDONLY)]
    yield opened
    for fd in opened:
        os.close(fd)


def test_pipes(dbg, target):
    check(dbg.start(target.ref, P, "sleep", "60").running())


def test_terminal(terminal, target):
    check(terminal(target.ref, P, "sleep", "60").session.running())


def test_inherited_descriptors(dbg, target, clutter):
    check(dbg.start(target.ref, P, "sleep", "60", pass_fds=clutter).running())


def test_command_sees_three(show, target, clutter):
    assert set(show(target, pass_fds=clutter)["fds"]) == {"0", "1", "2"}


def test_inherited_descriptors_and_closed_stdio(dbg, target, clutter):
    def close():
        os.closerange(0, 3)
    check(dbg.start(target.ref, P, "sleep", "60", pass_fds=clutter, preexec_fn=close).running())


@pytest.mark.falls_without("CLOSE_RANGE")
def test_descriptors_before_the_exec(dbg, test_build, target):
    """Already where it is still ours: nothing of the host is left to what comes next, close-on-exec or not."""
    seen = descriptors(dbg.start(target.ref, P, "true", barrier="entry/seccomp").at_barrier())
    wrong = {fd: link for fd, link in seen.items() if not re.fullmatch(r"pipe:\[\d+\]|/dbg/libexec/dbgattach/launcher", link)}
    assert {0, 1, 2} <= set(seen) and not wrong and len(seen) <= 6, seen


@pytest.mark.parametrize("directory", ["/etc", "/", "/proc/self", "/sys/fs/cgroup"])
def test_directories(dbg, target, directory):
    """cwd, root and exe of each visible process are of the session's own tree."""
    roles = dbg.start(target.ref, P, "sleep", "60", cwd=directory).running()
    for role in ("init", "command"):
        pid = roles[role]
        assert os.stat(f"/proc/{pid}/cwd/.").st_dev != os.stat("/").st_dev, role
        assert os.stat(f"/proc/{pid}/root/.").st_dev != os.stat("/").st_dev, role
        assert os.path.exists(f"/proc/{pid}/root/payload") and not os.path.exists(f"/proc/{pid}/root/usr"), role
        assert os.stat(f"/proc/{pid}/exe").st_dev != os.stat("/").st_dev, role


def test_program_is_not_the_exe_of_a_visible_process(dbg, target):
    """The host's binary could be overwritten through /proc/PID/exe."""
    session = dbg.start(target.ref, "sh", "-c", "sleep 60").running()
    host = os.stat(dbg.path())
    for role in ("init", "command"):
        st = os.stat(f"/proc/{session[role]}/exe")
        assert (st.st_dev, st.st_ino) != (host.st_dev, host.st_ino), role


def test_interpreter_that_is_the_exe(dbg, fake, tree):
    """A script of the target whose interpreter is whoever executes it."""
    target = fake(tree=tree({"evil": b"#!/proc/self/exe\n"}, modes={"evil": 0o755}))
    before = os.stat(dbg.path())
    assert dbg.run(target.ref, "/evil", timeout=5).code == errno.EINVAL  # what the launcher says to whoever calls it
    after = os.stat(dbg.path())
    assert (before.st_mtime_ns, before.st_size, before.st_ctime_ns) == (after.st_mtime_ns, after.st_size, after.st_ctime_ns)
