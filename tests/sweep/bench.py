# SPDX-License-Identifier: Apache-2.0
"""One attach under inject, against a target of the worker's own, and what is left afterwards."""
import atexit
import functools
import os
import pathlib
import pty
import shutil
import subprocess
import tempfile
import termios
import threading
import time
from collections import namedtuple

import processes
import snapshot
import toolboxes
from record import Record
from targets import Fake

BUILD = pathlib.Path(os.environ.get("DBG_BUILD", "build")).resolve()
DEADLINE = 10  # seconds; the longest orderly way down takes 6
SETTLE = 1.0  # seconds for what is on its way out
INPUT = b"a line of input\n"
Scenario = namedtuple("Scenario", "target options command terminal about user", defaults=(0,))
USER = 54321
MINIMAL = ("--toolbox", "minimal")
SCENARIOS = {
    "pipe": Scenario({"proc": "masked"}, ("-i", *MINIMAL), ("/payload", "sweep"), False, "root in the host's user namespace, pipes"),
    "user": Scenario({"proc": "masked"}, ("-i", *MINIMAL, "-u", "app"), ("/payload", "sweep"), False,
                     "a user looked up in the target's passwd"),
    "tty": Scenario({"proc": "masked"}, ("-i", *MINIMAL, "-t"), ("/payload", "show"), True, "a terminal"),
    "userns": Scenario({"proc": "none", "userns": "100000:65536"}, ("-i", *MINIMAL), ("/payload", "sweep"), False,
                       "a user namespace of its own, no /proc"),
    "toolbox": Scenario({"proc": "masked"}, ("-i", "--toolbox", "core"), ("/payload", "sweep"), False,
                        "a toolbox of the store, with a layer"),
    "rootless": Scenario({"proc": "none", "owner": USER, "userns": "300000:65536"}, ("-i", *MINIMAL), ("/payload", "sweep"), False,
                         "a plain user's own, no /proc", USER),
}


@functools.cache
def store():
    """A store with the files of the toolbox inside as core, and a layer for it. Found good, as an installed one is."""
    base = pathlib.Path(tempfile.mkdtemp(dir="/var/tmp", prefix="dbgtest."))
    atexit.register(shutil.rmtree, base)
    base.chmod(0o755)
    core = toolboxes.make(base, "core", toolboxes.core_tree(BUILD, base / ".core"), hot={"bin/hot": b"#!/dbg/bin/sh\n"})
    toolboxes.make(base, "layer", toolboxes.layer_tree(base / ".layer", "layer", "a layer"), base=core)
    subprocess.run([BUILD / "dbgattach", "toolbox", "verify"], env={"DBGATTACH_STORE": str(base)}, stdout=subprocess.DEVNULL,
                   check=True)
    return str(base)


@functools.cache
def public(program):
    """A copy where a plain user gets to it."""
    return shutil.copy(program, pathlib.Path(store()) / f".{'-'.join(pathlib.Path(program).parts[-2:])}")


class Bench:
    """A target, and attaches to it one after the other."""

    def __init__(self, helpers, inject, scenario):
        self.helpers, self.inject, self.scenario, self.target = helpers, inject, SCENARIOS[scenario], None

    def open(self):
        self.target = Fake(self.helpers, ("pause",), **self.scenario.target)
        self.before = self.look()

    def close(self):
        if self.target:
            self.target.stop()
            self.target = None

    def renew(self):
        self.close()
        self.open()

    def attach(self, program, *options, env=None, deadline=DEADLINE):
        """The record of one attach. options: inject's."""
        record = os.memfd_create("record")
        if self.scenario.user:
            options, program = (*options, "--user", str(self.scenario.user)), public(program)
        command = [self.inject, "--record", str(record), "--deadline", str(deadline), *options,
                   *(["--tty"] if self.scenario.terminal else []), "--", program, *self.scenario.options, self.target.ref, "--",
                   *self.scenario.command]
        base = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "TERM": "xterm", "LANG": "C.UTF-8", "DBGATTACH_STORE": store(),
                **(env or {})}
        try:
            out, err = (on_terminal if self.scenario.terminal else on_pipes)(command, base, record)
            size = os.fstat(record).st_size
            return Record(os.pread(record, size, 0), out, err.decode("utf-8", "replace"))
        finally:
            os.close(record)

    # what is left

    def look(self):
        pid = self.target.pid
        return {"processes": processes.children(pid) + self.target.session_processes(),
                "mounts of the target": processes.read(f"/proc/{pid}/mountinfo"),
                "mounts of the host": sorted(snapshot.host_mounts()),
                "files of the target": snapshot.target_files(pid)}

    def cgroups(self, monitor):
        """dbgattach-PID-TIME-PIDNS in the root of each hierarchy; the pid is the monitor's."""
        return [f"{root}/{name}" for root in snapshot.cgroup_roots().values() for name in processes.listdir(root)
                if name.startswith(f"dbgattach-{monitor}-")]

    def leftovers(self, record):
        """In words; [] as soon as there are none."""
        deadline = time.monotonic() + SETTLE
        while True:
            now = self.look() if self.target.alive() else {"the target itself": "dead"}
            words = [f"{part}: {changed(self.before.get(part), now[part])}" for part in now if now[part] != self.before.get(part)]
            words += self.cgroups(record.monitor)
            if not words or time.monotonic() > deadline:
                break
            time.sleep(0.01)
        if words:
            for path in self.cgroups(record.monitor):
                try:
                    os.rmdir(path)
                except OSError:
                    pass
        return words


def changed(old, new):
    if isinstance(old, dict):
        old, new = old.items(), new.items()
    elif isinstance(old, str):
        old, new = old.splitlines(), new.splitlines()
    old, new = list(old or []), list(new)
    return f"gone {[one for one in old if one not in new]!r:.200} new {[one for one in new if one not in old]!r:.200}"


def on_pipes(command, env, record):
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env,
                               pass_fds=[record])
    return process.communicate(INPUT, timeout=DEADLINE + 30)


def on_terminal(command, env, record):
    """A terminal whose settings have changed afterwards is told as a line of stderr."""
    master, slave = pty.openpty()
    settings = termios.tcgetattr(slave)
    shown = bytearray()

    def read():
        try:
            while chunk := os.read(master, 65536):
                shown.extend(chunk)
        except OSError:
            pass
    reader = threading.Thread(target=read)
    reader.start()
    try:
        process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=subprocess.PIPE, env=env, pass_fds=[record])
        _, err = process.communicate(timeout=DEADLINE + 30)
        if termios.tcgetattr(slave) != settings:
            err += b"\nsweep: the terminal was left raw\n"
    finally:
        os.close(slave)
        reader.join()
        os.close(master)
    return bytes(shown), err
