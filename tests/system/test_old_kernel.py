# SPDX-License-Identifier: Apache-2.0
"""
Kernels that have not all that ours has, and callers whose own filter refuses it: what stands in for a call protects as much.
"""
import ctypes
import os
import resource

import pytest

from processes import libc, read
from targets import UID

P = "/payload"
falls_without = pytest.mark.falls_without
BASE, COUNT = 200000, 65536
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_NOATIME, MS_BIND, MS_REC = 1, 2, 4, 8, 32, 1024, 4096, 16384
# What Linux 5.10 has not and an attach would use; and what callers' filters refuse besides.
OLD = ("mount_setattr", "close_range", "clone3", "statmount", "listmount", "open_tree_attr", "epoll_pwait2")


@pytest.fixture(params=[("mount_setattr",), ("close_range",), ("clone3",), OLD], ids=lambda calls: calls[0] if len(calls) == 1 else "5.10")
def without(request, helpers):
    return (helpers["nosys"], *request.param, "--")


@pytest.fixture
def no_setattr(helpers):
    return (helpers["nosys"], "mount_setattr", "--")


def inside(target, act, userns=False):
    """act() in a child in the target's mount namespace."""
    kinds = (["user"] if userns else []) + ["mnt"]
    fds = [os.open(f"/proc/{target.pid}/ns/{kind}", os.O_RDONLY) for kind in kinds]
    child = os.fork()
    if child == 0:
        try:
            for fd in fds:
                if libc.setns(fd, 0) < 0:
                    os._exit(97)
            if userns:
                os.setresgid(0, 0, 0)
                os.setresuid(0, 0, 0)
            act()
            os._exit(0)
        finally:
            os._exit(98)
    for fd in fds:
        os.close(fd)
    assert os.waitpid(child, 0)[1] == 0


def mount(source, target, kind, flags, data=None):
    words = [word.encode() if word else None for word in (source, target, kind, data)]
    if libc.mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3]) < 0:
        raise OSError(ctypes.get_errno(), target)


def nest():
    """Mounts in mounts, writable ones and such as have flags, files, and two of the same name below each other."""
    mount("a", "/data", "tmpfs", MS_NOSUID)
    for path in ("/data/in", "/data/in side\n\\x", "/data/bound"):
        os.mkdir(path)
    mount("b", "/data/in", "tmpfs", MS_NOATIME | MS_NOEXEC)
    os.mkdir("/data/in/in")
    mount("c", "/data/in/in", "tmpfs", 0)
    mount("d", "/data/in side\n\\x", "tmpfs", MS_NODEV)
    mount("/data/in", "/data/bound", None, MS_BIND | MS_REC)
    mount(None, "/data/bound", None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOATIME | MS_NOEXEC)
    for path in ("/data/file", "/data/in/file", "/data/in/in/file", "/data/in side\n\\x/file"):
        open(path, "w").close()
    mount("/data/in/file", "/etc/hostname", None, MS_BIND)
    mount("e", "/tmp", "tmpfs", 0)


NESTED = ["/data/file", "/data/in/file", "/data/in/in/file", "/data/in side\n\\x/file", "/data/bound/file", "/data/bound/in/file",
          "/etc/hostname"]


@pytest.fixture(params=["plain", "masked", "userns"])
def nested(request, fake):
    """Has it all, with a /dev and a strict access time."""
    how = {"plain": {"dev": True}, "masked": {"dev": True, "proc": "masked"}, "userns": {"userns": f"{BASE}:{COUNT}"}}
    target = fake(rw=True, strictatime=True, **how[request.param])
    inside(target, nest, userns=request.param == "userns")
    return target


@pytest.fixture(params=["docker", "runc as root with a user namespace"])
def real(request, once):
    if request.param == "docker":
        return request.getfixturevalue("docker_target")
    return once(request.getfixturevalue("runc"), userns=(BASE, COUNT), uid=0)


def mount_table(seen):
    """In order of the places: what a mount shows of which filesystem, and how."""
    rows = []
    for line in seen["mountinfo"].splitlines():
        words, kind = line.split(" - ")[0].split(), line.split(" - ")[1].split()
        rows.append((words[4], words[3], sorted(words[5].split(",")), words[6:], kind[:2]))
    return sorted(rows)


def compare(show, target, prefix, *options):
    new = mount_table(show(target, *options, expect_stderr=True))
    old = mount_table(show(target, *options, expect_stderr=True, prefix=prefix))
    # Without idmapped mounts the toolbox is a copy, written with the ids.
    if "idmapped" in next(row[2] for row in new if row[0] == "/dbg"):
        assert next((row[4], "ro" in row[2]) for row in old if row[0] == "/dbg") == (["overlay", "dbgattach"], True)
        old, new = [[row for row in table if row[4][1] not in ("dbgattach", "/proc/self/exe")] for table in (old, new)]
    # mount_setattr gives up access times for a whole tree where they are locked for one mount of it.
    for row in old:
        if (row[0], "noatime") not in ((other[0], flag) for other in new for flag in other[2]):
            row[2][:] = sorted({"noatime": "relatime"}.get(flag, flag) for flag in row[2])
    assert [row for row in old if row not in new] == [row for row in new if row not in old] == []
    return old


@falls_without("REMOUNT")
@pytest.mark.parametrize("options", [(), ("--write",), ("--profile", "sysadmin")], ids=lambda options: "".join(options[-1:]) or "plain")
def test_same_mounts(show, nested, no_setattr, options):
    """To the last flag of the last mount the view is that of a kernel which has it all."""
    rows = compare(show, nested, no_setattr, *options)
    assert len([row for row in rows if row[0].startswith("/data")]) == 6
    if not options:
        assert not [row for row in rows if row[0].startswith("/data") and not {"ro", "nodev"} <= set(row[2])]


def test_same_mounts_of_a_real_container(show, real, no_setattr):
    compare(show, real, no_setattr)


@falls_without("REMOUNT")
def test_nothing_can_be_written(attempts, helpers, dbg, nested, no_setattr):
    result = dbg.run(nested.ref, P, "tryopen", *NESTED, prefix=no_setattr).succeeded()
    tried = dict(line.rsplit(" ", 1) for line in result.text.replace("in side\n", "in side").splitlines())
    assert len(tried) == len(NESTED) and set(tried.values()) <= {"EROFS", "EACCES"}, tried


@pytest.mark.parametrize("options", [(), ("--write",), ("-u", "app")], ids=lambda options: "".join(options[:1]) or "plain")
def test_no_trace(dbg, nested, unchanged, without, options):
    """No access time, mount, process or file of the target is another afterwards."""
    with unchanged(nested):
        dbg.run(*options, nested.ref, P, "true", prefix=without).succeeded()


@pytest.mark.parametrize("mapped", [False, True], ids=["", "userns"])
def test_protections(show, fake, without, mapped):
    target = fake(**({"userns": f"{BASE}:{COUNT}"} if mapped else {}))
    new, old = show(target, "-u", "target"), show(target, "-u", "target", prefix=without)
    assert old["seccomp"] == 2 and old["no_new_privs"] == 1 and old["uid"] == [UID] * 3
    assert len(old["fds"]) == 3
    del old["ns"]["mnt"], new["ns"]["mnt"]  # each session has one of its own
    for key in ("caps", "env", "ns", "gid", "groups", "cwd"):
        assert old[key] == new[key], key


def test_hidden_mounts(dbg, show, fake, no_setattr):
    """What lies under another mount cannot be reached by a path. It is as hidden in the session; all else is as it shall be."""
    target = fake(rw=True)

    def hide():
        os.mkdir("/data/on")
        for name in "ab":
            mount(name, "/data/on", "tmpfs", 0)
            os.mkdir("/data/on/in")
            mount(name, "/data/on/in", "tmpfs", 0)
    inside(target, hide)
    rows = mount_table(show(target, prefix=no_setattr))
    found = sorted((kind[1], place, {"ro", "nodev"} <= set(flags)) for place, _, flags, _, kind in rows if place.startswith("/data"))
    found.remove(("root", "/data", True))
    assert found == [("a", "/data/on", False), ("a", "/data/on/in", False), ("b", "/data/on", True), ("b", "/data/on/in", True)]


@falls_without("CLOSE_RANGE")
def test_no_fd_is_left(dbg, fake, helpers, test_build):
    """Also such as lie above a limit that has been lowered since."""
    target = fake()

    def many():
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192) if hard > 0 else 8192, hard))
        for number in (9, 700, 4000):
            os.dup2(2, number)
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
    session = dbg.start(target.ref, P, "sleep", "60", prefix=(helpers["nosys"], "close_range", "--"), preexec_fn=many,
                        close_fds=False)
    roles = session.running()
    for role in ("monitor", "guardian", "init", "command"):
        numbers = {int(name) for name in os.listdir(f"/proc/{roles[role]}/fd")}
        assert not {700, 4000} & numbers, role
    assert {int(name) for name in os.listdir(f"/proc/{roles['command']}/fd")} == {0, 1, 2}
    assert max(int(name) for name in os.listdir(f"/proc/{roles['guardian']}/fd")) < 5


def test_own_cgroup(dbg, target, helpers):
    """Whoever is not born in it goes there before anything else; and its end is as ever."""
    prefix = (helpers["nosys"], "clone3", "--")
    session = dbg.start(target.ref, "sh", "-c", "sleep 60 & sleep 61", prefix=prefix)
    roles = session.running()
    for role in ("init", "command"):
        assert "/dbgattach-" in read(f"/proc/{roles[role]}/cgroup"), role
    session.popen.kill()
    session.finish()
