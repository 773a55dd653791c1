# SPDX-License-Identifier: Apache-2.0
"""Processes as the kernel shows them: who is whose child, in which state, namespace and cgroup; and waiting with a limit."""
import ctypes
import os
import signal
import time
from collections import namedtuple

Process = namedtuple("Process", "pid comm state ppid pgrp sid starttime")
libc = ctypes.CDLL(None, use_errno=True)
PR_SET_CHILD_SUBREAPER = 36


class Late(AssertionError):
    """Something that had to happen did not happen in time."""


patience_seconds = 20.0


def patience():
    """How long to wait for what takes milliseconds: generous, because the machine is shared."""
    return patience_seconds


def set_patience(seconds):
    global patience_seconds
    patience_seconds = seconds


def wait_until(predicate, timeout=None, what="a condition", interval=0.002):
    """The first true value of predicate(); Late after timeout seconds."""
    timeout = timeout or patience()
    deadline = time.monotonic() + timeout
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Late(f"{what}: not within {timeout} s")
        time.sleep(interval)
        interval = min(interval * 1.5, 0.05)


PYTHONS_OWN = (signal.SIGPIPE, signal.SIGXFSZ)  # ignored by Python, and given back to what subprocess starts


def forget_the_caller():
    """What a suite's own caller leaves it goes on to all that it starts: nohup or umask 077 must not change what comes out."""
    os.umask(0o022)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for sig in signal.valid_signals() - {*PYTHONS_OWN}:
        if signal.getsignal(sig) == signal.SIG_IGN:
            signal.signal(sig, signal.default_int_handler if sig == signal.SIGINT else signal.SIG_DFL)


def become_subreaper():
    """What is orphaned below us becomes our child, not the host's: so leftovers can be told from strangers."""
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_CHILD_SUBREAPER")


def read(path, default=""):
    try:
        with open(path, errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return default


def readlink(path, default=""):
    try:
        return os.readlink(path)
    except OSError:
        return default


def process(pid):
    """A Process, or None where there is none."""
    text = read(f"/proc/{pid}/stat")
    if not text:
        return None
    comm_end = text.rindex(")")
    rest = text[comm_end + 2:].split()
    return Process(int(pid), text[text.index("(") + 1:comm_end], rest[0], int(rest[1]), int(rest[2]), int(rest[3]),
                   int(rest[19]))


def all_processes():
    found = (process(name) for name in os.listdir("/proc") if name.isdigit())
    return {p.pid: p for p in found if p}


def children(pid):
    return [int(child) for task in listdir(f"/proc/{pid}/task") for child in
            read(f"/proc/{pid}/task/{task}/children").split()]


def listdir(path):
    try:
        return os.listdir(path)
    except OSError:
        return []


def descendants(pid):
    found = []
    for child in children(pid):
        found += [child, *descendants(child)]
    return found


def state(pid):
    p = process(pid)
    return p.state if p else None


def namespace(pid, kind):
    return readlink(f"/proc/{pid}/ns/{kind}")


def members_of_pid_namespace(link):
    """Host pids of all processes of the PID namespace, zombies too."""
    return [pid for pid in sorted(all_processes()) if namespace(pid, "pid") == link]


def status_field(pid, field):
    for line in read(f"/proc/{pid}/status").splitlines():
        if line.startswith(field + ":"):
            return line.split(":", 1)[1].strip()
    return ""


def pid_inside(pid):
    """The pid as its own namespace counts it."""
    numbers = status_field(pid, "NSpid").split()
    return int(numbers[-1]) if numbers else None


def is_deeper(pid):
    """In a PID namespace below ours."""
    return len(status_field(pid, "NSpid").split()) > len(status_field("self", "NSpid").split())


def cgroups(pid):
    """{controllers: path}; the unified tree is ''."""
    lines = (line.split(":", 2) for line in read(f"/proc/{pid}/cgroup").splitlines())
    return {controllers: path for _, controllers, path in lines}


def in_session_cgroup(pid):
    return any("/dbgattach-" in path for path in cgroups(pid).values())


def send(pid, sig):
    """kill(2) that does not mind a process that is gone."""
    try:
        os.kill(pid, sig)
    except ProcessLookupError:
        pass


def end(popen, timeout=5):
    """Ends a process that we started, and reaps it."""
    if popen.poll() is None:
        popen.kill()
    popen.wait(timeout)


def reap_orphans(known):
    """Waits for the zombies that fell to us as a subreaper, but not for those some Popen will ask for."""
    for pid in children(os.getpid()):
        if pid not in known and state(pid) == "Z":
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass


def resident_kib(pid):
    return int((status_field(pid, "VmRSS") or "0 kB").split()[0])


def peak_kib(pid):
    return int((status_field(pid, "VmHWM") or "0 kB").split()[0])


def freeze(pid):
    """Stops a process for sure."""
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: state(pid) in ("T", "t", None), what=f"{pid} to stop")
