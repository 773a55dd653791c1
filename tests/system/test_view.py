# SPDX-License-Identifier: Apache-2.0
"""What files the session sees: the target's, read-only, with the toolbox beside them; and nothing changes for the target."""
import ctypes
import errno
import os
import re

import pytest

from processes import read, wait_until

P = "/payload"
falls_without = pytest.mark.falls_without
needs_fresh_procfs = pytest.mark.usefixtures("fresh_procfs")
MASKED_WRITES = ["/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/kernel/modprobe", "/proc/sys/vm/drop_caches",
                 "/proc/sys/kernel/hostname", "/proc/irq/default_smp_affinity"]
OURS = ("/dbg", "/proc", "/sys")


def refused(attempt):
    return attempt in ("EROFS", "EACCES", "EPERM", "ENOENT")


def scratch(show, target, *options):
    """The session's own writable directories."""
    env = dict(item.split("=", 1) for item in show(target, *options)["env"])
    return {env["HOME"], env["TMPDIR"]}


def mount_fuse(pid, path, mode, uid):
    """A FUSE mount in the target that only that user may look at, as one without allow_other is; its server's fd."""
    fd, libc = os.open("/dev/fuse", os.O_RDWR), ctypes.CDLL(None, use_errno=True)
    child = os.fork()
    if child == 0:
        entered = libc.setns(os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY), 0)
        options = f"fd={fd},rootmode={mode:o},user_id={uid},group_id={uid}"
        os._exit(entered or libc.mount(b"dbgtest", path.encode(), b"fuse", 0, options.encode()) or 0)
    assert os.waitpid(child, 0)[1] == 0, path
    return fd


# Read-only, or writable on request

@pytest.mark.parametrize("path, mode", [("/data", 0o40000), ("/top", 0o100000)])
def test_a_mount_that_lets_only_its_user_in(dbg, fake, tree, path, mode):
    """Of a FUSE server: nothing is asked of it, and the rest is shown all the same."""
    target = fake(tree=tree({"top": b"x"}))
    fd = mount_fuse(target.pid, path, mode, 65532)
    try:
        shown = dbg.run(target.ref, "sh", "-c", f"cat /etc/hostname; grep -c ' {path} fuse ro,' /proc/self/mounts").succeeded()
        assert shown.text == "fake\n1\n"
    finally:
        os.close(fd)


@falls_without("READ_ONLY_VIEW")
def test_read_only_everywhere(attempts, fake):
    """Whatever the target could write, the session cannot: no file can be made in any of its directories."""
    target = fake(rw=True)
    made = attempts(target, "walkcreate", "/", *OURS, "/dev")
    assert int(made.pop("directories")) >= 4
    assert made["/data"] == made["/tmp"] == made["/"] == "EROFS", made
    assert all(refused(error) for error in made.values()), made


@pytest.mark.parametrize("profile", ["general", "sysadmin"])
def test_files_are_read_only(attempts, fake, profile):
    assert attempts(fake(rw=True), "tryopen", "/data/file", "/trysyscall", options=("--profile", profile)) == {
        "/data/file": "EROFS", "/trysyscall": "EROFS"}


def test_write(dbg, fake, attempts):
    """--write: the target's filesystems, but / itself never loses a write."""
    target = fake(rw=True)
    dbg.run("--write", target.ref, "sh", "-c", "echo new > /data/made && rm /data/file").succeeded()
    assert read(target.root("/data/made")) == "new\n"
    assert not os.path.exists(target.root("/data/file"))
    assert attempts(target, "trycreate", "/made", options=("--write",)) == {"/made": "EROFS"}
    assert not os.path.exists(target.root("/made"))


def test_write_does_not_reach_a_read_only_target(attempts, target):
    """What is read-only for the target's own processes stays so."""
    assert attempts(target, "trycreate", "/data/made", options=("--write",)) == {"/data/made": "EROFS"}


def test_write_leaves_the_toolbox_alone(attempts, fake):
    assert attempts(fake(rw=True), "trycreate", "/dbg/made", "/dbg/bin/made", options=("--write",)) == {
        "/dbg/made": "EROFS", "/dbg/bin/made": "EROFS"}


@falls_without("SEALED_TOOLBOX")
def test_toolbox_is_a_read_only_superblock(attempts, target):
    """Even who may mount cannot make it writable."""
    tried = attempts(target, "unseal", "/dbg", "/dbg/bin/busybox", options=("--profile", "sysadmin"))
    assert tried["create"] == tried["/dbg/bin/busybox"] == "EROFS", tried


def test_scratch_is_private(dbg, show, target, unchanged):
    """HOME and TMPDIR can be written to, and nobody else sees what is there."""
    with unchanged(target):
        script = "for d in $HOME $TMPDIR; do echo words > $d/file && cat $d/file; done; touch $HOME/.profile"
        assert dbg.run("-c", script, target.ref).succeeded().out == b"words\nwords\n"
        for directory in scratch(show, target):
            assert dbg.run(target.ref, "ls", "-A", directory).succeeded().out in (b"", b"tmp\n")


# The target does not notice

@falls_without("PRIVATE_MOUNTS")
def test_no_mount_propagates(dbg, test_build, fake):
    """A target whose root is shared would show our mounts: when all are made, while the session runs, and afterwards."""
    target = fake(shared=True)

    def shown():
        host = [line for line in read("/proc/self/mountinfo").splitlines() if "dbg" in line]
        return read(f"/proc/{target.pid}/mountinfo").splitlines(), host
    before = shown()
    session = dbg.start(target.ref, P, "sleep", "60", barrier="entry/pivot")
    session.at_barrier()
    assert shown() == before
    session.release()
    session.running()
    assert shown() == before
    session.popen.terminate()
    session.finish()
    assert shown() == before


LOOKS = [("ls", "-lR", "/data", "/etc"), ("cat", "/data/file"), ("readlink", "/lnk"), (P, "true")]


@pytest.mark.parametrize("command", LOOKS, ids=lambda c: c[0])
def test_access_times(dbg, fake, unchanged, command):
    """Not even looking at a target changes it."""
    target = fake(rw=True, strictatime=True)
    with unchanged(target, within=1):
        dbg.run(target.ref, *command).succeeded()


@pytest.mark.parametrize("command", [pytest.param(c, marks=falls_without("NOATIME") if c[0] == "cat" else ()) for c in LOOKS],
                         ids=lambda c: c[0])
def test_access_times_with_write(dbg, fake, unchanged, command):
    """Nor looking at one that may be written to."""
    target = fake(rw=True, strictatime=True)
    with unchanged(target, within=1):
        dbg.run("--write", target.ref, *command).succeeded()


def test_nothing_is_created(dbg, fake, unchanged, tree):
    """Not in a root that is full of nothing but the program, nor in a writable one."""
    for options in ({"tree": tree(bare=True), "proc": "none"}, {"rw": True}, {"rw": True, "dev": True}):
        target = fake(**options)
        with unchanged(target):
            dbg.run(target.ref, "true").succeeded()


# What is where

def test_top_level(dbg, target):
    """The target's entries, symlinks as symlinks, and the toolbox."""
    names = dbg.run(target.ref, "ls", "-A", "/").succeeded().text.split()
    wanted = set(os.listdir(target.root("/")))
    assert wanted <= set(names) and set(names) - wanted <= {"dbg", "dev", "proc"}, names
    assert dbg.run("-c", "readlink /lnk; readlink /dangling", target.ref).succeeded().out == b"data\nnowhere\n"
    assert dbg.run(target.ref, "cat", "/lnk/file").succeeded().out == b"content\n"


def test_same_files(dbg, target):
    """Same inode, mode and owner as the target sees."""
    st = os.stat(target.root("/data/file"))
    out = dbg.run(target.ref, "stat", "-c", "%i %a %u %g", "/data/file").succeeded().text
    assert out == f"{st.st_ino} {st.st_mode & 0o7777:o} {st.st_uid} {st.st_gid}\n"


def test_mounts_of_the_target_are_there(dbg, docker, once, tmp_path):
    """A volume, and what the runtime put into /etc."""
    (tmp_path / "file").write_text("from a volume\n")
    container = once(docker, "-v", f"{tmp_path}:/volume:rw", "--tmpfs", "/scratch")
    assert dbg.run(container.ref, "cat", "/volume/file").succeeded().out == b"from a volume\n"
    assert container.id[:12].encode() in dbg.run(container.ref, "cat", "/etc/hostname").succeeded().out
    assert "Read-only file system" in dbg.run(container.ref, "sh", "-c", "echo x > /volume/file").err
    assert (tmp_path / "file").read_text() == "from a volume\n"


@needs_fresh_procfs
def test_target_without_any_directory(dbg, fake, tree, show):
    """One static program and nothing else."""
    target = fake(tree=tree(bare=True), proc="none")
    assert dbg.run(target.ref, P, "exit", "5").code == 5
    assert show(target, expect_stderr=True)["cwd"] == "/"
    assert dbg.run(target.ref, "ls", "-A", "/").succeeded().text.split() == ["dbg", "dev", "payload", "proc"]


def test_own_dbg_is_hidden_and_said(dbg, fake, tree):
    target = fake(tree=tree({"dbg": None, "dbg/theirs": b"x"}))
    result = dbg.run(target.ref, "ls", "/dbg").succeeded()
    assert b"theirs" not in result.out and b"bin" in result.out
    assert len(result.lines) == 1 and result.err.startswith("dbgattach: ") and "/dbg" in result.err


def test_dbg_that_is_a_symlink(dbg, fake, tree):
    target = fake(tree=tree({"dbg": "-> data"}))
    assert b"bin" in dbg.run(target.ref, "ls", "/dbg").succeeded().out


def test_too_many_entries(dbg, fake, tree, unchanged):
    target = fake(tree=tree({f"d{i}": b"" for i in range(4100)}))
    with unchanged(target):
        dbg.run(target.ref, P, "true").failed("refused")


def test_many_entries(dbg, fake, tree):
    target = fake(tree=tree({f"d{i}": b"" for i in range(1000)}))
    assert len(dbg.run(target.ref, "ls", "/").succeeded().text.split()) > 1000


WORKDIRS = [((), "/"), (("-w", "/data"), "/data"), (("-w", "/lnk"), "/data"), (("-w", "/dbg"), "/dbg")]


@pytest.mark.parametrize("options, wanted", WORKDIRS)
def test_workdir(show, target, options, wanted):
    assert show(target, *options)["cwd"] == wanted


@pytest.mark.parametrize("directory, kind", {"/nowhere": "not-found", "/data/file": "denied", "/proc/self/fd/0": "not-found",
                                             "": "usage", "data/../../..": "usage"}.items())
def test_workdir_nonsense(dbg, target, directory, kind):
    dbg.run("-w", directory, target.ref, P, "true").failed(kind)


def test_workdir_of_the_config(show, docker, once):
    assert show(once(docker, "-w", "/data"))["cwd"] == "/data"


def test_workdir_never_leads_out(dbg, target):
    """Neither by .. nor by a host directory that dbgattach was started in."""
    script = "cd ../../../../..; pwd; ls -A"
    out = dbg.run("-c", script, target.ref, cwd="/etc").succeeded().text.split()
    assert out[0] == "/" and "payload" in out


# /proc

def test_proc_is_the_targets_own(dbg, target):
    out = dbg.run(target.ref, "sh", "-c", "cat /proc/1/comm; readlink /proc/1/exe; ls /proc").succeeded().text.split()
    assert out[:2] == ["payload", "/payload"]
    assert str(target.pid) not in out  # the host's processes are not there


@needs_fresh_procfs
@falls_without("PROC_MASK")
@pytest.mark.parametrize("proc", ["none", "tmpfs"])
def test_fresh_proc_is_masked(attempts, fake, proc):
    """A target that lacks or fakes /proc must not make us mount an open one: uid 0 could write core_pattern."""
    tried = attempts(fake(proc=proc), "tryopen", *MASKED_WRITES)
    assert all(error in ("EROFS", "EACCES", "ENOENT") for error in tried.values()), tried
    assert tried["/proc/sys/kernel/core_pattern"] != "ENOENT"


@needs_fresh_procfs
@falls_without("PROC_MASK")
@pytest.mark.parametrize("proc", ["none", "tmpfs"])
def test_fresh_proc_sys(attempts, fake, proc):
    """No file at all below /proc/sys, with --write neither."""
    for options in ((), ("--write",)):
        tried = attempts(fake(proc=proc), "walkopen", "/proc/sys", options=options)
        assert int(tried.pop("files")) > 100
        assert tried == {}


@needs_fresh_procfs
@falls_without("PROC_MASK")
def test_fresh_proc_from_outside(dbg, fake):
    """Nor through the session's root, for who can reach it."""
    session = dbg.start(fake(proc="none").ref, P, "sleep", "60")
    root = f"/proc/{session.running()['command']}/root"
    for path in MASKED_WRITES:
        try:
            os.close(os.open(root + path, os.O_WRONLY))
            refusal = None
        except OSError as error:
            refusal = error.errno
        assert refusal in (errno.EROFS, errno.EACCES, errno.ENOENT), path


COVERED = ["kcore", "keys", "timer_list", "latency_stats", "sched_debug", "acpi", "scsi", "asound", "firmware"]


@needs_fresh_procfs
@falls_without("PROC_MASK")
def test_fresh_proc_covers(dbg, fake):
    """Empty, where they are at all."""
    script = "; ".join(f"test -e /proc/{name} && echo ={name} && (cat /proc/{name} || ls -A /proc/{name}) 2>/dev/null"
                       for name in COVERED)
    lines = dbg.run("-c", script + "; true", fake(proc="none").ref).succeeded().text.splitlines()
    assert "=keys" in lines and all(line.removeprefix("=") in COVERED for line in lines), lines


@needs_fresh_procfs
def test_fresh_proc_shows_the_targets_processes(dbg, fake):
    out = dbg.run(fake(proc="none").ref, "sh", "-c", "cat /proc/1/comm; echo /proc/[0-9]*").succeeded().text.split("\n")
    assert out[0] == "payload" and len(out[1].split()) <= 5, out


@needs_fresh_procfs
def test_sysadmin_has_an_open_proc(attempts, fake):
    tried = attempts(fake(proc="none"), "tryopen", "/proc/sys/kernel/hostname", options=("--profile", "sysadmin"))
    assert tried == {"/proc/sys/kernel/hostname": "ok"}


def test_masks_of_the_target_stay(attempts, docker_target):
    """The container's own proc keeps what its runtime masked."""
    tried = attempts(docker_target, "tryopen", *MASKED_WRITES)
    assert tried["/proc/sys/kernel/core_pattern"] == "EROFS" and all(refused(error) for error in tried.values()), tried


# /dev

NODES = {"null": "1:3", "zero": "1:5", "full": "1:7", "random": "1:8", "urandom": "1:9", "tty": "5:0"}


@pytest.mark.parametrize("kind", ["none", "own", "hostile"])
def test_dev(dbg, fake, tree, kind):
    """The usual nodes are there and real, whatever the target has in their place."""
    trap = {"dev": None, "dev/null": b"trap", "dev/ptmx": b"trap", "dev/pts": "-> /data", "dev/tty": "-> /etc/passwd",
            "dev/zero": "-> /data/file", "dev/own": b"theirs"}
    target = fake(**{"none": {}, "own": {"dev": True}, "hostile": {"tree": tree(trap)}}[kind])
    script = "cd /dev; for n in " + " ".join(NODES) + "; do stat -c '%n %t:%T %F' $n; done; echo x > null; " \
             "head -c 2 zero | wc -c; ls -l fd stdin stdout stderr ptmx | wc -l; ls"
    lines = dbg.run("-c", script, target.ref).succeeded().text.splitlines()
    assert lines[:len(NODES)] == [f"{name} {number} character special file" for name, number in NODES.items()]
    assert [line.strip() for line in lines[len(NODES):len(NODES) + 2]] == ["2", "5"]
    assert read(target.root("/dev/null")) == ("trap" if kind == "hostile" else "")
    if kind == "own":
        assert {"shm", "fuse"} <= set(lines)
    if kind == "hostile":
        assert "own" in lines


def test_dev_that_is_a_symlink(dbg, fake, tree):
    target = fake(tree=tree({"dev": "-> /data"}))
    assert dbg.run("-c", "echo x > /dev/null; ls /dev/null", target.ref).succeeded().out == b"/dev/null\n"
    assert not os.path.exists(target.root("/data/null"))


def mounts(show, target, *options):
    lines = show(target, *options, expect_stderr=True)["mountinfo"].splitlines()
    return {line.split()[4]: (set(line.split()[5].split(",")), line.split(" - ")[1].split()[0]) for line in lines
            if line.split()[3] != "/null"}  # a cover of a file is /dev/null, as with runc


@needs_fresh_procfs
def test_flags_of_our_mounts(show, fake, tree):
    """NODEV on all that we add but /dev and its devpts, which are NOSUID and NOEXEC."""
    ours = mounts(show, fake(tree=tree(bare=True), proc="none"))
    for point, (flags, kind) in ours.items():
        assert "nosuid" in flags or point.startswith("/payload"), point
        if point == "/dev" or kind == "devpts":
            assert {"nosuid", "noexec"} <= flags, (point, flags)
        elif not re.match(r"/dev/(null|zero|full|random|urandom|tty|console|ptmx)$", point) and point != "/payload":
            assert "nodev" in flags, (point, flags)
    assert "ro" in ours["/"][0] and "ro" in ours["/dbg"][0]


def test_nothing_of_the_host_in_the_session(show, target):
    """No mount but the target's and ours: nothing with a root of the host's disk."""
    root_device = f"{os.major(os.stat('/').st_dev)}:{os.minor(os.stat('/').st_dev)}"
    lines = show(target)["mountinfo"].splitlines()
    assert {line.split()[4] for line in lines} >= {"/", "/dbg", "/proc", "/dev"}
    assert not [line for line in lines if line.split()[2] == root_device]


@needs_fresh_procfs
def test_without_the_mount_namespace(dbg, target):
    """--ns without mnt: /dbg, a masked proc and a /dev; never the host's tree."""
    names = set(dbg.run("--ns", "pid,net,uts,ipc", target.ref, "ls", "-A", "/").succeeded().text.split())
    assert names <= {"dbg", "proc", "dev", "tmp"} and {"dbg", "proc", "dev"} <= names
    assert str(os.getpid()) not in dbg.run("--ns", "pid,net", target.ref, "ls", "/proc").succeeded().text.split()


def test_hostname_files_and_names(dbg, target):
    """uts: the target's name; net: its own interfaces."""
    assert dbg.run(target.ref, "hostname").succeeded().out == b"fake\n"
    out = dbg.run(target.ref, "cat", "/proc/net/dev").succeeded().text
    assert re.findall(r"^ *([^ :|]+):", out, re.M) == ["lo"]


def test_visible_processes(dbg, target):
    """While the session runs, only init and the command are added to what the target can see."""
    session = dbg.start(target.ref, P, "sleep", "60")
    roles = session.running()
    assert sorted(target.session_processes()) == sorted((roles["init"], roles["command"]))
    session.popen.terminate()
    session.finish()
    wait_until(lambda: not target.session_processes(), what="the session to be gone")
