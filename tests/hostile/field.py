# SPDX-License-Identifier: Apache-2.0
"""
Where an attack takes place: a real container of one of five kinds whose first process is the attacker, the attaches that
are made to it, and what has to be the same afterwards.
"""
import json
import os
import re
import signal
import stat
import tempfile
import time
from dataclasses import dataclass, field

import processes
import snapshot
from processes import Late
from program import Program, Result
from targets import Runc, RuncContainer, Tree, unique

# The 14 of Docker's default.
DEFAULT_CAPS = ("CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP",
                "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE")
USERNS = (200000, 65536)
BOUND = 3.0  # seconds within which nothing may be left, and an ending be complete


@dataclass(frozen=True)
class Kind:
    name: str
    what: str
    caps: tuple = DEFAULT_CAPS
    userns: tuple = None


KINDS = {kind.name: kind for kind in (
    Kind("C0", "default capabilities"),
    Kind("CP", "+SYS_PTRACE", (*DEFAULT_CAPS, "SYS_PTRACE")),
    Kind("CA", "+SYS_PTRACE +SYS_ADMIN", (*DEFAULT_CAPS, "SYS_PTRACE", "SYS_ADMIN")),
    Kind("CU", "own user namespace", userns=USERNS),
    Kind("CUP", "own user namespace, +SYS_PTRACE +SYS_ADMIN", (*DEFAULT_CAPS, "SYS_PTRACE", "SYS_ADMIN"), USERNS),
)}


class Broken(Exception):
    """The attack could not be made: no result."""


class Hosts(Runc):
    """Bundles with an attacker in them."""

    def __init__(self, attacker, directory):
        super().__init__({}, directory)
        self.attacker = attacker
        self.fuse = os.path.join(directory, "fuse")  # the host's own is for its root alone
        os.mknod(self.fuse, stat.S_IFCHR | 0o666, os.makedev(10, 229))
        os.chmod(self.fuse, 0o666)

    def bundle(self, kind, setup):
        bundle = tempfile.mkdtemp(prefix="hostile.", dir=self.directory)
        rootfs = os.path.join(bundle, "rootfs")
        os.mkdir(rootfs)
        for directory in (bundle, rootfs):
            os.chmod(directory, 0o755)
        Tree({"payload": self.attacker, "trysyscall": self.attacker}, setup.files).write(rootfs)
        for name in setup.programs:
            path = os.path.join(rootfs, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.link(os.path.join(rootfs, "payload"), path)
        os.rename(os.path.join(rootfs, "payload"), os.path.join(rootfs, "attacker"))
        os.unlink(os.path.join(rootfs, "trysyscall"))
        for source, name in setup.copies:
            path = os.path.join(rootfs, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(source, "rb") as original, open(path, "wb") as copy:
                copy.write(original.read())
            os.chmod(path, 0o755)
        if kind.userns:
            for directory, folders, files in os.walk(rootfs):
                for entry in [".", *folders, *files]:
                    os.lchown(os.path.join(directory, entry), kind.userns[0], kind.userns[0])
        if setup.prepare:
            setup.prepare(rootfs)
        with open(os.path.join(bundle, "config.json"), "w") as file:
            json.dump(self.hostile_configuration(kind, setup), file)
        return bundle

    def hostile_configuration(self, kind, setup):
        config = self.configuration("rootfs", (), 0, kind.caps, kind.userns, None,
                                    ("PATH=/bin", *setup.env), "/", False, host_namespaces=setup.host_namespaces)
        config["process"].update(args=["/attacker", "attack", *setup.attack], noNewPrivileges=False)
        proc = {"destination": "/proc", "type": "proc", "source": "proc"}
        if "pid" in setup.host_namespaces:  # a procfs of the host's PID namespace is not for a user namespace to mount
            proc = {"destination": "/proc", "type": "bind", "source": "/proc", "options": ["rbind"]}
        config["mounts"] += [
            proc,
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=65536k"]},
            {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
             "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
            {"destination": "/dev/fuse", "type": "bind", "source": self.fuse, "options": ["bind"]},
        ]
        config["linux"].update(
            maskedPaths=[f"/proc/{name}" for name in ("kcore", "keys", "timer_list", "acpi", "scsi")],
            readonlyPaths=[f"/proc/{name}" for name in ("bus", "fs", "irq", "sys", "sysrq-trigger")],
            resources={"pids": {"limit": 400}, "devices": [
                {"allow": True, "type": "c", "major": 10, "minor": 229, "access": "rwm"}]})
        return config

    def start(self, kind, setup):
        container = RuncContainer(self, unique("hostile"), os.path.join(self.directory, "state"), self.bundle(kind, setup))
        self.containers.append(container)
        container.start()
        return container


@dataclass
class Setup:
    """How the container is made."""
    attack: tuple
    files: dict = None
    programs: tuple = ()  # names under which the attacker lies in the container as well
    copies: tuple = ()  # (file of the host, name in the container)
    env: tuple = ()
    host_namespaces: tuple = ()
    prepare: object = None  # called with the root file system's path


def below_us(binaries):
    """Processes of dbgattach's: by their executable, or by the cgroup they are in."""
    found = []
    for pid in processes.descendants(os.getpid()):
        executable = processes.readlink(f"/proc/{pid}/exe").replace(" (deleted)", "")
        if executable in binaries or processes.in_session_cgroup(pid):
            found.append(pid)
    return found


def session_cgroups():
    ours = tuple(f"dbgattach-{pid}-" for pid in Program.ever)
    return [f"{root}/{name}" for root in snapshot.cgroup_roots().values()
            for name in processes.listdir(root) if name.startswith(ours)]


@dataclass
class Field:
    world: object
    attack: object
    kind: Kind
    container: object
    program: Program
    patience: float
    falls: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    codes: list = field(default_factory=list)
    ends: list = field(default_factory=list)  # "exit STATUS: STDERR" of each attach

    def __post_init__(self):
        self.last_lines = []
        self.report = os.path.join(self.container.bundle, "rootfs", "report")
        self.mounts = snapshot.host_mounts()
        self.programs = self.fingerprint()
        self.namespace = self.container.namespace("pid")
        self.inside = set(self.members())

    @property
    def weakened(self):
        return bool(self.program.without)

    @property
    def pid(self):
        return self.container.pid

    def fall(self, text):
        self.falls.append(text)

    # the attacker's words

    def lines(self):
        self.last_lines = processes.read(self.report).splitlines() or self.last_lines  # with the container it is gone
        return self.last_lines

    def wait_for_line(self, word, within=8):
        def look():
            for line in self.lines():
                if line.startswith("broken"):
                    raise Broken(line)
                if line.startswith(word):
                    return line
            if not self.container.alive():
                raise Broken(f"the attacker ended: {self.lines()}")
            return None
        try:
            return processes.wait_until(look, within, f"the attacker's {word!r}")
        except Late as late:
            raise Broken(str(late)) from None

    def said(self, word):
        return [line[len(word) + 1:] for line in self.lines() if line.startswith(word + " ")]

    # attaching

    def start(self, *command, options=(), **how):
        return self.program.start(*options, self.container.ref, *command, **how)

    def ended(self, code, err=""):
        self.codes.append(code)
        self.ends.append(f"exit {code}: {err.strip()}")

    def finish(self, session, expect=(0,), within=BOUND, input=b""):
        """Judges an attach: it has to end in time, with an exit status that is allowed, and its output says nothing of a fall."""
        try:
            result = session.finish(min(self.patience, within), input)
        except Late as late:
            self.fall(f"hung: {late}")
            return Result(-1, b"", "")
        self.ended(result.code, result.err)
        self.judge(result, expect)
        return result

    def judge(self, result, expect=(0,)):
        self.falls += re.findall(r"^fell (.*)$", result.text.replace("\r", ""), re.M)
        self.falls += re.findall(r"^fell (.*)$", result.err, re.M)
        self.notes += re.findall(r"^note (.*)$", result.text.replace("\r", ""), re.M)
        if expect is not None and result.code not in expect:
            self.fall(f"exit status {result.code}: {result.err.strip()[-200:]}")

    def attach(self, *command, options=(), expect=(0,), within=BOUND, input=b"", **how):
        return self.finish(self.start(*command, options=options, **how), expect, within, input)

    def probe(self, name, *arguments, **how):
        return self.attach("/attacker", "probe", name, *map(str, arguments), **how)

    # what has to be the same

    def look(self):
        """The container; its files as the host sees them, which nothing in it can hide or make hang."""
        root = os.path.join(self.container.bundle, "rootfs")
        parts = {"mounts": lambda: snapshot.target_mounts(self.pid), "files": lambda: snapshot.walk(root),
                 "/dev": lambda: snapshot.walk(f"/proc/{self.pid}/root/dev")}
        found = {part: look() for part, look in parts.items() if part not in self.attack.changes}
        found.get("files", {}).pop("/report", None)
        return found

    def compare(self):
        if self.weakened or not self.container.alive():
            return
        now = self.look()
        for part, before in self.before.items():
            changed = [f"{key}: {now[part].get(key)}, not {before.get(key)}" for key in {**before, **now[part]}
                       if now[part].get(key) != before.get(key)]
            if changed:
                self.fall(f"the container's {part} changed: {'; '.join(changed[:3])}")

    def members(self):
        # Of a namespace that is gone nobody is left, and its number may be another's by now.
        if self.namespace == processes.namespace("self", "pid") or not self.container.alive():
            return []
        return processes.members_of_pid_namespace(self.namespace)

    def fingerprint(self):
        stats = [os.stat(path) for path in self.world.binaries]
        return [(st.st_size, st.st_mtime_ns, st.st_ino) for st in stats]

    def strangers(self):
        """In the container, and neither there before nor of the attacker's own making."""
        found = []
        for pid in set(self.members()) - self.inside:
            words = processes.read(f"/proc/{pid}/cmdline").split("\0")
            if words[:2] != ["/attacker", "attack"] and processes.process(pid):
                found.append(f"process {pid} ({processes.state(pid)}, {' '.join(words)})")
        return found

    def leftovers(self):
        left = [f"process {pid} {processes.read(f'/proc/{pid}/comm').strip()}" for pid in below_us(self.world.binaries)]
        left += self.strangers() + [f"cgroup {path}" for path in session_cgroups()]
        left += [f"mount {mount}" for mount in set(snapshot.host_mounts()) - set(self.mounts)]
        return left

    def settle(self, within=BOUND):
        deadline = time.monotonic() + within
        while left := self.leftovers():
            processes.reap_orphans(Program.known)
            if time.monotonic() > deadline:
                self.fall(f"left behind: {', '.join(left[:4])}")
                return
            time.sleep(0.01)

    def verdict(self):
        self.settle(BOUND if not self.weakened else 1.0)
        self.compare()
        if self.fingerprint() != self.programs:
            self.fall("the program on the host was changed")
        self.falls += self.said("fell")
        if broken := self.said("broken"):
            raise Broken(broken[0])
        self.notes += self.said("note")
        if "watching" in self.notes and not any(note.startswith("saw ") for note in self.notes):
            raise Broken("the attacker has seen nobody come")
        # On such a kernel each of them is changed by itself, in a copy: too many for the time or the number that is allowed.
        limited = self.program.wrapper and self.attack.name == "40000-mounts"
        if not self.weakened and 0 not in self.codes and not limited and not (
                self.attack.ends and any(re.match(self.attack.ends, end) for end in self.ends)):
            self.fall(f"no session worked: {self.ends}")
        return list(dict.fromkeys(self.falls))


class World:
    """Everything that is made once."""

    def __init__(self, binary, test_binary, build, directory, lacking=""):
        self.wrapper = (os.path.join(build, "helpers", "nosys"), *lacking.split(","), "--") if lacking else ()
        self.binaries = (binary, test_binary)
        self.build = build
        self.directory = directory
        os.chmod(directory, 0o755)
        os.mkdir(os.path.join(directory, "state"))
        self.hosts = Hosts(os.path.join(build, "hostile", "attacker"), directory)

    def helper(self, name):
        return os.path.join(self.build, "helpers", name)

    def play(self, attack, kind, without=()):
        """(falls, notes) of one attack in one container, with every trace of it taken away."""
        program = Program(*self.binaries, without=without, wrapper=self.wrapper)
        container, field = None, None
        processes.set_patience(2.5 if without else 10)
        try:
            setup = attack.setup(self, kind)
            container = self.hosts.start(kind, setup)
            field = Field(self, attack, kind, container, program, 4.0 if without else 12.0)
            field.wait_for_line("ready", 30)
            field.inside = set(field.members())
            field.before = field.look()
            attack.play(field)
            return field.verdict(), [*field.notes, *(end[:200] for end in field.ends)]
        finally:
            self.clear(program, container)

    def clear(self, program, container):
        for session in program.started:
            processes.send(session.pid, signal.SIGCONT)
        if container:
            # With its PID namespace goes whatever is in it, but its first process may wait for a filesystem's server there.
            if getattr(container, "pid", None) and container.alive() and container.namespace("pid") != processes.namespace(
                    "self", "pid"):
                for pid in processes.members_of_pid_namespace(container.namespace("pid")):
                    processes.send(pid, signal.SIGKILL)
            container.stop()
        program.sweep()
        for _ in range(100):
            left = below_us(self.binaries)
            for pid in left:
                processes.send(pid, signal.SIGCONT)
                processes.send(pid, signal.SIGKILL)
            processes.reap_orphans(Program.known)
            if not left:
                break
            time.sleep(0.02)
        for path in session_cgroups():
            try:
                os.rmdir(path)
            except OSError:
                pass

    def use(self, program):
        """An attach to a container that nobody attacks: it works, and it takes away what an earlier one had to leave."""
        bystander = self.hosts.start(KINDS["C0"], Setup(("idle",)))
        try:
            return program.run(bystander.ref, "/dbg/bin/true", timeout=BOUND)
        finally:
            bystander.stop()

