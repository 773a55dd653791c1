# SPDX-License-Identifier: Apache-2.0
"""
From a container that shares the host's PID namespace and little else, as a node pod does: Docker's own, with its default
seccomp filter, a read-only root, read-only cgroups, and no capability that is not named here.
"""
import json
import os
import signal
import subprocess

import pytest

import processes
import targets
from processes import cgroups, namespace, read, wait_until
from targets import Tree

FIRST_PID_NAMESPACE = "pid:[4026531836]"  # [include/linux/proc_ns.h]
P = "/payload"
falls_without = pytest.mark.falls_without
ENTER = ("SYS_ADMIN", "SYS_PTRACE", "SYS_CHROOT", "SETUID", "SETGID", "SETPCAP")
GENERAL = ("DAC_READ_SEARCH", "KILL", "NET_RAW")
RESTRICTED = ("--profile", "restricted")
HOST = ("-v", "/run:/host/run:ro", "-v", "/proc:/host/proc:ro", "-v", "/var/lib/docker:/host/data/docker:ro")


class Node:
    """The container that dbgattach is run in, by `docker exec`."""

    def __init__(self, docker, image, dbg, capabilities, options):
        self.docker, self.dbg, self.name = docker, dbg, targets.unique("node")
        docker.names.append(self.name)
        docker.cli("run", "-d", "--name", self.name, "--pid=host", "--network", "none", "--read-only", "--cap-drop=ALL",
                   *(f"--cap-add={name}" for name in capabilities), *options, image, P, "pause")

    def prefix(self, weak=()):
        names = (*self.dbg.without, *weak)
        return ("docker", "exec", "-i", *(("-e", "DBG_WITHOUT=" + ",".join(names)) if names else ()), self.name)

    def run(self, *arguments, weak=(), **options):
        return self.dbg.run(*arguments, prefix=self.prefix(weak), weak=weak, **options)

    def start(self, *arguments, **options):
        return self.dbg.start(*arguments, prefix=self.prefix(), **options)

    def show(self, *arguments):
        return json.loads(self.run(*arguments, P, "show").succeeded().out)

    def stop(self):
        self.docker.remove(self.name)


@pytest.fixture(scope="module")
def image(docker, helpers, binaries):
    """The program at the path that it has on the host; /host/var/lib/docker is a link that means a folder below /host."""
    files = {"host": None, "host/run": None, "host/proc": None, "host/sys": None, "host/data": None, "host/data/docker": None,
             "host/var": None, "host/var/lib": None, "host/var/lib/docker": "-> /data/docker", "shared": None, "proc": None, "tmp": None}
    programs = [path for path in binaries if os.access(path, os.X_OK)]
    for path in programs:
        with open(path, "rb") as file:
            files[path.lstrip("/")] = file.read()
    tree = Tree(helpers, files, modes={**{path.lstrip("/"): 0o755 for path in programs}, "shared": 0o777}, bare=True)
    name = f"dbgtest-node:{os.getpid()}"
    docker.cli("import", "-", name, input=tree.tar())
    yield name
    docker.cli("rmi", "-f", name, check=False)


@pytest.fixture
def node(docker, image, dbg):
    """node(capabilities, *options of docker run)"""
    made = []

    def make(*options, capabilities=(*ENTER, *GENERAL)):
        made.append(Node(docker, image, dbg, capabilities, options))
        return made[-1]
    yield make
    for one in made:
        one.stop()


def rows_of(result):
    document = json.loads(result.out)
    return {row["name"]: row for row in document["conditions"]}, document


# Finding and entering, with nothing but /proc

@pytest.mark.parametrize("cgroupns", ["host", "private"])
def test_nothing_but_proc(node, docker_target, unchanged, cgroupns):
    here = node("--cgroupns", cgroupns)
    with unchanged(docker_target):
        for ref in (docker_target.id, docker_target.id[:12], f"docker:{docker_target.id}"):
            seen = here.show(ref)
            for kind in ("pid", "net", "uts", "ipc"):
                assert seen["ns"][kind] == docker_target.namespace(kind), (ref, kind)
            assert seen["uid"] == [0] * 3
    here.run(docker_target.name, P, "true").failed("not-found")
    result = here.run(docker_target.id, "cat", "/proc/self/status", "/data/file").succeeded()
    assert "NoNewPrivs:\t1" in result.text and result.text.endswith("content\n")
    # The container's filter, and the session's own on top of it.
    assert "Seccomp_filters:\t2" in result.text
    assert len(result.lines) == 1 and "no cgroup of its own" in result.err and "Read-only file system" in result.err


def test_the_paths_are_relative(node, docker, docker_target):
    """What a private cgroup namespace shows: the id stands behind "/..", and is found there."""
    here = node("--cgroupns", "private")
    within = f"--cgroup=/proc/{docker.cli('inspect', '-f', '{{.State.Pid}}', here.name)}/ns/cgroup"
    seen = targets.call("nsenter", within, "cat", f"/proc/{docker_target.pid}/cgroup").decode()
    assert f":/../{docker_target.id}" in seen
    here.run(docker_target.id, P, "true").succeeded()


@pytest.mark.parametrize("user", ["target", "1000:2000"])
def test_other_users(node, docker_target, user):
    """Nothing is given away by CHOWN: stdio, HOME and TMPDIR are the session's from the beginning."""
    script = "echo out >/dev/stdout; echo err >/dev/stderr; : >$TMPDIR/a; : >$HOME/b; stat -c %u $TMPDIR/a; id -u; cat"
    result = node().run("-u", user, docker_target.id, "sh", "-c", script, input=b"in").succeeded()
    uid = targets.UID if user == "target" else 1000
    assert result.out == f"out\n{uid}\n{uid}\nin".encode() and result.err.endswith("err\n")


def test_terminal(node, docker_target):
    result = node().run("-t", "-u", "1000", docker_target.id, "sh", "-c", "tty; stat -c %u $(tty); echo >/dev/tty").succeeded()
    assert result.text.split() == ["/dev/pts/0", "1000"]


def test_user_namespace(node, runc, once):
    """A target with a user namespace of its own: the toolbox is its root's."""
    target = once(runc, userns=(200000, 65536))
    result = node().run(f"pid:{target.pid}", "sh", "-c", "id -u; stat -c %u:%g /dbg /dbg/bin /dev").succeeded()
    assert result.text.split() == ["0", "0:0", "0:0", "0:0"]


# Capabilities

def test_restricted_needs_no_more(node, docker_target):
    seen = node(capabilities=ENTER).show(*RESTRICTED, docker_target.id)
    assert seen["uid"] == [targets.UID] * 3 and not any(seen["caps"].values())


@pytest.mark.parametrize("missing", ENTER)
def test_each_capability_is_needed(node, docker_target, missing):
    """It is named, with what it is for; and left unnamed it is the kernel that refuses."""
    here = node(capabilities=tuple(name for name in ENTER if name != missing))
    failed = here.run(*RESTRICTED, docker_target.id, P, "true").failed("denied")
    rows, document = rows_of(here.run("doctor", "-o", "json"))
    assert f"does not have {missing} ({rows[missing]['use']});" in failed.err
    assert "securityContext.capabilities.add" in failed.err and "--cap-add" in failed.err
    assert rows[missing]["state"] == "missing" and missing in document["missing"] and not document["possible"]
    if os.access(here.dbg.test_binary, os.X_OK):
        assert here.run(*RESTRICTED, docker_target.id, P, "true", weak=("CAPABILITY_CHECK",)).code == 125


@pytest.mark.parametrize("missing", GENERAL)
def test_each_capability_of_the_profile(node, docker_target, missing):
    here = node(capabilities=(*ENTER, *(name for name in GENERAL if name != missing)))
    failed = here.run(docker_target.id, P, "true").failed("denied")
    assert missing in failed.err and "securityContext.capabilities.add" in failed.err
    rows, document = rows_of(here.run("doctor", "-o", "json"))
    assert rows[missing]["state"] == "degraded" and document["possible"], document["missing"]
    here.run("--cap-drop", missing, docker_target.id, P, "true").succeeded()


def test_doctor(node):
    rows, document = rows_of(node().run("doctor", "-o", "json").succeeded())
    assert document["possible"]
    for name, says in {"own cgroup": "Read-only", "pivot_root": "not permitted", "keyrings": "not permitted",
                       "no filter of the caller's": "filter", "MKNOD": "does not have it"}.items():
        assert rows[name]["state"] == "degraded" and says in rows[name]["detail"], rows[name]
    for name in ("toolbox", "toolbox in a user namespace", "clone into a cgroup"):
        assert rows[name]["state"] == "ok", rows[name]
    assert "net" in rows["host's namespaces"]["detail"]
    first = namespace("self", "pid") == FIRST_PID_NAMESPACE  # these tests may be in a container themselves
    assert rows["PID namespace"]["state"] == ("ok" if first else "degraded")


# The session's devices and root

@falls_without("READ_ONLY_NODES")
def test_devices_are_not_the_callers_to_change(node, docker_target):
    here = node()
    script = "echo x >/dev/null && head -c 3 /dev/zero | wc -c; chmod 600 /dev/full; touch /dev/full; stat -c %a /dev/full"
    result = here.run(docker_target.id, "sh", "-c", script).succeeded()
    assert result.text.split() == ["3", "666"], result.text
    assert "Read-only file system" in result.err


@falls_without("OLD_ROOT")
def test_the_old_root_is_worth_nothing(dbg, helpers, fake, unchanged):
    """Without pivot_root it lies beneath the session's: who uncovers it finds it read-only, with nothing mounted in it."""
    target = fake("pause", rw=True)
    with unchanged(target):
        session = dbg.start(target.ref, P, "sleep", "60", prefix=(helpers["nosys"], "pivot_root", "--"))
        enter = ("nsenter", f"--mount=/proc/{session.running()['command']}/ns/mnt")
        targets.call(*enter, "/dbg/bin/busybox", "umount", "-l", "/")
        tried = targets.call(*enter, P, "trycreate", "/data/new").decode().split()
        assert tried[-1] == "EROFS", tried
        tried = targets.call(*enter, P, "tryopen", "/proc/self/status").decode().split()
        assert tried[-1] == "ENOENT", tried
        session.popen.terminate()
        session.finish()


# The host below a folder

def test_host_root(node, docker_target, unchanged):
    here = node(*HOST)
    with unchanged(docker_target):
        for ref in (docker_target.name, f"docker:{docker_target.name}", docker_target.id[:12]):
            seen = here.show("--host-root", "/host", ref)
            assert seen["ns"]["net"] == docker_target.namespace("net") and seen["hostname"] == docker_target.id[:12]
        listed = json.loads(here.run("ls", "--host-root", "/host", "-o", "json").succeeded().out)
        assert [row["pid"] for row in listed if row["id"] == docker_target.id] == [docker_target.pid]
        inspected = json.loads(here.run("inspect", "--host-root", "/host", "-o", "json", docker_target.name).succeeded().out)
        assert inspected["target"]["id"] == docker_target.id
        assert not any(row["host"] for row in inspected["namespaces"] if row["kind"] in ("pid", "mnt", "net"))
    rows, _ = rows_of(here.run("doctor", "--host-root", "/host", "-o", "json").succeeded())
    assert rows["docker"]["state"] == "ok"
    assert docker_target.name not in here.run("ls").succeeded().text


def test_seccomp_of_the_config(node, docker_target):
    """With the host's files the target's own filter is what its runtime's config states."""
    options = ("--seccomp", "target", docker_target.id, P, "true")
    here = node(*HOST)
    here.run("--host-root", "/host", *options).succeeded()
    failed = here.run(*options).failed("unsupported")
    assert "under a filter himself" in failed.err


def test_another_pid_namespace(docker, image, docker_target, dbg):
    """Without --pid=host there is no host to be seen, whatever is mounted."""
    arguments = ("docker", "run", "--rm", "--network", "none", "--cap-drop=ALL", *(f"--cap-add={name}" for name in ENTER), *HOST,
                 image)
    failed = dbg.run("--host-root", "/host", docker_target.name, P, "true", prefix=arguments).failed("unsupported")
    assert "/host/proc belongs to another PID namespace" in failed.err and "--pid=host" in failed.err
    rows, _ = rows_of(dbg.run("doctor", "-o", "json", prefix=arguments))
    assert rows["PID namespace"]["state"] == "degraded" and "hostPID" in rows["PID namespace"]["detail"]


def test_a_folder_of_others(node, docker_target):
    failed = node().run("--host-root", "/shared", docker_target.id, P, "true").failed("refused")
    assert "/shared can be written by others" in failed.err


@pytest.mark.parametrize("path", ["/nothing", "relative"])
def test_no_such_folder(node, docker_target, path):
    node().run("--host-root", path, docker_target.id, P, "true").failed(("system", "usage", "not-found"))


# Cgroups

@pytest.mark.parametrize("cgroupns", ["host", "private"])
def test_own_cgroup_below_the_host_root(node, docker_target, unchanged, cgroupns):
    here = node("-v", "/sys:/host/sys", "--cgroupns", cgroupns, capabilities=(*ENTER, *GENERAL, "DAC_OVERRIDE"))
    with unchanged(docker_target):
        session = here.start("--host-root", "/host", docker_target.id, P, "cat")
        session.popen.stdin.write(b"here\n")
        session.popen.stdin.flush()
        session.read_until(b"here\n")
        pid, = (pid for pid in docker_target.session_processes() if read(f"/proc/{pid}/cmdline").startswith(P))
        seen = cgroups(pid)
        assert (seen.get("") or seen["pids"]).startswith("/dbgattach-"), seen
        result = session.finish(input=b"")
        assert result.code == 0 and result.err == ""


@pytest.mark.parametrize("cgroupns", ["host", "private"])
def test_paused(node, docker, once, cgroupns):
    """The freezer is found from a cgroup namespace of the caller's own, too."""
    container = once(docker)
    here = node(*HOST, "-v", "/sys:/host/sys:ro", "--cgroupns", cgroupns)
    docker.cli("pause", container.name)
    try:
        listed = json.loads(here.run("ls", "--host-root", "/host", "-o", "json", "-f", f"id={container.id}").succeeded().out)
        assert [row["state"] for row in listed] == ["paused"]
        here.run(container.id, P, "true").succeeded()
    finally:
        docker.cli("unpause", container.name)


# What the target shares with the host, which is not what it shares with the caller

@falls_without("HOST_NAMESPACES")
def test_host_network(node, docker, docker_image_run, unchanged):
    target = docker_image_run("--network", "host")
    here = node()
    with unchanged(target):
        seen = here.show(target.id)
        assert seen["ns"]["net"] == namespace("self", "net")
        assert seen["caps"]["bounding"] >> 13 & 1 == 0, "NET_RAW in the host's network"
        assert here.show("--host-net", target.id)["caps"]["bounding"] >> 13 & 1 == 1
        inspected = json.loads(here.run("inspect", "-o", "json", target.id).succeeded().out)
        assert {row["kind"]: row["host"] for row in inspected["namespaces"]}["net"]


def test_host_pid(node, docker_image_run):
    target = docker_image_run("--network", "none", "--pid", "host")
    here = node()
    assert "--host-pid" in here.run(target.id, P, "true").failed("refused").err
    here.run("--host-pid", target.id, P, "true").succeeded()


@pytest.fixture
def host_process():
    """One in the host's mount namespace, which the tests themselves need not be in."""
    first = 1 if os.access("/proc/1/ns/mnt", os.R_OK) else 2
    process = subprocess.Popen(["nsenter", f"--mount=/proc/{first}/ns/mnt", "sleep", "100"])
    processes.wait_until(lambda: processes.read(f"/proc/{process.pid}/comm") == "sleep\n", what="a process of the host")
    yield process.pid
    processes.end(process)


def test_the_hosts_tree_is_never_shown(node, host_process):
    """A process of the host itself: from there as from the host."""
    result = node().run("--host-pid", f"pid:{host_process}", "ls", "/").succeeded()
    assert set(result.text.split()) == {"dbg", "dev", "proc"}


@pytest.fixture
def docker_image_run(docker):
    """A target with other options for its network than the engine's own."""
    made = []

    def run(*options):
        name = targets.unique()
        docker.names.append(name)
        docker.cli("run", "-d", "--name", name, *targets.HARDENED, *options, docker.image, P, "pause")
        identifier, pid = docker.cli("inspect", "-f", "{{.Id}} {{.State.Pid}}", name).split()
        made.append(targets.Container(docker, name, identifier, int(pid)))
        return made[-1]
    yield run
    for container in made:
        container.stop()


# Endings

def monitor_of(container):
    """dbgattach in a container that it is the only one in: the process that its guardian and launcher have for a parent."""
    group = cgroups(container)["pids" if "pids" in cgroups(container) else ""]
    found = [pid for pid, process in processes.all_processes().items() if process.comm == "dbgattach" and
             group in cgroups(pid).values()]
    parents = {processes.process(pid).ppid for pid in found}
    return next((pid for pid in found if pid in parents), None)


def started(here, target, *options):
    session = here.start(*options, target.id, P, "cat")
    session.popen.stdin.write(b"here\n")
    session.popen.stdin.flush()
    session.read_until(b"here\n")
    pid = int(here.docker.cli("inspect", "-f", "{{.State.Pid}}", here.name))
    return session, pid, wait_until(lambda: monitor_of(pid), what="the monitor")


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGHUP])
def test_signals_without_kill(node, docker_target, unchanged, sig):
    """CAP_KILL is no part of the minimum: a session of another user is signalled and ended all the same."""
    here = node(capabilities=ENTER)
    with unchanged(docker_target):
        session, _, monitor = started(here, docker_target, *RESTRICTED)
        os.kill(monitor, sig)
        assert session.popen.wait(4) == 128 + sig


def test_timeout_without_kill(node, docker_target, unchanged):
    here = node(capabilities=ENTER)
    with unchanged(docker_target):
        result = here.run(*RESTRICTED, "--timeout", "1", docker_target.id, "sh", "-c", "trap : TERM; sleep 100 & wait; wait")
        assert result.code == 124 and result.seconds < 9, result


HOW = ("SIGKILL of dbgattach", "docker kill", "SIGKILL of the container's init", "the target's end")


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("own_cgroup", [True, False], ids=["own cgroup", "the container's cgroup"])
def test_endings(dbg, node, docker, once, unchanged, how, own_cgroup):
    """
    Nothing stays in the target. Without a cgroup of its own the session is killed with the container, its init too: then
    the target's first process has to reap what that leaves.
    """
    target = once(docker, init=("pause",) if own_cgroup else ("reap",))
    options = (("-v", "/sys:/host/sys"), (*ENTER, *GENERAL, "DAC_OVERRIDE")) if own_cgroup else ((), (*ENTER, *GENERAL))
    here = node(*options[0], capabilities=options[1])
    with unchanged(None if how == "the target's end" else target):
        session, init, monitor = started(here, target, *(("--host-root", "/host") if own_cgroup else ()))
        if how == "docker kill":
            docker.cli("kill", here.name)
        else:
            os.kill({"SIGKILL of dbgattach": monitor, "the target's end": target.pid}.get(how, init), signal.SIGKILL)
        if how == "the target's end":
            assert session.popen.wait(10) == 137
            return
        wait_until(lambda: target.session_processes() == [], 8, "the session to end")
        session.popen.kill()  # Docker's client, which a container that was killed leaves waiting
        # What monitor and guardian, killed both, have left is an empty cgroup: gone with the next session.
        dbg.run(f"pid:{target.pid}", P, "true").succeeded()
