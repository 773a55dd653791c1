# SPDX-License-Identifier: Apache-2.0
"""
Real containers, and one without a runtime. Each is a Target: how dbgattach names it, the host pid of its init, its end.
Each class ends what it has started, by pid or by its own name, and nothing else.
"""
import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time

import processes
from processes import wait_until
from program import Program
from snapshot import cgroup_roots

UID = 65532
HARDENED = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "-u", f"{UID}:{UID}")
DOCKER_CAPS = 0xa80425fb
NUMBER = iter(range(1, 1_000_000))


class Unavailable(Exception):
    """The runtime is not there; why."""


def unique(word="c"):
    return f"dbgtest-{os.getpid()}-{word}{next(NUMBER)}"


def call(*command, input=None, timeout=60, check=True, env=None):
    done = subprocess.run(command, input=input, capture_output=True, timeout=timeout, env=env)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done.stdout


class Tree:
    """What a root holds: {path: bytes | None for a directory | '-> target' for a symlink}, modes by path."""

    def __init__(self, helpers, files=None, modes=None, bare=False):
        self.helpers = helpers
        self.files = {} if bare else {"data": None, "tmp": None, "etc": None, "etc/hostname": b"fake\n", "proc": None,
                                      "etc/passwd": b"root:x:0:0::/root:/x\napp:x:65532:65532::/data:/payload\n",
                                      "data/file": b"content\n", "lnk": "-> data", "dangling": "-> nowhere"}
        self.files.update(files or {})
        self.modes = {"data": 0o777, "tmp": 0o1777, **(modes or {})}

    def programs(self):
        names = ["payload"] + (["trysyscall"] if len(self.files) else [])
        return {name: self.helpers[name] for name in names}

    def write(self, base):
        for path, content in self.files.items():
            full = os.path.join(base, path)
            os.makedirs(os.path.dirname(full) if content is not None else full, exist_ok=True)
            if isinstance(content, bytes):
                with open(full, "wb") as file:
                    file.write(content)
            elif content is not None:
                os.symlink(content[3:], full)
            if not os.path.islink(full):
                os.chmod(full, self.modes.get(path, 0o644 if content is not None else 0o755))
        for name, source in self.programs().items():
            shutil.copyfile(source, os.path.join(base, name))
            os.chmod(os.path.join(base, name), 0o755)

    def tar(self):
        with tempfile.TemporaryDirectory(prefix="dbgtest.") as base:
            self.write(base)
            os.chmod(base, 0o755)
            packed = io.BytesIO()
            with tarfile.open(fileobj=packed, mode="w") as archive:
                archive.add(base, arcname="/")
            return packed.getvalue()


class Target:
    def __init__(self, ref, pid):
        self.ref, self.pid = ref, pid
        self.starttime = processes.process(pid).starttime

    def alive(self):
        p = processes.process(self.pid)
        return bool(p) and p.starttime == self.starttime and p.state != "Z"

    def kill(self, wait=True):
        """
        Ends its init, as an out-of-memory kill or a crash would. Its death waits for those of its PID namespace, whose
        parents may be stopped: wait=False.
        """
        if self.alive():
            os.kill(self.pid, signal.SIGKILL)
        if wait:
            wait_until(lambda: not self.alive(), what=f"{self.ref} to die")

    def namespace(self, kind):
        return processes.namespace(self.pid, kind)

    def session_processes(self):
        """Host pids of what is in its PID namespace and was put there from outside, without its init."""
        return [pid for pid in processes.members_of_pid_namespace(self.namespace("pid")) if pid != self.pid]

    def root(self, path):
        return f"/proc/{self.pid}/root/{path.lstrip('/')}"


class Fake(Target):
    """Namespaces and a tmpfs, by tests/helpers/fakecontainer.c."""

    def __init__(self, helpers, init=("pause",), tree=None, cgroup=True, env=(), **options):
        """options: those of fakecontainer, True for a flag."""
        self.cgroup = None
        arguments = []
        for name, value in options.items():
            arguments += [f"--{name.replace('_', '-')}"] + ([] if value is True else [str(value)])
        for assignment in env:
            arguments += ["--env", assignment]
        if cgroup and "" in cgroup_roots():
            self.cgroup = f"{cgroup_roots()['']}/{unique('fake')}"
            os.mkdir(self.cgroup)
            arguments += ["--cgroup", self.cgroup]
        self.runner = None
        try:
            with tempfile.TemporaryDirectory(prefix="dbgtest.") as base:
                (tree or Tree(helpers)).write(base)
                os.chmod(base, 0o755)  # it is read from inside the user namespace
                self.runner = subprocess.Popen(
                    [helpers["fakecontainer"], "--tree", base, *arguments, "/payload", *init], stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={})
                Program.known.add(self.runner.pid)
                line = self.runner.stdout.readline().split()
            if len(line) != 2:
                raise Unavailable(f"fake container: {self.runner.stderr.read().decode()}")
            super().__init__(f"pid:{line[1].decode()}", int(line[1]))
        except BaseException:
            self.stop()
            raise

    def stop(self):
        if self.runner:
            processes.end(self.runner)
            Program.known.discard(self.runner.pid)
            self.runner.stdout.close()
            self.runner.stderr.close()
        if self.cgroup:
            wait_until(self._remove_cgroup, what=f"{self.cgroup} to be empty")
            self.cgroup = None

    def _remove_cgroup(self):
        try:
            os.rmdir(self.cgroup)
        except FileNotFoundError:
            pass
        except OSError:
            return False
        return True


class Container(Target):
    """One of an Engine."""

    def __init__(self, engine, name, identifier, pid):
        super().__init__(identifier, pid)
        self.engine, self.name, self.id = engine, name, identifier

    def stop(self):
        self.engine.remove(self.name)


class Engine:
    """Docker or Podman: they take the same words."""

    def __init__(self, program, helpers, run_options=(), engine_options=(), prefix=(), remove_options=()):
        self.program, self.run_options, self.remove_options = program, run_options, remove_options
        self.command = (*prefix, program, *engine_options)
        self.helpers, self.names = helpers, []
        if not shutil.which(program):
            raise Unavailable(f"{program} is not installed")
        self.daemon = None
        self.image = None

    def cli(self, *arguments, **options):
        return call(*self.command, *arguments, env={**os.environ, "DOCKER_BUILDKIT": "0"}, **options).decode().strip()

    def answers(self):
        return not subprocess.run([*self.command, "info"], capture_output=True, timeout=20).returncode

    def prepare(self):
        """The image: FROM scratch, nothing but the tests' tree."""
        self.image = f"dbgtest-image:{os.getpid()}-{next(NUMBER)}"
        self.cli("import", "-c", 'CMD ["/payload","pause"]', "-", self.image, input=Tree(self.helpers).tar())

    def run(self, *options, init=("pause",), name=None, hardened=True):
        name = name or unique()
        self.names.append(name)
        self.cli("run", "-d", "--network", "none", "--name", name, *self.run_options, *(HARDENED if hardened else ()),
                 *options, self.image, "/payload", *init)
        identifier, pid = self.cli("inspect", "-f", "{{.Id}} {{.State.Pid}}", name).split()
        return Container(self, name, identifier, int(pid))

    def create(self, *options):
        """A container that never ran; its name."""
        name = unique()
        self.names.append(name)
        self.cli("create", "--name", name, *self.run_options, *options, self.image)
        return name

    def remove(self, name):
        self.cli("rm", "-f", *self.remove_options, name, check=False)
        if name in self.names:
            self.names.remove(name)

    def close(self):
        for name in list(self.names):
            self.remove(name)
        if self.image:
            self.cli("rmi", "-f", self.image, check=False)


class Dockerd:
    """A Docker daemon of our own; prefix: the command that runs a program where it lives."""

    def __init__(self, directory, prefix=(), options=()):
        self.log = os.path.join(directory, "dockerd.log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([*prefix, "dockerd", *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        Program.known.add(self.process.pid)

    def wait(self, engine):
        def ready():
            if self.process.poll() is not None:
                with open(self.log, errors="replace") as log:
                    raise Unavailable("dockerd ended: " + log.read()[-500:])
            return engine.answers()
        wait_until(ready, 40, "dockerd to answer", 0.1)

    def stop(self, grace=20):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(grace)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)


class Docker(Engine):
    def __init__(self, helpers, directory):
        super().__init__("docker", helpers)
        if not self.answers():
            if not shutil.which("dockerd"):
                raise Unavailable("no Docker daemon answers, and dockerd is not installed")
            self.daemon = Dockerd(directory)
            self.daemon.wait(self)
        self.prepare()

    def close(self):
        super().close()
        if self.daemon:
            self.daemon.stop()


class Podman(Engine):
    def __init__(self, helpers):
        limits = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000")
        super().__init__("podman", helpers, limits, ("--runtime", "runc"), remove_options=("-t", "0"))
        self.prepare()


class PrivateDocker(Engine):
    """
    A Docker of its own on the default paths, in a mount namespace where /run and /var/lib/docker are private: so it can
    be stopped and killed without touching the host's. dbgattach is run there too, by `prefix`.
    """

    def __init__(self, helpers, directory, place="mount --bind {data} /var/lib/docker", options=()):
        """place: a command that puts `data` where the daemon looks for it; options: the daemon's, likewise."""
        if not shutil.which("dockerd"):
            raise Unavailable("dockerd is not installed")
        data = os.path.join(directory, "data")
        os.mkdir(data)
        script = (f"mount -t tmpfs run /run && {place.format(data=data)} && "
                  f"mkdir -p /run/lock && echo ready && exec sleep 1000000")
        os.makedirs("/var/lib/docker", exist_ok=True)
        self.keeper = subprocess.Popen(["unshare", "-m", "--propagation", "private", "sh", "-c", script],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        Program.known.add(self.keeper.pid)
        if self.keeper.stdout.readline() != b"ready\n":
            raise Unavailable("no private mount namespace")
        self.prefix = ("nsenter", f"--mount=/proc/{self.keeper.pid}/ns/mnt")
        super().__init__("docker", helpers, prefix=self.prefix)
        try:
            self.daemon = Dockerd(directory, self.prefix, ("--bridge", "none", "--iptables=false",
                                                           *(option.format(data=data) for option in options)))
            self.daemon.wait(self)
            self.prepare()
        except BaseException:
            self.close()
            raise

    def close(self):
        with contextlib.suppress(Exception):
            super().close()
        if self.daemon:
            self.daemon.stop(grace=2)
        # A container whose daemon was killed has its shim, and the shim its container, still running.
        here = processes.namespace(self.keeper.pid, "mnt")
        for pid in processes.descendants(os.getpid()):
            if processes.namespace(pid, "mnt") == here and pid != self.keeper.pid:
                processes.send(pid, signal.SIGKILL)
        processes.end(self.keeper)


class Runc:
    """Bundles of our own making, run by the plain runc."""

    DEFAULT_ROOT = "/run/runc"
    prefix = ()  # where it runs

    def __init__(self, helpers, directory, program="runc"):
        if not shutil.which(program):
            raise Unavailable(f"{program} is not installed")
        self.program, self.helpers, self.directory, self.containers = program, helpers, directory, []

    def configuration(self, rootfs, init, uid, caps, userns, proc, env, cwd, readonly, host_namespaces=(), seccomp=None,
                      program=("/payload",), groups=(), ambient=()):
        names = [f"CAP_{name}" for name in caps]
        mounts = []
        if proc == "real":
            mounts.append({"destination": "/proc", "type": "proc", "source": "proc"})
        elif proc == "tmpfs":
            mounts.append({"destination": "/proc", "type": "tmpfs", "source": "tmpfs"})
        kinds = [kind for kind in ("pid", "network", "ipc", "uts", "mount", "cgroup") if kind not in host_namespaces]
        linux = {"namespaces": [{"type": kind} for kind in kinds]}
        if proc == "real":
            linux["maskedPaths"] = ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/acpi", "/proc/scsi"]
            linux["readonlyPaths"] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
        if seccomp:
            linux["seccomp"] = seccomp
        if userns:
            linux["namespaces"].append({"type": "user"})
            mapping = [{"containerID": 0, "hostID": userns[0], "size": userns[1]}]
            linux.update(uidMappings=mapping, gidMappings=mapping)
        return {
            "ociVersion": "1.0.2",
            "process": {"terminal": False, "user": {"uid": uid, "gid": uid, "additionalGids": list(groups)}, "args": [*program, *init], "env": list(env),
                        "cwd": cwd, "noNewPrivileges": True,
                        "capabilities": {**{kind: names for kind in ("bounding", "effective", "permitted")},
                                         **{kind: [f"CAP_{name}" for name in ambient] for kind in ("inheritable", "ambient")}}},
            "root": {"path": rootfs, "readonly": readonly},
            "hostname": "bare",
            "mounts": mounts,
            "linux": linux,
        }

    def run(self, init=("pause",), name=None, root=None, tree=None, uid=UID, caps=(), userns=None, proc="real",
            env=("PATH=/bin", "GREETING=hello"), cwd="/", readonly=True, **more):
        name = name or unique("runc")
        bundle = tempfile.mkdtemp(prefix="dbgtest.", dir=self.directory)
        rootfs = os.path.join(bundle, "rootfs")
        os.mkdir(rootfs)
        os.chmod(bundle, 0o755)
        (tree or Tree(self.helpers)).write(rootfs)
        if userns:
            for directory, folders, files in os.walk(rootfs):
                for entry in [".", *folders, *files]:
                    os.lchown(os.path.join(directory, entry), userns[0], userns[0])
        with open(os.path.join(bundle, "config.json"), "w") as file:
            json.dump(self.configuration(rootfs, init, uid, caps, userns, proc, env, cwd, readonly, **more), file)
        container = self.container(name, root, bundle)
        self.containers.append(container)
        container.start()
        return container

    def container(self, name, root, bundle):
        return RuncContainer(self, name, root, bundle)

    def close(self):
        for container in list(self.containers):
            container.stop()


class RuncContainer(Target):
    WORD, OPTIONS = "runc", ()

    def __init__(self, runc, name, root, bundle):
        self.runc, self.name, self.bundle = runc, name, bundle
        self.state_root = root or runc.DEFAULT_ROOT
        self.command = (*runc.prefix, runc.program, "--root", self.state_root, *self.OPTIONS)

    def start(self):
        pid_file = os.path.join(self.bundle, "pid")
        log = os.path.join(self.bundle, "log")
        with open(log, "wb") as out:
            done = subprocess.run([*self.command, "run", "-d", "--bundle", self.bundle, "--pid-file", pid_file, self.name],
                                  stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=30)
        if done.returncode != 0:
            raise RuntimeError(f"{self.WORD} run: {processes.read(log)}")
        super().__init__(f"{self.WORD}:{self.state_root}/{self.name}", int(processes.read(pid_file)))

    def kill(self, wait=True):
        super().kill(wait)
        processes.reap_orphans(Program.known)

    def stop(self):
        if getattr(self, "pid", None) and self.alive():
            os.kill(self.pid, signal.SIGKILL)
            deadline = time.monotonic() + 5
            while self.alive() and time.monotonic() < deadline:
                time.sleep(0.005)
        processes.reap_orphans(Program.known)
        call(*self.command, "delete", "-f", self.name, check=False)
        shutil.rmtree(self.bundle, ignore_errors=True)
        if self in self.runc.containers:
            self.runc.containers.remove(self)
