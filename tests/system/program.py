# SPDX-License-Identifier: Apache-2.0
"""dbgattach under test: how it is called, what came out, and which of its processes is which."""
import contextlib
import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass, field

import processes
from processes import Late, patience, wait_until

STEPS = {
    "monitor": "resolve guardian facts plan notes filter toolbox channels cgroup entry launcher init verify terminal start relay end",
    "entry": "stdio detach keyring root join unshare view pivot groups bounding ids caps workdir label no-new-privs close limits "
             "seccomp launcher",
    "guardian": "wait",
    "launcher": "clone",
    "init": "wait command reap",  # the first two in the process that becomes the command
}
STEPS = {process: steps.split() for process, steps in STEPS.items()}
PREFIX = "dbgattach: "
REFUSED = 125  # dbgattach's own failures


@dataclass
class Result:
    code: int
    out: bytes
    err: str
    session: object = field(default=None, repr=False, compare=False)
    seconds: float = 0  # from its start to its end

    @property
    def text(self):
        return self.out.decode("utf-8", "replace")

    @property
    def lines(self):
        return self.err.splitlines()

    def succeeded(self):
        assert self.code == 0, f"exit {self.code}\nstdout: {self.text[-2000:]}\nstderr: {self.err[-2000:]}"
        return self

    def failed(self, kind=None, code=REFUSED):
        """One line on stderr, nothing on stdout, the exit code of dbgattach's own failures, the kind by name."""
        assert self.code == code, f"exit {self.code}, not {code}\nstderr: {self.err[-2000:]}"
        assert self.out == b"", self.out[:200]
        assert len(self.lines) == 1, f"not one line: {self.err[:2000]!r}"
        line = self.lines[0]
        assert line.startswith(PREFIX), line
        assert len(line) < 1500, f"{len(line)} characters"
        assert line.isprintable(), ascii(line)
        if kind:
            kinds = (kind,) if isinstance(kind, str) else kind
            assert line.removeprefix(PREFIX).startswith(tuple(f"{one}: " for one in kinds)), f"none of {kinds}: {line}"
        if self.session:
            self.session.may_refuse = True
        return self


def status_of(popen):
    """As a shell shows it: a signal is 128+N."""
    return popen.returncode if popen.returncode >= 0 else 128 - popen.returncode


def identity(pid):
    p = processes.process(pid)
    return (pid, p.starttime) if p else None


def role_at(stage):
    """Which of our processes stands at PROCESS/STEP."""
    return "command" if stage in ("init/wait", "init/command") else stage.split("/")[0]


class Session:
    """A dbgattach that runs. Its processes are found by whose children they are, never by their names."""

    def __init__(self, popen, barrier=None, pid=None):
        self.popen = popen
        self.started = time.monotonic()
        self.pid = pid or popen.pid
        Program.ever.add(self.pid)
        self.barrier = barrier
        self.may_refuse = False  # a test has asked for the refusal, by Result.failed()
        self.strangers = set(processes.children(os.getpid()))  # they were there before, or are not ours

    # who is who

    def roles(self):
        """
        {role: host pid} of monitor, guardian, entry (the launcher is the same process later), init, command. The guardian
        stays outside the session's cgroup, where there is one, and is the elder; init, whoever's child it is, is inside a PID namespace that we are not in.
        """
        roles = {"monitor": self.pid}
        adopted = [pid for pid in processes.children(os.getpid()) if pid not in self.strangers]
        for child in processes.children(self.pid) + [pid for pid in adopted if pid not in Program.known]:
            p = processes.process(child)
            if not p or p.state == "Z":
                continue
            if processes.is_deeper(child):
                roles.setdefault("init", child)
            elif processes.in_session_cgroup(child) or p.sid != child or "guardian" in roles:
                roles.setdefault("entry", child)
            else:
                roles.setdefault("guardian", child)
        if "entry" in roles:
            roles["launcher"] = roles["entry"]
            for child in processes.children(roles["entry"]):
                roles.setdefault("init", child)
        if "init" in roles:
            for child in processes.children(roles["init"]):
                roles.setdefault("command", child)
        return roles

    def role(self, name, timeout=None):
        return wait_until(lambda: self.roles().get(name), timeout, f"the {name}")

    def running(self, timeout=None):
        """Waits until the command runs; the roles."""
        def ready():
            assert self.popen.poll() is None, "dbgattach ended early: " + self.early_words()
            roles = self.roles()
            command = roles.get("command")
            return roles if command and processes.readlink(f"/proc/{command}/exe") != processes.readlink(
                f"/proc/{roles['init']}/exe") else None
        return wait_until(ready, timeout, "the command of the session")

    def early_words(self):
        stream = self.popen.stderr
        return stream.read().decode("utf-8", "replace") if stream else f"exit {self.popen.returncode}"

    def at_barrier(self, timeout=5):
        """Waits until the process of the barrier has stopped itself there; its pid."""
        def stopped():
            assert self.popen.poll() is None, f"ended before {self.barrier}: {self.early_words()}"
            pid = self.roles().get(role_at(self.barrier))
            return pid if pid and processes.state(pid) == "T" else None
        return wait_until(stopped, timeout, f"barrier {self.barrier}")

    def release(self):
        processes.send(self.roles()[role_at(self.barrier)], signal.SIGCONT)

    # its end

    def finish(self, timeout=None, input=None):
        timeout = timeout or patience()
        try:
            out, err = self.popen.communicate(input, timeout)
        except subprocess.TimeoutExpired:
            raise Late(f"dbgattach did not end within {timeout} s; {self.picture()}") from None
        return Result(status_of(self.popen), out or b"", (err or b"").decode("utf-8", "replace"), self,
                      time.monotonic() - self.started)

    def refused(self):
        """It ended with a failure of its own that the test has not asked for."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(0.2)  # its streams may have ended just now
        return self.popen.returncode == REFUSED and not self.may_refuse

    def picture(self):
        return ", ".join(f"{role} {pid} {processes.state(pid)} in {processes.read(f'/proc/{pid}/wchan')}"
                         for role, pid in self.roles().items())

    def read_until(self, wanted, timeout=None):
        """Reads stdout until wanted (bytes) was seen; all that was read."""
        timeout = timeout or patience()
        data, deadline, fd = b"", time.monotonic() + timeout, self.popen.stdout.fileno()
        while wanted not in data:
            if not select.select([fd], [], [], max(0, deadline - time.monotonic()))[0]:
                raise Late(f"{wanted!r} did not come within {timeout} s, but {data[-500:]!r}")
            chunk = os.read(fd, 65536)
            if not chunk:
                raise Late(f"the end instead of {wanted!r}: {data[-500:]!r}; {self.early_words()}")
            data += chunk
        return data


class Program:
    """
    The binary, and the way it is weakened. The release binary is used unless a test asks for something that only the test
    build has: a barrier, or a protection left out.
    """
    known = set()  # every pid that a Popen of ours waits for
    ever = set()  # the pid of every dbgattach that was started

    def __init__(self, binary, test_binary, without=()):
        self.binary, self.test_binary, self.without = binary, test_binary, tuple(without)
        self.started, self.terminals = [], []
        self.prefix = ()  # before each call: who calls, from where
        self.settings = {"DBGATTACH_STORE": "/nonexistent/store"}  # whatever this host has installed

    def path(self, barrier=None, weak=()):
        return self.test_binary if barrier or weak or self.without else self.binary

    def environment(self, barrier=None, weak=(), env=None):
        base = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "TERM": "xterm",
                "LANG": "C.UTF-8", **self.settings}
        if barrier:
            base["DBG_BARRIER"] = barrier
        names = (*self.without, *weak)
        if names:
            base["DBG_WITHOUT"] = ",".join(names)
        return {**base, **(env or {})}

    def start(self, *args, barrier=None, weak=(), env=None, prefix=(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
              stderr=subprocess.PIPE, **popen):
        command = [*prefix, *self.prefix, self.path(barrier, weak), *args]
        process = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=stderr,
                                   env=self.environment(barrier, weak, env), **popen)
        Program.known.add(process.pid)
        session = Session(process, barrier)
        self.started.append(session)
        return session

    def run(self, *args, input=b"", timeout=None, **options):
        """To the end; stdin is input."""
        if input is None:
            options.setdefault("stdin", subprocess.DEVNULL)
        return self.start(*args, **options).finish(timeout, input)

    def refused(self):
        """One of the test's runs ended with a failure of dbgattach's own that the test has not asked for."""
        return any(one.refused() for one in (*self.started, *self.terminals))

    def sweep(self):
        """Ends what the test left running."""
        for session in self.started:
            processes.end(session.popen)
            for stream in (session.popen.stdin, session.popen.stdout, session.popen.stderr):
                if stream:
                    try:
                        stream.close()
                    except OSError:
                        pass
            Program.known.discard(session.popen.pid)
        self.started.clear()
