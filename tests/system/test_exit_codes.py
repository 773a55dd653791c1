# SPDX-License-Identifier: Apache-2.0
"""Exit codes, as docker's and timeout's users expect them."""
import signal
import time

import pytest

from processes import send, wait_until

P = "/payload"
CODES = {
    "0": ((P, "true"), 0), "1": ((P, "exit", "1"), 1), "42": ((P, "exit", "42"), 42), "255": ((P, "exit", "255"), 255),
    "its own 125": ((P, "exit", "125"), 125), "KILL": ((P, "kill", "9"), 137), "TERM": ((P, "kill", "15"), 143),
    "SEGV": ((P, "kill", "11"), 139), "PIPE": ((P, "kill", "13"), 141), "USR1": ((P, "kill", "10"), 138),
    "shell": (("sh", "-c", "exit 7"), 7),
}


@pytest.mark.parametrize("case", CODES)
def test_of_the_command(dbg, target, case):
    command, code = CODES[case]
    result = dbg.run(target.ref, *command)
    assert (result.code, result.out, result.err) == (code, b"", "")


NOT_RUN = {
    "no such file": ("/nowhere/prog", 127), "not in PATH": ("no-such-program", 127), "below a file": ("/data/file/x", 127),
    "a directory": ("/data", 126), "not executable": ("/data/file", 126), "no format": ("/odd", 126),
    "empty name": ("", 127),
}


@pytest.mark.parametrize("case", NOT_RUN)
def test_of_a_command_that_cannot_run(dbg, fake, tree, case):
    command, code = NOT_RUN[case]
    target = fake(tree=tree({"odd": b"\x01\x02\x03 nothing that can be run\n" * 9}, modes={"odd": 0o755}))
    dbg.run(target.ref, command).failed(code=code)


def test_command_string(dbg, target):
    assert dbg.run("-c", "exit 9", target.ref).code == 9
    assert dbg.run("-c", "echo $((6*7)); echo err >&2", target.ref).succeeded().out == b"42\n"


def test_login_shell_reads_a_script(dbg, target):
    result = dbg.run(target.ref, input=b"echo one\nexit 3\n")
    assert (result.code, result.out) == (3, b"one\n")


def test_arguments_of_the_command_are_its_own(dbg, target):
    words = ["-u", "--write", "--", "", "a b", "*", "--help", "-x=\n", "é"]
    wanted = "".join(f"[{word}]\n" for word in words).encode()
    assert dbg.run(target.ref, P, "args", *words).succeeded().out == wanted
    assert dbg.run(target.ref, "--", P, "args", *words).succeeded().out == wanted
    assert dbg.run("attach", target.ref, "--", P, "args", *words).succeeded().out == wanted


@pytest.mark.parametrize("flag", ["-i", "-T", "-q", "--rm", "-iT"])
def test_flags_for_the_fingers(dbg, target, flag):
    assert dbg.run(flag, target.ref, P, "exit", "4").code == 4


@pytest.mark.parametrize("command, limit", [("sleep", 3), ("stubborn", 9)])
def test_timeout(dbg, target, unchanged, command, limit):
    """124, as timeout(1); who ignores TERM has 5 s more."""
    with unchanged(target):
        result = dbg.run("--timeout", "1s", target.ref, P, command, "60")
    assert result.code == 124 and 0.9 < result.seconds < limit, result


def test_within_the_timeout(dbg, target):
    assert dbg.run("--timeout", "10m", target.ref, P, "exit", "5").code == 5


@pytest.mark.parametrize("value", ["", "0", "-1s", "1x", "s", "99999999999999999999s", "1 s", "nan"])
def test_nonsense_timeout(dbg, target, value):
    dbg.run("--timeout", value, target.ref, P, "true").failed("usage")


def test_target_ends(dbg, target, unchanged):
    """137, and a word about why."""
    with unchanged():
        session = dbg.start(target.ref, P, "sleep", "60")
        session.running()
        target.kill()
        result = session.finish(8)
    assert result.code == 137
    assert result.out == b""


def test_session_is_killed(dbg, target):
    session = dbg.start(target.ref, P, "sleep", "60")
    send(session.running()["command"], signal.SIGKILL)
    assert session.finish().code == 137


SIGNALS = ["SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"]


@pytest.mark.parametrize("name", SIGNALS)
def test_signal_goes_to_the_command(dbg, target, name):
    session = dbg.start(target.ref, P, "signals", name)
    session.read_until(b"ready\n")
    send(session.pid, getattr(signal, name))
    session.read_until(name.encode() + b"\n")
    assert session.finish().code == 0


@pytest.mark.parametrize("name", SIGNALS)
def test_signal_ends_the_command(dbg, target, name):
    session = dbg.start(target.ref, P, "sleep", "60")
    session.running()
    send(session.pid, getattr(signal, name))
    assert session.finish().code == 128 + getattr(signal, name)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_stubborn_command_has_five_seconds(dbg, target, name):
    session = dbg.start(target.ref, P, "stubborn")
    session.read_until(b"ready\n")
    begin = time.monotonic()
    send(session.pid, getattr(signal, name))
    assert session.finish(9).code == 137
    assert 4 < time.monotonic() - begin < 8
    wait_until(lambda: not target.session_processes(), what="the session to be gone")
