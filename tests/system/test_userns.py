# SPDX-License-Identifier: Apache-2.0
"""Targets with a user namespace of their own: the session is root there, and nobody outside."""
import os

import pytest

from processes import namespace, status_field
from targets import UID

P = "/payload"
BASE, COUNT = 200000, 65536
WAYS = ("fake", "runc", "runc as root")


@pytest.fixture(params=WAYS)
def mapped(request, fake):
    if request.param == "fake":
        return fake(userns=f"{BASE}:{COUNT}")
    runc, once = request.getfixturevalue("runc"), request.getfixturevalue("once")
    return once(runc, userns=(BASE, COUNT), uid=0 if "root" in request.param else UID)


def test_root_inside_nobody_outside(dbg, show, mapped):
    seen = show(mapped)
    assert (seen["uid"], seen["gid"]) == ([0] * 3, [0] * 3)
    assert seen["ns"]["user"] == mapped.namespace("user") != namespace("self", "user")
    session = dbg.start(mapped.ref, P, "sleep", "60")
    roles = session.running()
    for role in ("init", "command"):
        assert status_field(roles[role], "Uid").split() == [str(BASE)] * 4, role
        assert int(status_field(roles[role], "CapEff"), 16) >> 21 & 1 == 0


def test_toolbox_is_roots(dbg, mapped):
    out = dbg.run(mapped.ref, "stat", "-L", "-c", "%u:%g %n", "/dbg", "/dbg/bin", "/dbg/bin/busybox").succeeded().text
    assert {line.split()[0] for line in out.splitlines()} == {"0:0"}
    out = dbg.run(mapped.ref, "find", "/dbg", "-xdev", "!", "-user", "0").succeeded().out
    assert out == b""


def test_scratch(dbg, mapped):
    assert dbg.run("-c", "touch $HOME/a $TMPDIR/b && stat -c %u $HOME/a", mapped.ref).succeeded().out == b"0\n"


def test_files_of_the_target(dbg, mapped, unchanged):
    with unchanged(mapped):
        assert dbg.run(mapped.ref, "cat", "/data/file").succeeded().out == b"content\n"


def test_user_by_name(dbg, mapped, unchanged):
    """The file with the names is read without a trace where the flags of its mount are locked, too."""
    with unchanged(mapped):
        assert dbg.run("-u", "app", mapped.ref, "id", "-u").succeeded().out == b"%d\n" % UID


def test_terminal(terminal, mapped):
    tty = terminal(mapped.ref, "sh", "-c", "tty; stat -c %u $(tty)")
    tty.expect(r"/dev/pts/0\r\n0\r\n")
    assert tty.wait() == 0


@pytest.mark.parametrize("user", ["1000", "target", "65535:65535"])
def test_users(show, fake, user):
    seen = show(fake(userns=f"{BASE}:{COUNT}"), "-u", user)
    assert seen["uid"] == [UID if user == "target" else int(user.split(":")[0])] * 3


@pytest.mark.parametrize("user", ["65536", "70000:0", "0:70000", "4294967294"])
def test_unmapped_users(dbg, fake, user):
    dbg.run("-u", user, fake(userns=f"{BASE}:{COUNT}").ref, P, "true").failed("refused")


def test_narrow_map(dbg, fake, unchanged, tree):
    """One id only."""
    target = fake(userns=f"{BASE}:1", uid=0, tree=tree(bare=True))
    with unchanged(target):
        assert dbg.run(target.ref, "id", "-u").succeeded().out == b"0\n"


def test_sysadmin_is_all_of_that_namespace(show, fake):
    seen = show(fake(userns=f"{BASE}:{COUNT}"), "--profile", "sysadmin")
    assert seen["caps"]["effective"] == seen["caps"]["bounding"] >= 1 << 21


def test_user_namespace_cannot_be_left_out(dbg, fake):
    dbg.run("--ns", "pid,mnt", fake(userns=f"{BASE}:{COUNT}").ref, P, "true").failed("refused")


def test_write(dbg, fake):
    """Files are made with the target's ids."""
    target = fake(userns=f"{BASE}:{COUNT}", rw=True)
    dbg.run("--write", target.ref, "touch", "/data/made").succeeded()
    assert os.stat(target.root("/data/made")).st_uid == BASE


@pytest.mark.falls_without("SEALED_TOOLBOX")
def test_sealed(attempts, fake):
    tried = attempts(fake(userns=f"{BASE}:{COUNT}"), "unseal", "/dbg", "/dbg/bin/busybox", options=("--profile", "sysadmin"))
    assert tried["create"] == tried["/dbg/bin/busybox"] == "EROFS", tried


@pytest.mark.usefixtures("fresh_procfs")
@pytest.mark.parametrize("proc", ["none", "tmpfs"])
def test_fresh_proc(attempts, fake, proc):
    target = fake(userns=f"{BASE}:{COUNT}", proc=proc)
    tried = attempts(target, "tryopen", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger")
    assert all(error in ("EROFS", "EACCES", "ENOENT") for error in tried.values()), tried
    assert tried["/proc/sys/kernel/core_pattern"] != "ENOENT"
