# SPDX-License-Identifier: Apache-2.0
"""Seccomp filters that are not the default one: of a file, of the target's config, copied from the target."""
import json
import os
import time

import pytest

import processes
from processes import read, status_field
from test_profiles import of_session, of_target, write

P = "/payload"
falls_without = pytest.mark.falls_without
DENIED = "EMLINK"  # an errno that no kernel gives for these calls


def rule(*names, errno=31, action="SCMP_ACT_ERRNO", **more):
    return {"names": list(names), "action": action, **({"errnoRet": errno} if action == "SCMP_ACT_ERRNO" else {}), **more}


def profile(*rules, default="SCMP_ACT_ALLOW", **more):
    return {"defaultAction": default, "syscalls": list(rules), **more}


EARLY = profile(rule("epoll_create1"))
LATE = profile(rule("epoll_create1", "kill"))  # init has to kill
ASKED = ("epoll_create1", "memfd_create")


def filters(pid):
    return int(status_field(pid, "Seccomp_filters"))


# of a file

@pytest.mark.no_filter
@falls_without("FOREIGN_SECCOMP", "VERIFY")
@pytest.mark.parametrize("content", [EARLY, LATE], ids=["early", "late"])
@pytest.mark.parametrize("options, count", [((), 2), (("--profile", "sysadmin"), 1), (("--profile", "target"), 2)], ids=str)
def test_file_refuses(dbg, attempts, target, tmp_path, content, options, count):
    """On top of the default filter, which sysadmin has not; before the session is seen where its init can live under it."""
    path = write(tmp_path, "f", content)
    options = (*options, "--seccomp", path)
    assert attempts(target, "trysyscall", *ASKED, options=options) == {"epoll_create1": DENIED, "memfd_create": "EFAULT"}
    session = dbg.start(*options, target.ref, P, "pause")
    roles = session.running()
    assert filters(roles["command"]) == count
    assert filters(roles["init"]) == count - (content is LATE)


def test_file_keeps_the_default(attempts, target, tmp_path):
    """A file that allows everything is no way around the default filter."""
    options = ("--seccomp", write(tmp_path, "f", profile()))
    assert set(attempts(target, "trysyscall", "mount", "setns", "keyctl", options=options).values()) == {"EPERM"}


@falls_without("VERIFY")
def test_missing_filter_is_seen_from_outside(dbg, test_build, fake, tmp_path, unchanged):
    target = fake("reap", rw=True)
    with unchanged(target):
        result = dbg.run("--write", "--seccomp", write(tmp_path, "f", EARLY), target.ref, "touch", "/data/it-ran",
                         weak=("FOREIGN_SECCOMP",))
        assert not os.path.exists(target.root("/data/it-ran")), "the command ran"
    result.failed("refused")


def test_filter_that_cannot_be_loaded(dbg, helpers, fake, tmp_path):
    """By the command itself, when nobody listens any more: it still does not run."""
    target = fake("reap", rw=True)
    result = dbg.run("--write", "--profile", "sysadmin", "--seccomp", write(tmp_path, "f", LATE), target.ref, "touch",
                     "/data/it-ran", prefix=(helpers["nosys"], "seccomp", "--"))
    assert not os.path.exists(target.root("/data/it-ran")), "the command ran"
    assert "loading the seccomp filter" in result.failed("system").err


@pytest.mark.parametrize("content, code", [
    (profile(rule("execve")), 126), (profile(rule("execve", "execveat")), 126),
    (profile(rule("execve", action="SCMP_ACT_KILL_PROCESS")), 159),
    (profile(rule("execve", "kill", action="SCMP_ACT_KILL")), 159), (profile(default="SCMP_ACT_KILL_PROCESS"), 159),
    (profile(default="SCMP_ACT_ERRNO"), 132)], ids=range(6))
def test_forbidden_exec_ends_at_once(dbg, target, tmp_path, content, code, unchanged):
    with unchanged(target):
        result = dbg.run("--seccomp", write(tmp_path, "f", content), target.ref, P, "true", timeout=5)
    assert result.code == code


NOTIFY = profile(rule("mkdir", action="SCMP_ACT_NOTIFY"))
REFUSED = {
    "field": (profile(syscals=[]), "malformed", "syscals"),
    "rule's field": (profile(rule("read", when=1)), "malformed", "when"),
    "notify": (NOTIFY, "unsupported", "SCMP_ACT_NOTIFY"),
    "listener": (profile(listenerPath="/run/x"), "unsupported", "listenerPath"),
    "unknown call": (profile(rule("no_such_call")), "unsupported", "no_such_call"),
    "contradiction": (profile(rule("read"), rule("read", action="SCMP_ACT_LOG", args=[
        {"index": 0, "op": "SCMP_CMP_EQ", "value": 1}])), "malformed", "read"),
    "architecture": (profile(architectures=["SCMP_ARCH_PDP11"]), "unsupported", "SCMP_ARCH_PDP11"),
    "action": (profile(default="SCMP_ACT_MAYBE"), "malformed", "SCMP_ACT_MAYBE"),
    "not JSON": ("{", "malformed", "line 1"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_file_refused_by_name(dbg, target, tmp_path, case):
    content, kind, word = REFUSED[case]
    for options in (("--explain",), ()):
        assert word in dbg.run(*options, "--seccomp", write(tmp_path, "f", content), target.ref, P, "true").failed(kind).err


def test_no_such_file(dbg, target):
    dbg.run("--seccomp", "/nonexistent", target.ref, P, "true").failed("usage")


def test_capabilities_decide(attempts, target, tmp_path):
    """includes and excludes: by what the session may ever have, not by the target's."""
    content = profile(rule("epoll_create1", includes={"caps": ["CAP_SYS_TIME"]}))
    path = write(tmp_path, "f", content)
    assert attempts(target, "trysyscall", "epoll_create1", options=("--seccomp", path))["epoll_create1"] != DENIED
    assert attempts(target, "trysyscall", "epoll_create1",
                    options=("--seccomp", path, "--cap-add", "SYS_TIME"))["epoll_create1"] == DENIED


# of the target's config


@pytest.fixture
def filtered(docker, once, tmp_path):
    path = write(tmp_path, "docker", profile(rule("epoll_create1")))
    return once(docker, "--security-opt", f"seccomp={path}")


@pytest.mark.no_filter
@falls_without("FOREIGN_SECCOMP", "VERIFY")
@pytest.mark.parametrize("options", [("--profile", "target"), ("--profile", "restricted")], ids=str)
def test_config_of_docker(dbg, attempts, filtered, options):
    assert attempts(filtered, "trysyscall", *ASKED, options=options) == {"epoll_create1": DENIED, "memfd_create": "EFAULT"}
    seen, wanted = of_session(dbg, filtered.ref, *options, expect_stderr=False), of_target(filtered)
    assert (seen["Seccomp"], seen["Seccomp_filters"]) == (wanted["Seccomp"], wanted["Seccomp_filters"]) == ("2", "1")


@pytest.mark.no_filter
def test_config_on_top_of_general(dbg, attempts, filtered):
    tried = attempts(filtered, "trysyscall", *ASKED, "mount", options=("--seccomp", "target"))
    assert tried == {"epoll_create1": DENIED, "memfd_create": "EFAULT", "mount": "EPERM"}
    assert of_session(dbg, filtered.ref, "--seccomp", "target")["Seccomp_filters"] == "2"


SAME = ("epoll_create1 memfd_create mount umount2 setns unshare keyctl add_key bpf userfaultfd ptrace personality clone3 "
        "io_uring_setup open_by_handle_at reboot settimeofday perf_event_open quotactl acct").split()


@pytest.mark.no_filter
@pytest.mark.parametrize("engine", ["docker", "podman"])
def test_same_answers_as_in_the_container(request, dbg, attempts, once, engine):
    """The default profile of Docker and Podman: each call is answered like to a process that the runtime started."""
    engine = request.getfixturevalue(engine)
    container = once(engine, hardened=False)
    inside = engine.cli("exec", container.name, "/trysyscall", *SAME)
    wanted = dict(line.rsplit(" ", 1) for line in inside.splitlines())
    result = dbg.run("--profile", "target", container.ref, "/trysyscall", *SAME).succeeded()
    assert dict(line.rsplit(" ", 1) for line in result.text.splitlines()) == wanted


@pytest.mark.no_filter
def test_unconfined_target(dbg, docker, once):
    container = once(docker, "--security-opt", "seccomp=unconfined")
    assert of_session(dbg, container.ref, "--profile", "target")["Seccomp"] == "0"
    assert of_session(dbg, container.ref, "--profile", "restricted")["Seccomp_filters"] == "1"
    assert of_session(dbg, container.ref, "--seccomp", "target")["Seccomp_filters"] == "1"
    assert of_session(dbg, container.ref, "--profile", "restricted", "--seccomp", "target")["Seccomp_filters"] == "1"


@pytest.mark.parametrize("profile_name", ["restricted", "target"])
def test_instead_of_the_targets(dbg, filtered, profile_name):
    """The target's filter is left out only with a word about it, on stderr and in --explain."""
    options = ("--profile", profile_name, "--seccomp", "default")
    tried = dbg.run(*options, filtered.ref, "/trysyscall", "epoll_create1", "mount").succeeded()
    answers = dict(line.rsplit(" ", 1) for line in tried.text.splitlines())
    assert answers["epoll_create1"] != DENIED and answers["mount"] == "EPERM"
    assert "not under the target's seccomp filter" in tried.err
    assert "not under the target's seccomp filter" in dbg.run("--explain", *options, filtered.ref).succeeded().text


def test_config_that_cannot_be_understood(dbg, runc, once):
    """Not the default filter instead: that could be the weaker one."""
    seccomp = profile(rule("mkdirat"))
    container = once(runc, seccomp=seccomp)
    path = os.path.join(container.bundle, "config.json")
    config = json.loads(read(path))
    config["linux"]["seccomp"]["syscalls"][0]["future"] = True
    with open(path, "w") as file:
        json.dump(config, file)
    line = dbg.run("--profile", "restricted", container.ref, P, "true").failed("malformed").err
    assert "future" in line and "--seccomp default" in line
    dbg.run("--profile", "restricted", "--seccomp", "default", container.ref, P, "true").succeeded()


def test_config_with_a_call_that_is_not_known(dbg, runc, once):
    """runc passes over a name that its libseccomp does not know; ours may be the older one, so it is refused here."""
    container = once(runc, seccomp=profile(rule("no_such_call"), rule("mkdirat")))
    line = dbg.run("--profile", "restricted", container.ref, P, "true").failed("unsupported").err
    assert "no_such_call" in line and "--seccomp default" in line
    dbg.run("--profile", "restricted", "--seccomp", "default", container.ref, P, "true").succeeded()


# copied

def two_filters(runc, once, helpers):
    from targets import Tree
    with open(helpers["nosys"], "rb") as file:
        tree = Tree(helpers, {"nosys": file.read()}, {"nosys": 0o755})
    container = once(runc, tree=tree, seccomp=profile(rule("epoll_create1")),
                     program=("/nosys", "memfd_create", "--", "/payload"))
    processes.wait_until(lambda: filters(container.pid) == 2, what="both filters")
    return container


@pytest.mark.no_filter
def test_copy(dbg, attempts, runc, once, helpers):
    """pid:N has no config. Both filters, and the target runs on."""
    container = two_filters(runc, once, helpers)
    tried = dbg.run("--profile", "target", f"pid:{container.pid}", "/trysyscall", *ASKED).succeeded()
    assert dict(line.rsplit(" ", 1) for line in tried.text.splitlines()) == {"epoll_create1": DENIED, "memfd_create": "ENOSYS"}
    assert "10 ms" in tried.err
    seen = of_session(dbg, f"pid:{container.pid}", "--profile", "target")
    assert seen == of_target(container)
    assert processes.state(container.pid) == "S" and status_field(container.pid, "TracerPid") == "0"


@pytest.mark.no_filter
@pytest.mark.parametrize("options", [("--profile", "target"), ("--profile", "restricted", "--seccomp", "target")], ids=str)
def test_more_than_the_config_states(dbg, runc, once, helpers, options):
    """The config has one of two: by name both are copied, and --explain says so without stopping the target."""
    container = two_filters(runc, once, helpers)
    tried = dbg.run(*options, container.ref, "/trysyscall", *ASKED).succeeded()
    assert dict(line.rsplit(" ", 1) for line in tried.text.splitlines()) == {"epoll_create1": DENIED, "memfd_create": "ENOSYS"}
    assert "2 seccomp filters" in tried.err and "10 ms" in tried.err
    assert of_session(dbg, container.ref, *options)["Seccomp_filters"] == "2"
    text = dbg.run("--explain", *options, container.ref).succeeded().text
    assert "2 seccomp filters" in text and "PTRACE_SECCOMP_GET_FILTER" in text


def test_config_is_told_to_be_one_of_two(dbg, runc, once, helpers):
    """Nobody named the target's: the config's alone, and a word about the other. Not where it was named and cannot be had."""
    container = two_filters(runc, once, helpers)
    tried = dbg.run("--profile", "restricted", container.ref, "/trysyscall", *ASKED).succeeded()
    assert dict(line.rsplit(" ", 1) for line in tried.text.splitlines()) == {"epoll_create1": DENIED, "memfd_create": "EFAULT"}
    assert "2 seccomp filters" in tried.err
    line = dbg.run("--profile", "target", container.ref, P, "true",
                   prefix=(helpers["nosys"], "quotactl", "--")).failed("unsupported").err
    assert "2 seccomp filters" in line and "under a filter" in line


@pytest.mark.no_filter
def test_explain_does_not_stop_the_target(dbg, filtered):
    text = dbg.run("--explain", "--profile", "target", f"pid:{filtered.pid}").succeeded().text
    assert "10 ms" in text and "PTRACE_SECCOMP_GET_FILTER" in text


@pytest.mark.no_filter
def test_copier_that_hangs(dbg, test_build, filtered):
    """Its second is over: it is killed, and the target is free again."""
    session = dbg.start("--profile", "target", f"pid:{filtered.pid}", P, "true", barrier="copy/stopped")
    processes.wait_until(lambda: processes.state(filtered.pid) == "t", what="the target to be stopped")
    begun = time.monotonic()
    result = session.finish(5)
    assert result.code == 125 and "timeout" in result.err and time.monotonic() - begun < 2
    assert processes.state(filtered.pid) == "S" and status_field(filtered.pid, "TracerPid") == "0"


@pytest.mark.no_filter
def test_copier_whose_caller_is_killed(dbg, test_build, filtered):
    session = dbg.start("--profile", "target", f"pid:{filtered.pid}", P, "true", barrier="copy/stopped")
    processes.wait_until(lambda: processes.state(filtered.pid) == "t", what="the target to be stopped")
    session.popen.kill()
    processes.wait_until(lambda: processes.state(filtered.pid) == "S", what="the target to run on")


@pytest.mark.no_filter
def test_caller_under_a_filter(dbg, helpers, filtered):
    """The kernel refuses the copy to him, so he is told beforehand; a config is as good as ever."""
    prefix = (helpers["nosys"], "quotactl", "--")
    line = dbg.run("--profile", "target", f"pid:{filtered.pid}", P, "true", prefix=prefix).failed("unsupported").err
    assert "under a filter" in line
    dbg.run("--profile", "target", filtered.ref, P, "true", prefix=prefix).succeeded()
    assert of_session(dbg, f"pid:{filtered.pid}", "--profile", "restricted")["Seccomp_filters"] == "1"
