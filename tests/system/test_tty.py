# SPDX-License-Identifier: Apache-2.0
"""The session's terminal, and the caller's, which must come back as it was."""
import json
import os
import signal
import struct
import termios
import time
from fcntl import ioctl

import pytest

from processes import send, state, wait_until

P = "/payload"


def at_prompt(tty):
    """A shell that answers (the word it prints is not the word that was typed) and reads keys again."""
    tty.send("echo pro''mpt\r")
    tty.expect(r"\r\nprompt\r\n.*\(general")
    return tty


def test_it_is_a_terminal_inside(terminal, target):
    tty = at_prompt(terminal(target.ref))
    tty.send("tty\r")
    tty.expect(r"/dev/pts/0\r\n")
    tty.send("ls -l /dev/pts/0 >/dev/null && echo th''ere; stty -a | head -1\r")
    tty.expect(r"there\r\n")
    tty.expect(r"24 rows|rows 24")
    tty.send("exit 3\r")
    assert tty.wait() == 3


def test_session_and_foreground_group(terminal, target):
    """The command leads its foreground group on a terminal that controls its session."""
    tty = terminal(target.ref, P, "show")
    text = tty.expect(r"\{.*\"end\": 1\r\n\}").group().decode().replace("\r", "")
    seen = json.loads(text)
    assert seen["tty0"] == seen["tty1"] == seen["tty2"] == 1
    assert seen["foreground"] == seen["pgid"] != 0 and seen["sid"] != 0
    assert {seen["fds"][fd] for fd in ("0", "1", "2")} <= {"/dev/pts/0"} and len(seen["fds"]) == 3
    assert tty.wait() == 0


@pytest.mark.parametrize("rows, columns", [(24, 80), (51, 143), (1, 1), (500, 500)])
def test_size_before_the_first_byte(terminal, target, rows, columns):
    tty = terminal(target.ref, P, "winsize", rows=rows, columns=columns)
    tty.expect(rf"^size {rows} {columns}\r\n")
    assert tty.wait() == 0


@pytest.mark.falls_without("RESIZE")
def test_resize(terminal, target):
    tty = terminal(target.ref, P, "winch")
    tty.expect(r"size 24 80\r\n")
    for rows, columns in ((30, 100), (10, 20), (60, 200)):
        tty.resize(rows, columns)
        tty.expect(rf"size {rows} {columns}\r\n", timeout=3)
    tty.send(b"\x03")
    assert tty.wait() == 130


def test_resize_storm(terminal, target):
    """The last size wins."""
    tty = terminal(target.ref, P, "winch")
    tty.expect(r"size 24 80\r\n")
    for i in range(2000):
        tty.resize(10 + i % 50, 40 + i % 90)
    tty.resize(33, 99)
    tty.expect(r"size 33 99\r\n")


WAYS_OUT = {
    "exit": (lambda tty: tty.send("exit 0\r"), 0),
    "^D": (lambda tty: tty.send(b"\x04"), 0),
    "SIGTERM": (lambda tty: send(tty.pid, signal.SIGTERM), None),
    "SIGHUP": (lambda tty: send(tty.pid, signal.SIGHUP), None),
    "SIGKILL": (lambda tty: send(tty.pid, signal.SIGKILL), 137),
    "a crash": (lambda tty: send(tty.pid, signal.SIGSEGV), 139),
    "abort": (lambda tty: send(tty.pid, signal.SIGABRT), 134),
    "init killed": (lambda tty: send(tty.session.roles()["init"], signal.SIGKILL), 137),
    "guardian killed": (lambda tty: send(tty.session.roles()["guardian"], signal.SIGKILL), 137),
}
PROTECTED_BY = {"exit": "RAW_RESTORE", "SIGTERM": "RAW_RESTORE", "SIGKILL": "GUARDIAN"}


@pytest.mark.parametrize("way", [pytest.param(way, marks=pytest.mark.falls_without(PROTECTED_BY[way])
                                              if way in PROTECTED_BY else ()) for way in WAYS_OUT])
def test_modes_come_back(terminal, fake, unchanged, way):
    """Raw while the session runs, as it was after every way out."""
    act, code = WAYS_OUT[way]
    target = fake("reap")
    with unchanged(target):
        tty = terminal(target.ref)
        at_prompt(tty)
        assert tty.is_raw()
        act(tty)
        status = tty.wait(9)
        tty.restored(8)
        tty.close()
    assert code is None or status == code, f"status {status}"


def test_modes_come_back_after_a_failure(terminal):
    tty = terminal("no-such-container")
    assert tty.wait() == 125
    tty.restored()


def test_odd_modes_come_back(terminal, target):
    """What the caller had is what comes back, not a sane default."""
    tty = terminal(target.ref, P, "winch", modes=lambda modes: modes[3] & ~termios.ECHOE | termios.ECHOPRT)
    tty.expect("size")
    tty.send(b"\x03")
    assert tty.wait() == 130
    tty.restored()


def test_suspended_and_continued(terminal, target):
    """SIGTSTP from outside gives the terminal back; SIGCONT takes it again."""
    tty = at_prompt(terminal(target.ref))
    send(tty.pid, signal.SIGTSTP)
    wait_until(lambda: state(tty.pid) == "T", what="dbgattach to stop")
    tty.restored()
    send(tty.pid, signal.SIGCONT)
    wait_until(tty.is_raw, what="raw mode again")
    at_prompt(tty)
    tty.send("exit\r")
    assert tty.wait() == 0
    tty.restored()


def test_interrupt_goes_to_the_foreground_job(terminal, target):
    """The shell stays; dbgattach does too."""
    tty = at_prompt(terminal(target.ref))
    tty.send("sleep 100; echo st''atus $?\r")
    time.sleep(0.2)
    tty.send(b"\x03")
    tty.send("echo al''ive\r")
    tty.expect(r"alive\r\n")
    tty.send("exit 2\r")
    assert tty.wait() == 2


@pytest.mark.parametrize("key, name", [(b"\x03", "SIGINT"), (b"\x1c", "SIGQUIT"), (b"\x1a", "SIGTSTP")])
def test_keys_are_signals_inside(terminal, target, key, name):
    tty = terminal(target.ref, P, "signals", name)
    tty.expect(r"ready\r\n")
    tty.send(key)
    tty.expect(name)
    assert tty.wait() == 0


def test_end_of_input_key(terminal, target):
    tty = terminal(target.ref, P, "late")
    wait_until(tty.is_raw, what="raw mode")
    tty.send("words\r\x04")
    tty.expect(r"words\r\nlate\r\n")
    assert tty.wait() == 0


def test_terminal_without_a_terminal(dbg, target):
    """-t: 80x24, stdin as given."""
    result = dbg.run("-t", target.ref, "sh", "-c", "tty; stty size", input=None).succeeded()
    assert result.out.replace(b"\r", b"") == b"/dev/pts/0\n24 80\n"


def test_terminal_without_a_terminal_takes_stdin(dbg, target):
    result = dbg.run("-it", target.ref, "sh", "-c", "read word; echo got $word", input=b"hello\n").succeeded()
    assert b"got hello" in result.out


def test_no_terminal_on_a_terminal(terminal, target):
    """-T: pipes."""
    tty = terminal("-T", target.ref, "sh", "-c", "tty; echo en''d")
    tty.expect(r"not a tty.*end")
    assert tty.wait() in (0, 1)


def test_hang_up(terminal, target, unchanged):
    """The outer terminal goes away: nothing stays."""
    with unchanged(target):
        tty = terminal(target.ref, "sh", "-c", "trap '' HUP; setsid sleep 1000 & sleep 1000")
        tty.session.running()
        tty.hang_up()
        wait_until(lambda: state(tty.pid) in (None, "Z"), 8, "dbgattach to end")
        tty.close()


@pytest.mark.parametrize("word", ["fg", "wait"])
def test_background_job(terminal, target, dbg, word):
    """dbgattach ... & in a shell stops or runs, but does not hang and does not touch the terminal."""
    tty = terminal(program=("/bin/bash", "--norc", "--noprofile", "-i"))
    tty.send("PS1=pro; PS1=${PS1}mpt:\r")
    tty.expect("prompt:")
    tty.send(f"{dbg.path()} {target.ref} {P} exit 4 & sleep 0.3\r")
    tty.expect("prompt:")
    if word == "fg":
        tty.send("fg; echo st''atus=$?\r")
        tty.expect(r"status=4\r\n")
    else:
        tty.send("kill %1; kill -CONT %1; wait; echo do''ne\r")
        tty.expect(r"done\r\n")
    tty.send("stty -a\r")
    tty.expect(r" icanon .* echo ")
    tty.send("exit\r")
    tty.wait()


ORPHANED = '(while kill -0 $$ 2>/dev/null; do sleep 0.01; done; "$@"; echo st""atus=$?) & exit'  # with bash -m, a group of its own


def test_background_group_that_nobody_can_bring_forward(terminal, target, dbg, unchanged):
    """Its shell is gone: SIGTTOU does not stop it, and to wait for the terminal would be to wait for ever."""
    with unchanged(target):
        tty = terminal(program=("/bin/bash", "-mc", ORPHANED, "bash", dbg.path(), target.ref, P, "exit", "4"))
        told = tty.expect(r"status=(\d+)\r\n", timeout=5)
        assert told[1] == b"125", told.string
        lines = told.string[:told.start()].decode().splitlines()
        assert len(lines) == 1 and lines[0].startswith("dbgattach: refused: in the background of a terminal"), lines
        tty.restored()
        tty.close()


def test_background_job_with_its_own_stdin(terminal, target, dbg):
    """Nothing to do with the terminal's input: it just runs."""
    tty = terminal(program=("/bin/bash", "--norc", "--noprofile", "-i"))
    tty.send(f"{dbg.path()} -T {target.ref} {P} exit 4 </dev/null & wait $!; echo st''atus=$?\r")
    tty.expect(r"status=4\r\n")
    tty.send("exit\r")
    tty.wait()


def test_output_is_exact(terminal, target):
    """A million bytes through the terminal: nothing lost, nothing doubled."""
    tty = terminal(target.ref, "sh", "-c", "stty -opost; seq 100000; echo en''d")
    text = tty.expect(r"\nend\n").string
    start = text.index(b"1\n2\n3\n")
    assert text[start:text.index(b"end\n")] == b"".join(b"%d\n" % i for i in range(1, 100001))


def test_held_terminal_does_not_hold_the_session(terminal, target):
    begin = time.monotonic()
    tty = terminal(target.ref, P, "hold", "flood")
    assert tty.wait() == 7
    assert time.monotonic() - begin < 4
    tty.restored()


def test_devpts_is_the_sessions_own(dbg, target):
    """The target cannot open it, and the host's has no new entry."""
    before = set(os.listdir("/dev/pts"))
    session = dbg.start("-t", target.ref, "sh", "-c", "ls /dev/pts; sleep 60")
    session.running()
    assert b"0" in session.read_until(b"ptmx")
    assert not [name for name in os.listdir("/dev/pts") if name not in before]


def test_injection_into_the_callers_terminal(terminal, target):
    """TIOCSTI, whoever tries: nothing arrives in the caller's input."""
    tty = terminal(target.ref, "/trysyscall", "tiocsti", "tiocsti+high", "tioclinux")
    tty.expect(r"tiocsti EPERM\r\ntiocsti\+high EPERM\r\ntioclinux EPERM")
    assert tty.wait() == 0
    waiting = struct.unpack("i", ioctl(tty.master, termios.FIONREAD, b"\0" * 4))[0]
    assert waiting == 0
