# SPDX-License-Identifier: Apache-2.0
"""A plain user, without a capability, enters what is his own, and nothing else."""
import os
import pathlib
import shutil
import signal
import tempfile

import pytest

import toolboxes
from conftest import runtime
from processes import freeze, namespace, send, status_field, wait_until
from program import Program
from runtimes import USER_ID, RootlessPodman
from targets import UID

P = "/payload"
BASE, COUNT = 300000, 65536
AS_USER = ("setpriv", f"--reuid={USER_ID}", f"--regid={USER_ID}", "--clear-groups", "env", "HOME=/nonexistent")
RANGES = {"owner": USER_ID, "userns": f"{BASE}:{COUNT}"}  # as newuidmap does it
ALONE = {"owner": USER_ID, "userns": "0:0", "deny": True, "uid": 0}  # as unshare -r does it
falls_without = pytest.mark.falls_without

podman_crun = pytest.fixture(scope="module", name="podman_crun")(runtime(RootlessPodman))
podman_runc = pytest.fixture(scope="module", name="podman_runc")(
    runtime(lambda helpers, directory: RootlessPodman(helpers, directory, "runc")))


@pytest.fixture
def user(dbg):
    """The program, called by the user."""
    if not shutil.which("setpriv"):
        pytest.skip("setpriv is not installed")
    dbg.prefix = AS_USER
    return dbg


@pytest.fixture
def own(user, fake):
    return fake("reap", **RANGES)


KINDS = ("ranges", "alone", "podman_crun", "podman_runc")


@pytest.fixture(params=KINDS)
def any_own(request, user, fake):
    """A container of the user's, of each kind."""
    if not request.param.startswith("podman"):
        yield fake("reap", **(RANGES if request.param == "ranges" else ALONE))
        return
    engine = request.getfixturevalue(request.param)
    user.prefix = engine.prefix
    container = engine.run(hardened=False, init=("reap",))
    container.ref = f"podman:{container.name}"
    yield container
    container.stop()


# He gets in

def test_who_he_is_in_there(user, show, any_own):
    seen = show(any_own, expect_stderr=True)
    assert (seen["uid"], seen["gid"]) == ([0] * 3, [0] * 3)
    for kind in ("user", "pid", "net", "uts", "ipc"):
        assert seen["ns"][kind] == any_own.namespace(kind), kind
    assert seen["ns"]["mnt"] not in (any_own.namespace("mnt"), namespace("self", "mnt"))
    assert seen["no_new_privs"] == 1 and seen["seccomp"] == 2


def test_what_the_host_sees_of_him(user, any_own):
    session = user.start(any_own.ref, P, "sleep", "60")
    roles = session.running()
    for role in ("init", "command"):
        assert status_field(roles[role], "Uid").split() == [str(USER_ID)] * 4, role
        assert int(status_field(roles[role], "CapEff"), 16) >> 21 & 1 == 0, role
    assert status_field(roles["monitor"], "CapPrm") == "0" * 16


def test_nothing_stays(user, any_own, unchanged):
    with unchanged(any_own):
        result = user.run("-c", "sleep 1000 & ls -lR /dbg /dev /data >/dev/null; exit 7", any_own.ref)
        assert result.code == 7, result.err


def test_one_line_says_what_is_missing(user, own):
    lines = user.run(own.ref, P, "true").succeeded().lines
    assert len(lines) == 1 and "no cgroup of its own" in lines[0], lines


@pytest.mark.parametrize("command, code", [((P, "exit", "42"), 42), (("no-such-program",), 127), (("/data/file",), 126),
                                           ((P, "kill", "9"), 137)])
def test_exit_statuses(user, own, command, code):
    assert user.run(own.ref, *command).code == code


def test_pipes(user, any_own):
    data = os.urandom(3_000_000)
    assert user.run(any_own.ref, "cat", input=data).succeeded().out == data
    result = user.run(any_own.ref, "sh", "-c", "echo out; echo err >&2; echo more >/dev/stdout; echo worse >/dev/stderr").succeeded()
    assert result.out == b"out\nmore\n" and result.lines[-2:] == ["err", "worse"]


@pytest.mark.parametrize("options", [(), ("-u", "target"), ("-u", "1000:1001")])
def test_pipes_belong_to_the_session(user, own, options):
    out = user.run(*options, own.ref, "sh", "-c", "stat -L -c %u:%g /proc/self/fd/0; id -u; echo again >/dev/stdout").succeeded().text
    ids = {(): "0:0", ("-u", "target"): f"{UID}:{UID}"}.get(options, "1000:1001")
    assert out == f"{ids}\n{ids.split(':')[0]}\nagain\n"


def test_terminal(user, terminal, any_own):
    tty = terminal(any_own.ref, "sh", "-c", "tty; stat -c %u $(tty); stty size")
    tty.expect(r"/dev/pts/0\r\n0\r\n24 80\r\n")
    assert tty.wait() == 0
    tty.restored()


@pytest.mark.parametrize("options, uid", [(("-u", "target"), UID), (("-u", "1000"), 1000), (("-u", "app"), UID), ((), 0)])
def test_users(user, show, own, options, uid):
    assert show(own, *options, expect_stderr=True)["uid"] == [uid] * 3


def test_unmapped_users(user, own):
    user.run("-u", str(COUNT + 1), own.ref, P, "true").failed("refused")


@pytest.mark.parametrize("profile", ["general", "baseline", "restricted", "target", "netadmin", "sysadmin"])
def test_profiles(user, show, own, profile):
    seen = show(own, "--profile", profile, expect_stderr=True)
    assert seen["uid"] == [UID if profile in ("restricted", "target") else 0] * 3
    effective = seen["caps"]["effective"]
    assert {"general": effective >> 19 & 1 == 1, "baseline": effective == 4, "restricted": effective == 0, "target": effective == 0,
            "netadmin": effective >> 12 & 1 == 1, "sysadmin": effective >> 21 & 1 == 1}[profile], hex(effective)
    assert seen["no_new_privs"] == 1


def test_profiles_in_podman(user, show, any_own):
    for profile in ("restricted", "target", "sysadmin"):
        assert show(any_own, "--profile", profile, expect_stderr=True)["no_new_privs"] == 1


def test_tracing(user, own):
    """As general promises: the target's own init can be looked at."""
    user.run(own.ref, "sh", "-c", "ls -l /proc/1/exe /proc/1/fd/ && cat /proc/1/maps >/dev/null").succeeded()


def test_read_only(user, attempts, fake, unchanged):
    target = fake("reap", rw=True, **RANGES)
    with unchanged(target):
        made = attempts(target, "trycreate", "/data/made", "/tmp/made", "/made", "/dbg/made", "/dev/made")
    assert set(made.values()) == {"EROFS"}, made


def test_write(user, fake):
    target = fake("reap", rw=True, **RANGES)
    user.run("--write", target.ref, "touch", "/data/made").succeeded()
    assert os.stat(target.root("/data/made")).st_uid == USER_ID


def test_timeout(user, own, unchanged):
    with unchanged(own):
        assert user.run("--timeout", "1s", own.ref, P, "sleep", "1000").code == 124


def test_dev(user, own):
    out = user.run(own.ref, "sh", "-c", "for n in null zero full random urandom tty; do test -c /dev/$n || echo no $n; done;"
                   "echo x >/dev/null; head -c 5 /dev/zero | wc -c; head -c 5 /dev/urandom | wc -c; chmod 600 /dev/null; ls -l /dev/null")
    assert out.out.split()[:3] == [b"5", b"5", b"crw-rw-rw-"], out.text


@pytest.mark.parametrize("proc", ["none", "tmpfs"])
def test_fresh_proc(user, attempts, fake, proc):
    target = fake("reap", proc=proc, **RANGES)
    tried = attempts(target, "tryopen", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger")
    assert all(error in ("EROFS", "EACCES", "ENOENT") for error in tried.values()), tried
    assert tried["/proc/sys/kernel/core_pattern"] != "ENOENT"


# The toolbox

@falls_without("SEALED_TOOLBOX")
def test_sealed(user, attempts, own):
    tried = attempts(own, "unseal", "/dbg", "/dbg/bin/busybox", options=("--profile", "sysadmin"))
    assert tried["create"] == tried["/dbg/bin/busybox"] == "EROFS", tried


def test_toolbox_is_roots(user, any_own):
    assert user.run(any_own.ref, "find", "/dbg", "-xdev", "!", "-user", "0").succeeded().out == b""


@pytest.fixture
def store(user, build):
    """The user's own, with a core that is a folder."""
    path = pathlib.Path(tempfile.mkdtemp(dir="/var/tmp", prefix="dbgtest."))
    path.chmod(0o755)
    trees = path.parent / (path.name + ".trees")
    toolboxes.core_tree(build, trees / "core")
    toolboxes.layer_tree(trees / "nmap", "nmap", "nmap is here")
    yield path, trees
    shutil.rmtree(path)
    shutil.rmtree(trees)


def give(path):
    for entry in (path, *path.rglob("*")):
        os.chown(entry, USER_ID, USER_ID, follow_symlinks=False)


def own_store(user, store, formats):
    path, trees = store
    core = toolboxes.make(path, "core", trees / "core", formats=formats)
    give(path)
    path.chmod(0o700)
    user.settings["DBGATTACH_STORE"] = str(path)
    return core


def test_a_toolbox_of_his_own(user, any_own, store, unchanged):
    own_store(user, store, ("erofs", "tree"))
    with unchanged(any_own):
        result = user.run(any_own.ref, "sh", "-c", "echo $DBGATTACH_TOOLBOX; ls /dbg/bin/bash").succeeded()
    assert result.text.startswith("core sha256:") and "/dbg/bin/bash" in result.text, result.err


@falls_without("SEALED_TOOLBOX")
def test_a_toolbox_of_his_own_is_sealed(user, attempts, own, store):
    core = own_store(user, store, ("tree",))
    tried = attempts(own, "unseal", "/dbg", "/dbg/bin/busybox", options=("--profile", "sysadmin"))
    assert tried["create"] == tried["/dbg/bin/busybox"] == "EROFS", tried
    assert not (core / "tree/made").exists()


def test_an_image_is_not_for_him(user, own, store):
    own_store(user, store, ("erofs",))
    lines = user.run(own.ref, P, "true").succeeded().lines
    assert any("--format tree" in line and "the toolbox inside dbgattach is used" in line for line in lines), lines
    assert "--format tree" in user.run("--toolbox", "core", own.ref, P, "true").failed("unsupported").err


@falls_without("TOOLBOX_DIGEST")
def test_a_damaged_toolbox(user, own, store):
    core = own_store(user, store, ("tree",))
    (core / "tree/bin/bash").write_text("#!/dbg/bin/sh\necho changed\n")
    assert "damaged" in user.run("--toolbox", "core", own.ref, P, "true").failed("malformed").err


def test_a_layer_comes_while_it_runs(user, own, store):
    path, trees = store
    core = own_store(user, store, ("tree",))
    session = user.start(own.ref, "sh", "-c", "echo ready; until nmap 2>/dev/null; do sleep 0.05; done")
    session.read_until(b"ready\n")
    give(toolboxes.make(path, ".new", trees / "nmap", formats=("tree",), base=core, name="nmap"))
    (path / ".new").rename(path / "nmap")
    assert b"nmap is here" in session.finish(10).out


def test_from_inside_his_user_namespace(user, show, own, unchanged):
    """As by `podman unshare`: root in there, and nobody on the host."""
    user.prefix = (*AS_USER, "nsenter", "-U", "-t", str(own.pid))
    with unchanged(own):
        assert show(own, expect_stderr=True)["ns"]["user"] == own.namespace("user")
        assert user.run("-u", "1000", own.ref, "id", "-u").succeeded().out == b"1000\n"


# What is not his

def test_others(user, fake, docker_target):
    for target in (fake("pause"), fake("pause", userns=f"{BASE}:{COUNT}"), docker_target):
        assert "run it as root" in user.run(f"pid:{target.pid}", P, "true").failed(("denied", "not-found")).err


def test_a_container_of_roots_that_runs_as_him(user, fake):
    """His ids are not his namespace."""
    for options in ({"uid": USER_ID}, {"userns": f"{USER_ID}:1", "uid": 0}):
        line = user.run(fake("pause", **options).ref, P, "true").failed("denied").err
        assert "run it as root" in line and ("no user namespace that the caller has made" in line) == (options["uid"] == USER_ID), line


def test_another_users(user, fake):
    target = fake("pause", **{**RANGES, "owner": USER_ID + 1})
    user.run(target.ref, P, "true").failed("denied")


def test_a_process_of_his_own(user, fake):
    """No container at all."""
    session = user.start(fake("pause", **RANGES).ref, P, "sleep", "60")
    session.running()
    assert "run it as root" in user.run(f"pid:{session.pid}", P, "true").failed("denied").err


# Groups that cannot be left

GROUPS = tuple("--groups=7,9" if word == "--clear-groups" else word for word in AS_USER)


@falls_without("KEPT_GROUPS")
def test_groups_that_only_the_caller_is_in(user, fake):
    target = fake("pause", **ALONE)
    user.prefix = GROUPS
    result = user.run(target.ref, "cat", "/proc/self/status")
    assert result.code == 125 and "caller's group 7" in result.failed("refused").err


def test_groups_that_can_be_left(user, own):
    user.prefix = GROUPS
    session = user.start(own.ref, P, "sleep", "60")
    assert status_field(session.running()["command"], "Groups").split() == [str(USER_ID)]


# Every ending

@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_signal_to_dbgattach(user, own, unchanged, name):
    with unchanged(own):
        session = user.start(own.ref, "sh", "-c", "sleep 1000 & setsid sleep 1000 & sleep 1000")
        session.running()
        send(session.pid, getattr(signal, name))
        assert session.finish(9).code == 128 + getattr(signal, name)


@pytest.mark.parametrize("role", ["monitor", "guardian", "init", "command"])
def test_kill_while_it_runs(user, any_own, unchanged, role):
    with unchanged(any_own):
        session = user.start(any_own.ref, P, "orphans", "3", "stay")
        session.read_until(b"ready\n")
        send(session.roles()[role], signal.SIGKILL)
        assert session.finish(9).code == 137


@falls_without("PDEATHSIG")
def test_kill_monitor_and_guardian(user, own, unchanged):
    with unchanged(own):
        session = user.start(own.ref, P, "orphans", "3", "stay")
        session.read_until(b"ready\n")
        roles = session.running()
        for sig in (signal.SIGSTOP, signal.SIGKILL):
            for role in ("guardian", "monitor"):
                send(roles[role], sig)
        session.popen.wait(5)


@falls_without("MEMBERS")
def test_kill_init(user, own):
    """What it has left nobody would find but by the mount namespace."""
    session = user.start(own.ref, "sh", "-c", "setsid sleep 1000 & echo ready; wait")
    session.read_until(b"ready\n")
    send(session.running()["init"], signal.SIGKILL)
    assert session.finish(9).code == 137
    wait_until(lambda: not [pid for pid in own.session_processes()], 3, "the end of all")


@falls_without("MEMBERS")
def test_kill_monitor_while_init_is_stopped(user, test_build, own, unchanged):
    with unchanged(own):
        session = user.start(own.ref, P, "orphans", "3", "stay", weak=("STOPPED",))
        session.read_until(b"ready\n")
        freeze(session.running()["init"])
        send(session.pid, signal.SIGKILL)
        assert session.finish(9).code == 137


STAGES = [f"{process}/{step}" for process, steps in {
    "monitor": "guardian facts plan toolbox channels cgroup entry launcher init verify start relay end",
    "entry": "stdio detach root join view pivot ids caps close seccomp launcher", "init": "wait command"}.items()
    for step in steps.split()]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("victim", ["monitor", "there"])
def test_kill_at_each_step(user, test_build, own, unchanged, stage, victim):
    with unchanged(own, within=9):
        session = user.start(own.ref, P, "exit", "0", barrier=stage)
        pid = session.at_barrier()
        send(session.pid if victim == "monitor" else pid, signal.SIGKILL)
        if victim == "there" and not stage.startswith("monitor"):
            send(session.pid, signal.SIGCONT)
        session.finish(9)


def test_the_target_ends(user, own, unchanged):
    with unchanged():
        session = user.start(own.ref, P, "orphans", "3", "stay")
        session.read_until(b"ready\n")
        own.kill()
        assert session.finish(9).code == 137


# What is said

def test_explain(user, own):
    text = user.run("--explain", own.ref).succeeded().text
    for words in (f"({USER_ID}:{USER_ID} on the host)", "bound from the host's", "own, if the caller may make one",
                  "oom_score_adj the caller's"):
        assert words in text, text


@falls_without("VERIFY")
def test_verified_from_outside(user, test_build, own):
    result = user.run(own.ref, P, "true", weak=("NO_NEW_PRIVS", "SECCOMP"))
    assert result.code == 125 and "not what was planned: no_new_privs" in result.err and result.out == b""
