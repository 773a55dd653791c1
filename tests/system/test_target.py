# SPDX-License-Identifier: Apache-2.0
"""How a target is named, found, and refused."""
import json
import os
import signal
import subprocess
import threading

import pytest

from processes import state, wait_until
from program import Program
from targets import HARDENED, unique

SHORT = ("/payload", "show")


def entered(show, target, reference):
    """The session is in the target's namespaces."""
    class Named:
        ref = reference
    seen = show(Named)
    for kind in ("pid", "net", "uts", "ipc", "cgroup"):
        assert seen["ns"][kind] == target.namespace(kind), kind
    return seen


DOCKER_FORMS = {
    "full id": lambda c: c.id, "12 characters": lambda c: c.id[:12], "name": lambda c: c.name,
    "docker:name": lambda c: f"docker:{c.name}", "docker://id": lambda c: f"docker://{c.id}",
    "docker:prefix": lambda c: f"docker:{c.id[:12]}", "pid": lambda c: f"pid:{c.pid}",
}
PODMAN_FORMS = {
    "full id": lambda c: c.id, "12 characters": lambda c: c.id[:12], "name": lambda c: c.name,
    "podman:name": lambda c: f"podman:{c.name}", "podman://id": lambda c: f"podman://{c.id}", "pid": lambda c: f"pid:{c.pid}",
}
RUNC_FORMS = {
    "name": lambda c: c.name, "runc:name": lambda c: f"runc:{c.name}", "runc://name": lambda c: f"runc://{c.name}",
    "runc:root/name": lambda c: f"runc:{c.state_root}/{c.name}", "prefix": lambda c: c.name[:12],
    "pid": lambda c: f"pid:{c.pid}",
}


@pytest.mark.parametrize("form", DOCKER_FORMS)
def test_docker(show, docker_target, form):
    assert entered(show, docker_target, DOCKER_FORMS[form](docker_target))["hostname"] == docker_target.id[:12]


@pytest.mark.parametrize("form", PODMAN_FORMS)
def test_podman(show, podman_target, form):
    entered(show, podman_target, PODMAN_FORMS[form](podman_target))


@pytest.mark.parametrize("form", RUNC_FORMS)
def test_runc(show, runc, once, form):
    container = once(runc, name=f"{os.getpid():x}".zfill(8) + "c" * 56)
    assert entered(show, container, RUNC_FORMS[form](container))["hostname"] == "bare"


def test_runc_with_a_root_of_its_own(show, runc, once, tmp_path):
    container = once(runc, root=str(tmp_path / "state"))
    entered(show, container, f"runc:{tmp_path}/state/{container.name}")


def test_fake_by_pid(show, target):
    assert entered(show, target, target.ref)["hostname"] == "fake"


def test_pidfd_inode(dbg, target):
    """pid:N:INODE takes the pidfd's inode, where pidfs gives each its own."""
    fd = os.pidfd_open(target.pid)
    other = os.pidfd_open(os.getpid())
    inode, foreign = os.fstat(fd).st_ino, os.fstat(other).st_ino
    os.close(fd)
    os.close(other)
    if inode == foreign:
        dbg.run(f"{target.ref}:{inode}", "/payload", "true").failed("unsupported")
    else:
        dbg.run(f"{target.ref}:{inode}", "/payload", "true").succeeded()
        dbg.run(f"{target.ref}:{foreign}", "/payload", "true").failed("changed")


def test_exact_name_beats_prefix(show, docker, once):
    """A container named like the start of another's id is the one that is meant."""
    first = once(docker)
    second = once(docker, name=first.id[:8])
    assert entered(show, second, first.id[:8])["hostname"] == second.id[:12]


def test_a_short_id_as_docker_prints_it_beats_a_name(show, docker, once):
    first = once(docker)
    once(docker, name=first.id[:12])
    assert entered(show, first, first.id[:12])["hostname"] == first.id[:12]


def test_ambiguous_prefix_lists_both(dbg, runc, once):
    word = f"{os.getpid():x}".zfill(8)
    one, two = (once(runc, name=word + digit * 56) for digit in "ab")
    line = dbg.run(word, *SHORT).failed("ambiguous").err
    assert f"runc:{one.name[:12]}" in line and f"runc:{two.name[:12]}" in line
    pasted_words = [part.strip(",;()") for part in line.split() if part.startswith("runc:")]
    assert len(pasted_words) == 2
    for pasted in pasted_words:  # as they stand
        dbg.run(pasted, "/payload", "true").succeeded()


def test_ambiguous_between_runtimes(dbg, runc, docker, once):
    name = unique("both")
    other = once(docker, name=name)
    once(runc, name=name)
    line = dbg.run(name, *SHORT).failed("ambiguous").err
    assert f"docker:{name}" in line or f"docker:{other.id[:12]}" in line
    assert f"runc:{name}" in line


UNKNOWN = ["no-such-container", "docker:no-such-container", "podman:no-such-container", "runc:no-such-container",
           "runc:/nowhere/at/all/x", "0123456789abcdef" * 4, "pid:2147483000"]


@pytest.mark.parametrize("reference", UNKNOWN)
def test_unknown(dbg, reference):
    dbg.run(reference, *SHORT).failed("gone" if reference.startswith("pid:") else "not-found")


NONSENSE = ["", " ", "\n", "-", ".", "..", "a/../b", "x" * 100_000, "docker:", "docker://", "docker:" + "y" * 100_000,
            "rocket:abc", "pid:", "pid:0", "pid:-1", "pid:1x", "pid:99999999999999999999", "pid:1:", "a b",
            "\x1b]0;title\x07", "‮", "x\r", "%s%n"]


@pytest.mark.parametrize("reference", NONSENSE, ids=lambda r: ascii(r[:16]) + f"({len(r)})")
def test_nonsense(dbg, reference):
    dbg.run("--", reference, *SHORT).failed("usage")


def test_bare_number_gets_the_hint(dbg, target):
    line = dbg.run(str(target.pid), *SHORT).failed("not-found").err
    assert f"pid:{target.pid}" in line


def test_exited_docker(dbg, docker, once):
    container = once(docker)
    docker.cli("kill", container.name)
    for reference in (container.id, container.name, container.id[:12]):
        dbg.run(reference, *SHORT).failed("gone")


def test_created_docker(dbg, docker):
    name = docker.create(*HARDENED)
    dbg.run(name, *SHORT).failed("gone")
    docker.remove(name)


def test_exited_podman(dbg, podman, once):
    container = once(podman)
    podman.cli("kill", container.name)
    wait_until(lambda: not container.alive(), what="the container to end")
    dbg.run(container.id, *SHORT).failed("gone")


def test_dead_runc(dbg, runc, once):
    """Its state file still names a pid."""
    container = once(runc)
    container.kill()
    dbg.run(f"runc:{container.name}", *SHORT).failed(("gone", "changed"))


def test_zombie(dbg):
    child = subprocess.Popen(["/bin/true"])
    Program.known.add(child.pid)
    wait_until(lambda: state(child.pid) == "Z", what="a zombie")
    dbg.run(f"pid:{child.pid}", *SHORT).failed("gone")
    child.wait()


def test_thread_is_not_a_process(dbg):
    """A number that names a thread only."""
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        dbg.run(f"pid:{thread.native_id}", *SHORT).failed("usage")
    finally:
        done.set()
        thread.join()


def test_host_process_is_refused(dbg):
    """A process of the host's own PID namespace is no container."""
    child = subprocess.Popen(["/bin/sleep", "60"])
    Program.known.add(child.pid)
    try:
        dbg.run(f"pid:{child.pid}", *SHORT).failed("refused")
    finally:
        child.kill()
        child.wait()


@pytest.mark.falls_without("PIN_VERIFY")
def test_state_of_another_process(dbg, runc, once, fake, tmp_path):
    """The pid of the state file now is another process's: the start times differ."""
    container, stranger = once(runc, root=str(tmp_path / "state")), fake("pause")
    path = tmp_path / "state" / container.name / "state.json"
    content = json.loads(path.read_text())
    content["init_process_pid"] = stranger.pid
    path.write_text(json.dumps(content))
    try:
        dbg.run(container.ref, "/payload", "true").failed("changed")
    finally:
        content["init_process_pid"] = container.pid
        path.write_text(json.dumps(content))


def test_reused_pid_is_never_entered(dbg, test_build, fake, helpers):
    """The target dies after its facts were read, and its pid is given to another."""
    victim = fake("pause")
    session = dbg.start(victim.ref, "/payload", "show", barrier="monitor/plan")
    session.at_barrier()
    victim.kill()
    wait_until(lambda: victim.runner.poll() is not None, what="the victim's pid to be free")
    reuse = subprocess.Popen([helpers["pidreuse"], str(victim.pid), helpers["payload"], "pause"], stdout=subprocess.PIPE)
    Program.known.add(reuse.pid)
    try:
        assert reuse.stdout.readline() == b"pid %d\n" % victim.pid
        session.release()
        session.finish().failed(("gone", "changed"))
    finally:
        os.kill(victim.pid, signal.SIGKILL)
        reuse.wait()
        reuse.stdout.close()
