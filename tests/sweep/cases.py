# SPDX-License-Identifier: Apache-2.0
"""What is made to fail: found out by a run in which nothing fails, never by numbers that stand in a file."""
import collections
import errno
import itertools
import os
import struct
import tempfile

from verdict import CRASH, HANG, LEFTOVER, WEAKER

ERRNOS = {name: getattr(errno, name) for name in ("ENOSYS", "EPERM", "EINTR", "EIO", "ENOMEM")}
CANNOT_FAIL = {"exit", "exit_group", "rt_sigreturn", "umask", "getpid", "gettid"}
ONE_ERRNO = {"brk": "ENOMEM"}
# What the C library calls before main(). It has no way to say no there, and dies; nothing was made yet.
STARTUP = {"brk", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "mprotect", "prlimit64", "readlink", "readlinkat",
           "getrandom", "newfstatat", "mmap", "munmap"}
NOFILE = range(3, 41)


class Case(collections.namedtuple("Case", "scenario role path call kind number result program without")):
    """kind: call (number: of the errno), malloc or nofile (number: which, how many), nothing."""

    @property
    def errno_name(self):
        return list(ERRNOS)[self.number] if self.kind == "call" else None

    def options(self, plain):
        if self.kind == "call":
            return ("--process", self.path, "--call", self.call, "--result", str(self.result))
        if self.kind == "nothing":
            return ("--watch", self.path)
        return ("--nofile", str(self.number)) if self.kind == "nofile" else ()

    def env(self, bench):
        found = {"DBG_WITHOUT": self.without} if self.without else {}
        if self.kind == "malloc":
            found["DBG_FAIL_MALLOC"] = f"{self.number}:{counter(bench).name}"
        return found

    def reached(self, bench, record):
        if self.kind == "malloc":
            return count(bench) >= self.number
        return self.kind in ("nofile", "nothing") or record.injected is not None

    def words(self):
        what = {"call": f"{self.role} {self.call} {self.errno_name}", "malloc": f"allocation {self.number}",
                "nofile": f"RLIMIT_NOFILE {self.number}"}.get(self.kind, self.without)
        return f"{self.scenario}: {what}"

    def command(self):
        which = f"--role {self.role} --call {self.call} --errno {self.errno_name}" if self.kind == "call" else f"--call {self.call}"
        return f"tests/sweep/run --scenario {self.scenario} {which}"


def counter(bench):
    """The file in which the test build counts its allocations, zero again."""
    if not hasattr(bench, "counter"):
        bench.counter = tempfile.NamedTemporaryFile(prefix="dbgtest.")
        os.chmod(bench.counter.name, 0o666)  # a plain user counts too
    os.pwrite(bench.counter.fileno(), bytes(8), 0)
    return bench.counter


def count(bench):
    return struct.unpack("=Q", os.pread(bench.counter.fileno(), 8, 0))[0]


def roles(record):
    """{path: what a person calls it}, told by what each does."""
    found = {"m": "monitor"}
    for path in record.born:
        if len(path) == 2:
            entry = path + "x" in record.execs
            if entry:
                found.update({path: "entry", path + "x": "launcher", path + "x1": "init", path + "x11": "command"})
            else:
                setsid = any(whose == path and name == "setsid" for whose, name, _, _ in record.calls)
                found[path] = "guardian" if setsid else "reader"
    return found


class Plain:
    """Runs of a scenario in which nothing fails."""

    def __init__(self, scenario, bench, programs):
        self.scenario, self.cache = scenario, {}
        first, second = (self.run(bench, programs["real"]) for _ in range(2))
        if first.status != 0 or not first.blocks:
            raise RuntimeError(f"{scenario}: without any failure: status {first.status}, {first.err!r}, {first.hanging}")
        if first.session() != second.session():
            differing = {key for key in first.session() if first.session()[key] != second.session().get(key)}
            raise RuntimeError(f"{scenario}: two runs without any failure differ in {differing}: "
                               f"{[(first.session()[key], second.session().get(key)) for key in differing]}")
        self.roles = roles(first)
        self.calls = [call for call in first.calls if call[0] in self.roles]
        self.startup = set()
        for path in (path for path in self.roles if path == "m" or path.endswith("x")):
            own = (call for call in self.calls if call[0] == path)
            self.startup |= {call[:3] for call in itertools.takewhile(lambda call: call[1] in STARTUP, own)}
        self.run(bench, programs["test"], env={"DBG_FAIL_MALLOC": f"0:{counter(bench).name}"})
        self.allocations = count(bench)

    @staticmethod
    def run(bench, program, env=None):
        return bench.attach(program, "--list", env=env)

    def record(self, bench, programs, program):
        """Of this target: its namespaces and its name are its own."""
        key = (bench.target.pid, program)
        if key not in self.cache:
            self.cache[key] = self.run(bench, programs[program])
        return self.cache[key]

    def possible(self):
        return [call for call in self.calls if call[1] not in CANNOT_FAIL]

    def cases(self):
        for path, name, turn, _ in self.possible():
            for number, (word, value) in enumerate(ERRNOS.items()):
                if ONE_ERRNO.get(name, word) != word:
                    continue
                yield Case(self.scenario, self.roles[path], path, f"{name}:{turn}", "call", number, -value, "real", None)
        for number in range(1, self.allocations + 1):
            yield Case(self.scenario, "any", None, f"malloc:{number}", "malloc", number, 0, "test", None)
        for number in NOFILE:
            yield Case(self.scenario, "any", None, f"nofile:{number}", "nofile", number, 0, "real", None)

    def words(self):
        per_role = collections.Counter(self.roles[path] for path, _, _, _ in self.possible())
        return (f"{sum(per_role.values())} calls (" + ", ".join(f"{role} {number}" for role, number in per_role.items()) +
                f"), {self.allocations} allocations, {len(NOFILE)} limits of open files")


class Lie(collections.namedtuple("Lie", "about role call argument result without found_as scenario", defaults=("pipe",))):
    """
    The call is not made, and says that it was: the same as a program that ignores its failure. argument: the call's first,
    None any. without: of the test build the check that would find out; or, where there is no call, the protection itself.
    """

    def cases(self, plain):
        if self.call is None:
            entry = next(path for path, role in plain.roles.items() if role == "entry")
            yield Case(plain.scenario, "any", entry, self.without, "nothing", 0, 0, "test", self.without)
        for path, name, turn, argument in plain.calls:
            if plain.roles[path] == self.role and name == self.call and self.argument in (None, argument):
                yield Case(plain.scenario, self.role, path, f"{name}:{turn}", "call", 0, self.result,
                           "test" if self.without else "real", self.without)


LEFT_OUT = ("BOUNDING,VERIFY", "CAP_DROP,BOUNDING,VERIFY", "CGROUP", "CLOSE_RANGE", "DEVICES", "GROUPS,VERIFY", "KEYRING", "OOM_SCORE",
            "RLIMITS", "SECCOMP,VERIFY", "UMASK")
LIES = (
    Lie("setgroups ignored", "entry", "setgroups", None, 0, "VERIFY", WEAKER),
    Lie("bounding set kept", "entry", "prctl", 24, 0, "VERIFY", WEAKER),
    Lie("seccomp filter ignored", "entry", "seccomp", None, 0, "VERIFY", WEAKER),
    Lie("the caller's session keyring kept", "entry", "keyctl", None, 1, None, WEAKER),
    Lie("limits kept", "entry", "prlimit64", None, 0, None, WEAKER),
    Lie("umask kept", "entry", "umask", None, 0, None, WEAKER),
    Lie("signals left ignored", "entry", "rt_sigaction", 10, 0, None, WEAKER),
    Lie("signal mask kept", "entry", "rt_sigprocmask", None, 0, None, WEAKER),
    Lie("niceness kept", "entry", "sched_setscheduler", None, 0, None, WEAKER),
    Lie("I/O priority kept", "entry", "ioprio_set", None, 0, None, WEAKER),
    Lie("personality kept", "entry", "personality", None, 0, None, WEAKER),
    Lie("timer slack kept", "entry", "prctl", 29, 0, None, WEAKER),
    Lie("OOM score kept", "entry", "write", None, 1, None, WEAKER),
    Lie("the view's mounts writable", "entry", "mount_setattr", None, 0, None, WEAKER),
    Lie("not undumpable", "launcher", "prctl", 4, 0, None, WEAKER),
    Lie("no subreaper: an orphan is the target's zombie", "init", "prctl", 36, 0, None, LEFTOVER),
    Lie("no parent-death signal of init", "init", "prctl", 1, 0, None, WEAKER),
    Lie("no parent-death signal of the command", "command", "prctl", 1, 0, None, WEAKER),
    Lie("no session of the command's own", "command", "setsid", None, 7, None, WEAKER),
    Lie("cgroup not removed", "monitor", "unlinkat", None, 0, None, LEFTOVER),
    Lie("the command never started", "monitor", "write", None, 1, None, HANG),
    Lie("memory that is not there", "monitor", "mmap", None, 4096, None, CRASH),
) + tuple(Lie(f"a build without {names}", None, None, None, 0, names, WEAKER) for names in LEFT_OUT) + (
    # The other scenario's target has masked its own.
    Lie("a build without PROC_MASK", None, None, None, 0, "PROC_MASK", WEAKER, "userns"),
)
