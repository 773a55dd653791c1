# SPDX-License-Identifier: Apache-2.0
"""
The runtimes beyond Docker, Podman and runc: containerd, crun, LXC, systemd-nspawn, a user's Podman. As in targets.py, each
class ends what it has started. What needs a host that is set up in another way (cgroup2 alone, another /etc/passwd) runs in
a mount namespace of its own, with `prefix` in front, and dbgattach with it.
"""
import contextlib
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import tarfile

import processes
from processes import wait_until
from program import Program
from targets import Engine, Runc, RuncContainer, Target, Tree, Unavailable, call, unique

USER, USER_ID = "dbgtest", 54321
LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000")


def needs(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Unavailable(f"{program} is not installed")


class Elsewhere:
    """A mount namespace that is set up by a script, and kept by a sleeping process."""

    def __init__(self, script):
        self.keeper = subprocess.Popen(
            ["unshare", "-m", "--propagation", "slave", "sh", "-ec", f"{script}\necho ready; exec sleep 1000000"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        Program.known.add(self.keeper.pid)
        self.prefix = ("nsenter", f"--mount=/proc/{self.keeper.pid}/ns/mnt")
        if self.keeper.stdout.readline() != b"ready\n":
            self.close()
            raise Unavailable("no mount namespace that is set up as needed")

    def close(self):
        here = processes.namespace(self.keeper.pid, "mnt")
        for pid in processes.descendants(os.getpid()):
            if processes.namespace(pid, "mnt") == here and pid != self.keeper.pid:
                processes.send(pid, signal.SIGKILL)
        processes.end(self.keeper)
        Program.known.discard(self.keeper.pid)
        self.keeper.stdout.close()


ONLY_CGROUP2 = "umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup"


def image(helpers, name):
    """A FROM scratch image as `docker save` writes it: bytes."""
    layer = Tree(helpers).tar()
    config = json.dumps({"architecture": "amd64", "os": "linux",
                         "config": {"Cmd": ["/payload", "pause"], "Env": ["GREETING=hello", "PATH=/bin"]},
                         "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]}}).encode()
    manifest = json.dumps([{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]).encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path, content in (("config.json", config), ("layer.tar", layer), ("manifest.json", manifest)):
            info = tarfile.TarInfo(path)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


class Containerd:
    """A daemon of our own, in folders of its own: dbgattach is told of them as ctr is, by CONTAINERD_ADDRESS."""
    IMAGE = "docker.io/library/dbgtest:1"

    def __init__(self, helpers, directory):
        needs("containerd", "ctr", "runc")
        self.helpers, self.containers = helpers, []
        self.state = os.path.join(directory, "state")
        self.address = os.path.join(self.state, "containerd.sock")
        self.env = {"CONTAINERD_ADDRESS": self.address}
        config = os.path.join(directory, "config.toml")
        with open(config, "w") as file:
            file.write(f'version = 2\nroot = "{directory}/root"\nstate = "{self.state}"\n'
                       f'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\naddress = "{self.address}"\n')
        with open(os.path.join(directory, "log"), "wb") as log:
            self.daemon = subprocess.Popen(["containerd", "--config", config], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        Program.known.add(self.daemon.pid)
        wait_until(lambda: not subprocess.run(["ctr", "-a", self.address, "version"], capture_output=True).returncode, 30,
                   "containerd to answer", 0.1)
        self.imported = set()

    def ctr(self, name_space, *arguments, **options):
        return call("ctr", "-a", self.address, "-n", name_space, *arguments, **options)

    def run(self, name=None, name_space="dbgtest", annotations=None, init=("pause",)):
        if name_space not in self.imported:
            self.ctr(name_space, "images", "import", "--snapshotter", "native", "-", input=image(self.helpers, self.IMAGE))
            self.imported.add(name_space)
        name = name or os.urandom(32).hex()
        notes = [word for key, value in (annotations or {}).items() for word in ("--annotation", f"{key}={value}")]
        self.ctr(name_space, "run", "-d", "--snapshotter", "native", *notes, self.IMAGE, name, "/payload", *init)
        pid = processes.read(f"{self.state}/io.containerd.runtime.v2.task/{name_space}/{name}/init.pid")
        container = ContainerdContainer(self, name_space, name, int(pid))
        self.containers.append(container)
        return container

    def close(self):
        for container in list(self.containers):
            container.stop()
        self.daemon.terminate()
        self.daemon.wait(20)


class ContainerdContainer(Target):
    def __init__(self, engine, name_space, name, pid):
        super().__init__(f"containerd:{name_space}/{name}", pid)
        self.engine, self.name_space, self.name, self.id = engine, name_space, name, name

    def stop(self):
        ctr = self.engine.ctr
        ctr(self.name_space, "tasks", "kill", "-s", "KILL", self.name, check=False)
        wait_until(lambda: not ctr(self.name_space, "tasks", "rm", "-f", self.name, check=False) and not self.alive(),
                   what="the task to end")
        ctr(self.name_space, "containers", "rm", self.name, check=False)
        if self in self.engine.containers:
            self.engine.containers.remove(self)


class Crun(Runc):
    """crun knows cgroup2 alone."""
    DEFAULT_ROOT = "/run/crun"

    def __init__(self, helpers, directory):
        super().__init__(helpers, directory, "crun")
        self.elsewhere = Elsewhere(ONLY_CGROUP2)
        self.prefix = self.elsewhere.prefix

    def container(self, name, root, bundle):
        os.mkdir(os.path.join(bundle, "rootfs/dev"))  # crun wants one
        return CrunContainer(self, name, root, bundle)

    def close(self):
        super().close()
        self.elsewhere.close()


class CrunContainer(RuncContainer):
    WORD, OPTIONS = "crun", ("--cgroup-manager", "disabled")


class Lxc:
    """In a mount namespace where root has subordinate ids, which an unprivileged container of root's needs."""
    FIRST_ID = 200000

    def __init__(self, helpers, directory):
        needs("lxc-start")
        self.helpers, self.directory, self.containers = helpers, directory, []
        subordinate = os.path.join(directory, "subid")
        with open(subordinate, "w") as file:
            file.write(f"root:{self.FIRST_ID}:65536\n")
        self.elsewhere = Elsewhere("".join(f"touch /etc/{name}; mount --bind {subordinate} /etc/{name}; "
                                           for name in ("subuid", "subgid")))

    def run(self, name=None, unprivileged=False):
        container = LxcContainer(self, name or unique("lxc"), unprivileged)
        self.containers.append(container)
        container.start()
        return container

    def close(self):
        for container in list(self.containers):
            container.stop()
        self.elsewhere.close()


class LxcContainer(Target):
    def __init__(self, lxc, name, unprivileged):
        self.lxc, self.name, self.unprivileged = lxc, name, unprivileged
        self.folder = f"/var/lib/lxc/{name}"

    def start(self):
        root = os.path.join(self.lxc.directory, self.name)
        Tree(self.lxc.helpers, {"sys": None, "dev": None}).write(root)
        os.chmod(root, 0o755)
        os.makedirs(self.folder)
        lines = [f"lxc.rootfs.path = dir:{root}", "lxc.init.cmd = /payload pause", "lxc.net.0.type = empty",
                 "lxc.mount.auto = proc:mixed sys:ro", f"lxc.uts.name = {self.name[:60]}"]
        if self.unprivileged:
            lines += [f"lxc.idmap = {kind} 0 {Lxc.FIRST_ID} 65536" for kind in "ug"]
            for directory, folders, files in os.walk(root):
                for entry in [".", *folders, *files]:
                    os.lchown(os.path.join(directory, entry), Lxc.FIRST_ID, Lxc.FIRST_ID)
        with open(f"{self.folder}/config", "w") as file:
            file.write("\n".join(lines) + "\n")
        call(*self.lxc.elsewhere.prefix, "lxc-start", "-n", self.name, "-o", f"{self.lxc.directory}/log", "-l", "INFO")
        super().__init__(f"lxc:{self.name}", int(call("lxc-info", "-n", self.name, "-pH")))

    def stop(self):
        call("lxc-stop", "-k", "-n", self.name, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        if self in self.lxc.containers:
            self.lxc.containers.remove(self)


class Nspawn:
    """
    On cgroup2 alone, in a cgroup of its own: there is no systemd that would make it one. Registered: with the file that
    systemd-machined would write.
    """

    def __init__(self, helpers, directory):
        needs("systemd-nspawn")
        self.helpers, self.directory, self.containers = helpers, directory, []
        self.elsewhere = Elsewhere(f"{ONLY_CGROUP2}; mkdir -p /run/systemd/nspawn; mount -t tmpfs nspawn /run/systemd/nspawn")

    def run(self, name=None, registered=False, named=True):
        container = Machine(self, name or unique("nspawn"), registered, named)
        self.containers.append(container)
        container.start()
        return container

    def close(self):
        for container in list(self.containers):
            container.stop()
        self.elsewhere.close()


class Machine(Target):
    def __init__(self, nspawn, name, registered, named):
        self.nspawn, self.name, self.named, self.runner = nspawn, name, named, None
        self.file = f"/run/systemd/machines/{name}" if registered else None
        self.cgroup = f"/sys/fs/cgroup/machine-{name}.scope"

    def start(self):
        root = os.path.join(self.nspawn.directory, self.name)
        Tree(self.nspawn.helpers, {"sys": None, "dev": None, "usr": None, "run": None, "var": None,
                                   "etc/os-release": b"ID=dbgtest\n"}).write(root)
        os.chmod(root, 0o755)
        script = f'mkdir {self.cgroup}; echo $$ >{self.cgroup}/cgroup.procs; exec systemd-nspawn "$@"'
        self.runner = subprocess.Popen(
            [*self.nspawn.elsewhere.prefix, "sh", "-c", script, "sh", "-D", root, *(("-M", self.name) if self.named else ()),
             "--keep-unit", "--register=no", "--private-network", "-q", "/payload", "pause"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        Program.known.add(self.runner.pid)

        def leader():
            if self.runner.poll() is not None:
                raise Unavailable(f"systemd-nspawn: {self.runner.stderr.read().decode()}")
            return [pid for pid in processes.children(self.runner.pid)
                    if processes.is_deeper(pid) and processes.readlink(f"/proc/{pid}/exe") == "/payload"]
        super().__init__(f"nspawn:{self.name}", wait_until(leader, what="the machine to start")[0])
        if self.file:
            os.makedirs(os.path.dirname(self.file), exist_ok=True)
            with open(self.file, "w") as file:
                file.write(f"# This is private data. Do not parse.\nNAME={self.name}\nSCOPE=machine-{self.name}.scope\n"
                           f"SERVICE=systemd-nspawn\nROOT={root}\nLEADER={self.pid}\nCLASS=container\n")

    def stop(self):
        with contextlib.suppress(TypeError, FileNotFoundError):
            os.unlink(self.file)
        if self.runner:
            self.kill()
            processes.end(self.runner)
            Program.known.discard(self.runner.pid)
            self.runner.stderr.close()
            script = f"find {self.cgroup} -depth -type d -exec rmdir {{}} +; [ ! -e {self.cgroup} ]"
            wait_until(lambda: not subprocess.run([*self.nspawn.elsewhere.prefix, "sh", "-c", script], stderr=subprocess.DEVNULL)
                       .returncode, what="the machine's cgroup to be empty")
        if self in self.nspawn.containers:
            self.nspawn.containers.remove(self)


class PodmanCrun(Engine):
    """root's Podman with crun: no cgroup names its containers."""

    def __init__(self, helpers):
        needs("podman", "crun")
        self.elsewhere = Elsewhere(ONLY_CGROUP2)
        super().__init__("podman", helpers, (*LIMITS, "--cgroups=disabled"), ("--runtime", "crun", "--cgroup-manager", "cgroupfs"),
                         prefix=self.elsewhere.prefix, remove_options=("-t", "0"))
        try:
            self.prepare()
        except BaseException:
            self.elsewhere.close()
            raise

    def close(self):
        super().close()
        self.elsewhere.close()


class RootlessPodman(Engine):
    """A user's own, on a host that knows him: /etc/passwd and the subordinate ids are those of the mount namespace."""

    def __init__(self, helpers, directory, runtime="crun"):
        needs("podman", runtime, "newuidmap", "setpriv")
        home, tables = os.path.join(directory, "home"), os.path.join(directory, "etc")
        os.mkdir(home)
        os.mkdir(tables)
        os.chown(home, USER_ID, USER_ID)
        for name, line in (("passwd", f"{USER}:x:{USER_ID}:{USER_ID}::{home}:/bin/sh"), ("group", f"{USER}:x:{USER_ID}:"),
                           ("subuid", f"{USER}:300000:65536"), ("subgid", f"{USER}:300000:65536")):
            with open(os.path.join(tables, name), "w") as file:
                file.write(processes.read(f"/etc/{name}") + line + "\n")
        run = f"/run/user/{USER_ID}"
        self.elsewhere = Elsewhere(
            f"{ONLY_CGROUP2}; for name in passwd group subuid subgid; do touch /etc/$name; mount --bind {tables}/$name /etc/$name; "
            f"done; mkdir -p /run/user; mount -t tmpfs -o mode=755 user /run/user; mkdir -m 700 {run}; chown {USER_ID} {run}")
        self.user = ("setpriv", f"--reuid={USER_ID}", f"--regid={USER_ID}", "--clear-groups", "env", "-C", home, f"HOME={home}",
                     f"XDG_RUNTIME_DIR={run}", f"USER={USER}")
        super().__init__("podman", helpers, ("--cgroups=disabled",) if runtime == "crun" else (), ("--runtime", runtime, "--cgroup-manager", "cgroupfs"),
                         prefix=(*self.elsewhere.prefix, *self.user), remove_options=("-t", "0"))
        self.prefix = (*self.elsewhere.prefix, *self.user)
        try:
            self.prepare()
        except BaseException:
            self.elsewhere.close()
            raise

    def close(self):
        super().close()
        self.cli("system", "migrate", check=False)
        self.elsewhere.close()
