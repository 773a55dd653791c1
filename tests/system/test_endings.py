# SPDX-License-Identifier: Apache-2.0
"""
Before and after: whatever ends a session, at whatever stage, nothing of it stays: in the target, whether its PID 1 reaps
or not, or on the host. The one exception is asserted for what it is.
"""
import os
import signal
from time import sleep

import pytest

import snapshot
from processes import cgroups, freeze, libc, read, send, state, wait_until
from program import STEPS, role_at

P = "/payload"
INITS = ("pause", "reap")
falls_without = pytest.mark.falls_without


@pytest.fixture(params=INITS)
def any_target(request, fake):
    return fake(request.param)


# Ordinary endings

COMMANDS = {
    "exit": ((P, "exit", "0"), b"", 0),
    "end of stdin": (("sh",), b"sleep 1000 & true\n", 0),
    "background children": (("sh", "-c", "sleep 1000 & sleep 1000 & exit 3"), b"", 3),
    "orphans": ((P, "orphans", "5"), b"", 0),
    "orphans that died": (("sh", "-c", "(sleep 0.05 &); (sleep 0.05 &); sleep 0.2"), b"", 0),
    "dead orphans at the end": (("sh", "-c", "(true &); (true &); exit"), b"", 0),
    "setsid": (("sh", "-c", "setsid sleep 1000 </dev/null >/dev/null 2>&1 & exit 1"), b"", 1),
    "not found": (("no-such-program",), b"", 127),
    "killed by a signal": ((P, "kill", "9"), b"", 137),
}
FALLS = {"orphans": falls_without("KILL_REST"), "orphans that died": falls_without("SUBREAPER")}


@pytest.mark.parametrize("case", [pytest.param(case, marks=FALLS.get(case, ())) for case in COMMANDS])
def test_command_ends(dbg, target, unchanged, case):
    leave(dbg, target, unchanged, case)


@pytest.mark.parametrize("case", COMMANDS)
def test_command_ends_where_pid_1_reaps(dbg, fake, unchanged, case):
    leave(dbg, fake("reap"), unchanged, case)


def leave(dbg, target, unchanged, case):
    command, stdin, code = COMMANDS[case]
    with unchanged(target):
        assert dbg.run(target.ref, *command, input=stdin, timeout=8).code == code


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_signal_to_dbgattach(dbg, any_target, unchanged, name):
    with unchanged(any_target):
        session = dbg.start(any_target.ref, "sh", "-c", "sleep 1000 & setsid sleep 1000 & sleep 1000")
        session.running()
        send(session.pid, getattr(signal, name))
        assert session.finish(8).code == 128 + getattr(signal, name)


def test_fork_bomb(dbg, any_target, unchanged):
    """It cannot outrun the end, and the host does not notice it."""
    with unchanged(any_target):
        session = dbg.start(any_target.ref, P, "forkbomb")
        session.read_until(b"ready\n")
        wait_until(lambda: len(any_target.session_processes()) > 200, what="the bomb")
        send(session.pid, signal.SIGTERM)
        assert session.finish(9).code == 143


def test_stopped_session(dbg, any_target, unchanged):
    """A command that was stopped is ended like any other."""
    with unchanged(any_target):
        session = dbg.start(any_target.ref, P, "sleep", "1000")
        freeze(session.running()["command"])
        send(session.pid, signal.SIGHUP)
        assert session.finish(9).code == 129


@pytest.mark.parametrize("how, code", {"exit": 0, "^D": 0, "SIGTERM": 137, "SIGHUP": 129, "SIGKILL": 137}.items())
def test_on_a_terminal(terminal, any_target, unchanged, how, code):
    """A shell that talks to a terminal ignores SIGTERM, and is killed after the time of grace."""
    with unchanged(any_target):
        tty = terminal(any_target.ref)
        tty.send("setsid sleep 1000 & sleep 1000 & echo rea''dy\r")
        tty.expect(r"ready\r\n.*general")  # the prompt is back: the keys are the shell's
        if how.startswith("SIG"):
            send(tty.pid, getattr(signal, how))
        else:
            tty.send({"exit": "exit\r", "^D": b"\x04"}[how])
        assert tty.wait(9) == code
        tty.restored()
        tty.close()


# SIGKILL of one of ours, while the command runs

ORPHANS = (P, "orphans", "3", "stay")
STAYS_STOPPED = ("STOPPED",)  # else an init that is stopped is continued at once


@pytest.mark.parametrize("role", ["monitor", "guardian", "command"])
def test_kill_while_it_runs(dbg, any_target, unchanged, role):
    with unchanged(any_target):
        session = dbg.start(any_target.ref, *ORPHANS)
        session.read_until(b"ready\n")
        send(session.roles()[role], signal.SIGKILL)
        assert session.finish(9).code == 137


@falls_without("GUARDIAN")
def test_kill_monitor_while_init_is_stopped(dbg, test_build, fake, unchanged):
    """The parent-death chain has no one to act on it: the guardian has."""
    target = fake("reap")
    with unchanged(target):
        session = dbg.start(target.ref, *ORPHANS, weak=STAYS_STOPPED)
        session.read_until(b"ready\n")
        freeze(session.running()["init"])
        send(session.pid, signal.SIGKILL)
        assert session.finish(9).code == 137


@falls_without("PDEATHSIG")
def test_kill_monitor_and_guardian(dbg, any_target):
    """The parent-death chain ends the processes; an empty cgroup may stay, and the next run removes it."""
    before = snapshot.take(any_target)
    session = dbg.start(any_target.ref, P, "sleep", "1000")
    roles = session.running()
    for sig in (signal.SIGSTOP, signal.SIGKILL):
        for role in ("guardian", "monitor"):
            send(roles[role], sig)
    session.popen.wait(5)
    left = settle_but_cgroups(before, any_target)
    assert not left, snapshot.in_words(left)
    dbg.run(any_target.ref, P, "true").succeeded()
    left = snapshot.settle(before, any_target)
    assert not left, snapshot.in_words(left)


def settle_but_cgroups(before, target):
    without = {part: content for part, content in before.items() if part != "cgroups of the host"}
    return snapshot.settle(without, target)


@pytest.mark.parametrize("kind", ["pause", "reap"])
def test_kill_monitor_of_a_frozen_session(dbg, fake, unchanged, kind):
    """As where it is killed between freezing the others, killing them and thawing: init could not end."""
    target = fake(kind)
    with unchanged(target, within=9):
        session = dbg.start(target.ref, P, "sleep", "1000")
        roles = session.running()
        place = cgroups(roles["init"])
        directory, file, on = (snapshot.cgroup_roots()[""] + place[""], "cgroup.freeze", "1") if "" in place else \
            (snapshot.cgroup_roots()["freezer"] + place["freezer"], "freezer.state", "FROZEN")
        with open(f"{directory}/{file}", "w") as freezer:
            freezer.write(on)
        send(roles["command"], signal.SIGKILL)
        wait_until(lambda: read(directory + "/cgroup.procs").split() == [str(roles["init"])], 5, "the command's end")
        send(roles["monitor"], signal.SIGKILL)
        session.popen.wait(5)


def test_target_ends_while_it_runs(dbg, any_target, unchanged):
    with unchanged():
        session = dbg.start(any_target.ref, *ORPHANS)
        session.read_until(b"ready\n")
        any_target.kill()
        assert session.finish(9).code == 137


@pytest.mark.parametrize("stopped", ["guardian", "init"])
def test_stopped_from_outside_and_ended(dbg, test_build, fake, unchanged, stopped):
    """Even one of ours that is kept stopped does not keep dbgattach; a PID 1 that reaps has nothing left."""
    target = fake("reap")
    with unchanged(target, within=9):
        session = dbg.start(target.ref, P, "sleep", "1000", weak=STAYS_STOPPED)
        freeze(session.running()[stopped])
        send(session.pid, signal.SIGTERM)
        assert session.finish(12).code in (137, 143)


@falls_without("STOPPED")
def test_init_stopped_from_outside_goes_on(dbg, fake, unchanged):
    """It is in no job control: who stops it is the target, and the session would hang."""
    target = fake("reap")
    with unchanged(target):
        session = dbg.start(target.ref, "sh", "-c", "sleep 0.4; exit 3")
        init = session.running()["init"]
        for _ in range(3):
            send(init, signal.SIGSTOP)
            wait_until(lambda: state(init) == "S", what="init to go on")
        assert session.finish(3).code == 3


@falls_without("STOPPED")
def test_init_stopped_again_and_again(dbg, fake, unchanged):
    """The session ends, and says why."""
    target = fake("reap")
    with unchanged(target):
        session = dbg.start(target.ref, P, "sleep", "1000")
        init = session.running()["init"]

        def stop():
            send(init, signal.SIGSTOP)
            return session.popen.poll() is not None
        wait_until(stop, 4, "the end of the session")
        result = session.finish(1)
    assert result.code == 137 and "stopped by the container" in result.err, result


@falls_without("STOPPED")
def test_command_stopped_before_it_is_executed(dbg, test_build, fake, unchanged):
    """It waits for its start, and would wait for ever."""
    target = fake("reap")
    with unchanged(target):
        session = dbg.start(target.ref, P, "exit", "5", barrier="monitor/start")
        session.at_barrier()
        command = session.role("command")
        send(command, signal.SIGSTOP)
        session.release()
        assert session.finish(3).code == 5


def test_init_under_a_tracer(dbg, fake):
    """Who traces it (strace -f of dbgattach) has its end first; the status that comes a moment later is the command's."""
    session = dbg.start(fake("pause").ref, P, "late")
    init = session.running()["init"]
    trace(init)
    session.popen.stdin.close()
    wait_until(lambda: state(init) == "Z", what="init to end", interval=0.0005)
    sleep(0.02)
    os.waitpid(init, 0)
    assert (session.popen.wait(3), session.popen.stdout.read()) == (0, b"late\n")


def test_tracer_that_keeps_init(dbg, fake):
    """Nobody else learns how it ended; that is not waited for without an end."""
    session = dbg.start(fake("pause").ref, P, "late")
    init = session.running()["init"]
    trace(init)
    session.popen.stdin.close()
    assert session.popen.wait(3) == 137
    os.waitpid(init, 0)


def trace(pid):
    PTRACE_SEIZE = 0x4206
    assert libc.ptrace(PTRACE_SEIZE, pid, None, None) == 0


def test_stopped_command_is_told_to_end(dbg, fake, unchanged):
    """SIGTERM reaches it: it is continued, and need not be killed after the time of grace."""
    target = fake("reap")
    with unchanged(target):
        session = dbg.start(target.ref, "sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.1; done")
        session.read_until(b"ready\n")
        freeze(session.roles()["command"])
        send(session.pid, signal.SIGTERM)
        assert session.finish(3).code == 9


# The one exception

def test_init_killed_where_pid_1_reaps(dbg, fake, unchanged):
    target = fake("reap")
    with unchanged(target):
        session = dbg.start(target.ref, *ORPHANS)
        session.read_until(b"ready\n")
        send(session.roles()["init"], signal.SIGKILL)
        assert session.finish(9).code == 137


def test_init_killed_where_pid_1_does_not_reap(dbg, fake):
    """What was init's falls to the target's PID 1: as zombies and nothing more, one for each process of the session."""
    target = fake("pause")
    before = snapshot.take(target)
    session = dbg.start(target.ref, *ORPHANS)
    session.read_until(b"ready\n")
    roles = session.running()
    members = len(target.session_processes())
    send(roles["init"], signal.SIGKILL)
    assert session.finish(9).code == 137

    def zombie(part, key, old, new):
        if part == "keyrings":  # a zombie still holds the session's
            return old is None
        return part in ("processes of the target", "processes of the host") and old is None and new.startswith("Z ")

    def only_zombies():
        left = snapshot.difference(before, snapshot.take(target))
        return left if all(zombie(*one) for one in left) else None
    left = [one for one in wait_until(only_zombies, snapshot.BOUND, "nothing but zombies") if "target" in one[0]]
    assert len(left) == members - 1, snapshot.in_words(left)  # all but init, which is reaped outside
    assert all("parent 1 " in new for _, _, _, new in left)


# SIGKILL of each process at each of its steps

STAGES = [f"{process}/{step}" for process, steps in STEPS.items() for step in steps]
VISIBLE = ("init/wait", "init/command", "init/reap")
LATE = ("monitor/relay", "monitor/end", *VISIBLE)


def start_at(dbg, target, stage):
    if stage == "init/reap":  # an orphan of the session ends and is init's to reap
        session = dbg.start(target.ref, "sh", "-c", "(true &); exec sleep 1000", barrier=stage)
    elif stage == "monitor/end":
        session = dbg.start(target.ref, P, "true", barrier=stage)
    elif stage == "monitor/terminal":
        session = dbg.start("-t", target.ref, P, "sleep", "1000", barrier=stage)
    else:
        session = dbg.start(target.ref, P, "sleep", "1000", barrier=stage)
    return session, session.at_barrier()


def leaves_nothing(dbg, target, stage, victims):
    """Stops at the stage, kills the victims (roles), waits for the end; the exception is the caller's to exclude."""
    with snapshot.unchanged(target):
        session, stopped = start_at(dbg, target, stage)
        roles = {**session.roles(), role_at(stage): stopped}
        for victim in victims:
            if victim in roles:
                send(roles[victim], signal.SIGKILL)
        if "monitor" not in victims:
            send(roles["monitor"], signal.SIGCONT)
        result = session.finish(9)
    return roles, result


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "init/reap"])
def test_kill_the_one_that_stands_at_a_stage(dbg, test_build, fake, stage):
    role = role_at(stage)
    _, result = leaves_nothing(dbg, fake("pause"), stage, [role])
    assert result.code == 137 if role == "monitor" else result.code in (125, 137), result


@pytest.mark.parametrize("stage", LATE)
def test_kill_the_one_that_stands_at_a_stage_where_pid_1_reaps(dbg, test_build, fake, stage):
    _, result = leaves_nothing(dbg, fake("reap"), stage, [role_at(stage)])
    assert result.code in (0 if stage == "monitor/end" else 137, 137), result


# A guardian that is stopped while the monitor is killed is the case of both killed.
OTHERS = [stage for stage in STAGES if not stage.startswith(("monitor/", "guardian/"))]


@pytest.mark.parametrize("stage", OTHERS)
def test_kill_monitor_while_another_stands_at_a_stage(dbg, test_build, fake, stage):
    _, result = leaves_nothing(dbg, fake("pause"), stage, ["monitor"])
    assert result.code == 137, result


@pytest.mark.parametrize("stage", sorted({*OTHERS[::3], *VISIBLE}))
def test_kill_guardian_while_another_stands_at_a_stage(dbg, test_build, fake, stage):
    _, result = leaves_nothing(dbg, fake("pause"), stage, ["guardian"])
    assert result.code in (125, 137), result


@pytest.mark.parametrize("stage", ["monitor/init", "monitor/verify", "monitor/start", "monitor/relay"])
@pytest.mark.parametrize("victim, pid_1", [("guardian", "pause"), ("guardian", "reap"), ("init", "reap")])
def test_kill_another_while_the_monitor_stands_at_a_stage(dbg, test_build, fake, stage, victim, pid_1):
    _, result = leaves_nothing(dbg, fake(pid_1), stage, [victim])
    assert result.code in (125, 137), result


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage not in ("monitor/resolve", "monitor/end")])
def test_target_ends_at_a_stage(dbg, test_build, fake, stage):
    """Gone, in so many words, or 137 where the command could have run; never a message about memory."""
    target = fake("pause")
    with snapshot.unchanged():
        session, stopped = start_at(dbg, target, stage)
        target.kill(wait=False)
        send(stopped, signal.SIGCONT)
        result = session.finish(9)
        wait_until(lambda: not target.alive(), what="the target to die")
    assert result.code in (125, 137), result
    assert "memory" not in result.err.lower(), result.err
    if result.code == 125:
        result.failed("gone")


@pytest.mark.parametrize("stage", ["entry/keyring", "entry/view", "entry/seccomp", "launcher/clone", "init/wait", "init/reap"])
def test_terminated_while_another_stands_at_a_stage(dbg, test_build, fake, stage, unchanged):
    """SIGTERM ends a session of which one process does not come on."""
    target = fake("reap")
    with unchanged(target, within=10):
        session, stopped = start_at(dbg, target, stage)
        send(session.pid, signal.SIGTERM)
        assert session.finish(15).code in (137, 143)
    assert state(stopped) in (None, "Z")
