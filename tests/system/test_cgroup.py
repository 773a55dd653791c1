# SPDX-License-Identifier: Apache-2.0
"""Where the session is counted: in a cgroup of its own, so that it neither eats the target's limits nor lets it out of them."""
import os
import stat
import time

import pytest

from processes import cgroups, read, state, wait_until
from snapshot import cgroup_roots

P = "/payload"
falls_without = pytest.mark.falls_without


def limit(pid, controller, *files):
    """A limit of the cgroup pid is in, whichever version of cgroups has the controller; "none" in the topmost one."""
    places, roots = cgroups(pid), cgroup_roots()
    if controller not in roots and controller not in read(roots.get("", "") + "/cgroup.controllers").split():
        pytest.skip(f"no {controller} controller on this host")
    hierarchy = controller if controller in roots else ""
    for file in files:
        text = read(f"{roots[hierarchy]}{places[hierarchy]}/{file}").strip()
        if text:
            return text
    return "none"


@falls_without("CGROUP")
def test_own_cgroup(dbg, docker, once):
    """Not the target's, not below it, and not the caller's."""
    container = once(docker)  # of its own: the weakened program leaves its command in there
    session = dbg.start(container.ref, P, "sleep", "60")
    roles = session.running()
    for role in ("init", "command"):
        here, theirs, ours = (cgroups(pid) for pid in (roles[role], container.pid, "self"))
        path = here.get("") or here["pids"]
        assert path.startswith("/dbgattach-"), here
        for controllers in ("", "pids", "memory"):
            if controllers in here:
                assert here[controllers].startswith("/dbgattach-"), (controllers, here)
                assert here[controllers] not in (theirs.get(controllers), ours.get(controllers))


@falls_without("CGROUP")
def test_pids_limit(dbg, target):
    session = dbg.start(target.ref, P, "sleep", "60")
    assert limit(session.running()["command"], "pids", "pids.max") == "512"


@pytest.mark.parametrize("target_limit, wanted", [("64m", 512 << 20), ("1g", 1 << 30), ("4g", 2 << 30), (None, 2 << 30)])
def test_memory_limit(dbg, docker, once, target_limit, wanted):
    """The target's, but at least 512 MiB and at most 2 GiB."""
    container = once(docker, *(("--memory", target_limit) if target_limit else ()))
    session = dbg.start(container.ref, P, "sleep", "60")
    seen = limit(session.running()["command"], "memory", "memory.max", "memory.limit_in_bytes")
    assert int(seen) == wanted


def test_session_over_its_memory(dbg, docker, once, unchanged):
    """The session is the victim, not the target."""
    container = once(docker, "--memory", "64m")
    limit(container.pid, "memory", "memory.max", "memory.limit_in_bytes")
    with unchanged(container):
        assert dbg.run(container.ref, P, "eat", "600").code == 137
    assert container.alive()


def test_target_at_its_pids_limit(dbg, docker, once):
    """Not one more process fits into it; the session is not counted there."""
    container = once(docker, "--pids-limit", "20", init=("fill",))
    wait_until(lambda: len(container.session_processes()) >= 18, what="the container to be full")
    current = limit(container.pid, "pids", "pids.current")
    session = dbg.start(container.ref, P, "sleep", "60")
    session.running()
    assert limit(container.pid, "pids", "pids.current") == current
    session.popen.terminate()
    session.finish()
    dbg.run(container.ref, "sh", "-c", "true | true | cat").succeeded()


def test_paused_target(dbg, docker, once, unchanged):
    """docker exec refuses it; a session outside its freezer does not freeze."""
    container = once(docker)
    docker.cli("pause", container.name)
    try:
        with unchanged(container):
            result = dbg.run(container.ref, "sh", "-c", "cat /proc/1/comm").succeeded()
            assert result.out == b"payload\n" and result.seconds < 3, result
    finally:
        docker.cli("unpause", container.name)


def test_paused_in_mid_session(dbg, docker, once, unchanged):
    container = once(docker)
    with unchanged(container):
        session = dbg.start(container.ref, P, "cat")
        session.running()
        docker.cli("pause", container.name)
        try:
            session.popen.stdin.write(b"still here\n")
            session.popen.stdin.flush()
            session.read_until(b"still here\n", timeout=5)
            session.popen.stdin.close()
            assert session.popen.wait(8) == 0
        finally:
            docker.cli("unpause", container.name)
        wait_until(lambda: state(container.pid) != "D", what="the container to thaw")


def test_removed_in_mid_session(dbg, docker):
    """docker rm -f is not held up by us."""
    container = docker.run()
    session = dbg.start(container.ref, P, "sleep", "60")
    session.running()
    begin = time.monotonic()
    docker.cli("rm", "-f", container.name)
    assert session.finish(8).code == 137
    assert time.monotonic() - begin < 8
    docker.names.remove(container.name)


def test_two_sessions(dbg, target):
    """Independent: the end of one is not the other's."""
    first, second = (dbg.start(target.ref, P, "cat") for _ in range(2))
    a, b = first.running(), second.running()
    assert cgroups(a["command"]) != cgroups(b["command"])
    first.popen.terminate()
    first.finish()
    second.popen.stdin.write(b"alive\n")
    second.popen.stdin.flush()
    second.read_until(b"alive\n")
    second.popen.stdin.close()
    assert second.popen.wait(8) == 0


def test_many_sessions(dbg, target, unchanged):
    with unchanged(target):
        sessions = [dbg.start(target.ref, P, "exit", str(i)) for i in range(40)]
        assert [session.finish(30).code for session in sessions] == list(range(40))


@falls_without("DEVICES")
def test_devices(dbg, runc):
    """A target that may make device nodes must not have the session open what its own device cgroup keeps from it."""
    container = runc.run()
    rootfs = os.path.join(container.bundle, "rootfs")
    for name, number in (("fuse", os.makedev(10, 229)), ("null", os.makedev(1, 3))):
        os.mknod(f"{rootfs}/{name}", stat.S_IFCHR | 0o666, number)
        os.chmod(f"{rootfs}/{name}", 0o666)

    def opened(path):
        return dbg.run(container.ref, "sh", "-c", f": <{path}").code == 0
    # By the target's own mount: what the session sees of it below / is nodev besides.
    assert opened("/proc/1/root/null")
    assert not opened("/proc/1/root/fuse")


@falls_without("SUBREAPER")
def test_without_a_cgroup(dbg, fake, unchanged):
    """Said in a line; what the session leaves is ended all the same, by its init, and the command's status is kept."""
    target = fake("pause")
    with unchanged(target):
        result = dbg.run(target.ref, "sh", "-c", "(setsid sleep 1000 &); exit 5",
                         prefix=("unshare", "-m", "sh", "-c", 'umount -R /sys/fs/cgroup && exec "$@"', "sh"))
        assert result.code == 5, result


@pytest.mark.parametrize("barrier", ["monitor/init", "monitor/verify"])
def test_moved_out_of_it(dbg, target, test_build, unchanged, barrier):
    """By a daemon of the host's that sorts processes into cgroups: said so, and nothing runs uncounted."""
    with unchanged(target):
        session = dbg.start(target.ref, P, "true", barrier=barrier)
        session.at_barrier()
        init = session.role("init")
        for root in cgroup_roots().values():
            with open(f"{root}/cgroup.procs", "w") as file:
                file.write(str(init))
        session.release()
        assert "cgroup" in session.finish().failed(("system", "refused")).err
