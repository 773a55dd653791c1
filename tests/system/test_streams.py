# SPDX-License-Identifier: Apache-2.0
"""Without a terminal: stdin, stdout and stderr are separate, exact, and never fill memory."""
import fcntl
import hashlib
import itertools
import os
import select
import socket
import stat
import threading
import time

import pytest

from processes import patience, peak_kib, readlink, resident_kib, wait_until

P = "/payload"
MIB = 1 << 20
BULK = 256 * MIB
RSS_LIMIT = 8 * 1024  # KiB, the bound on what may be buffered


class Feeder(threading.Thread):
    """Writes so many random bytes to a pipe and closes it; keeps their sha256."""

    def __init__(self, pipe, size):
        super().__init__(daemon=True)
        self.pipe, self.left, self.sha = pipe, size, hashlib.sha256()
        self.start()

    def run(self):
        block = bytearray(os.urandom(MIB))
        try:
            for number in itertools.count():
                if self.left <= 0:
                    break
                block[:8] = number.to_bytes(8, "little")
                part = block[:min(self.left, MIB)]
                self.sha.update(part)
                self.pipe.write(part)
                self.left -= len(part)
            self.pipe.close()
        except BrokenPipeError:
            pass


def digest(pipe):
    sha, size = hashlib.sha256(), 0
    while data := pipe.read1(MIB):
        sha.update(data)
        size += len(data)
    return sha.hexdigest(), size


def test_random_bytes_in(dbg, target):
    session = dbg.start(target.ref, P, "sha256")
    feeder = Feeder(session.popen.stdin, BULK)
    out = session.popen.stdout.read().decode().split()
    feeder.join()
    assert out == [feeder.sha.hexdigest(), str(BULK)]
    assert session.popen.wait(patience()) == 0


def test_random_bytes_in_and_out(dbg, target):
    session = dbg.start(target.ref, P, "cat")
    feeder = Feeder(session.popen.stdin, BULK)
    out = digest(session.popen.stdout)
    feeder.join()
    assert out == (feeder.sha.hexdigest(), BULK)
    assert session.popen.wait(patience()) == 0


def test_stdout_and_stderr_are_separate(dbg, target):
    result = dbg.run("-c", "echo out; echo err >&2; echo out2", target.ref).succeeded()
    assert (result.out, result.err) == (b"out\nout2\n", "err\n")


def test_every_byte(dbg, target):
    data = bytes(range(256)) * 300
    assert dbg.run(target.ref, P, "cat", input=data).succeeded().out == data


def test_flood_on_stderr(dbg, target):
    result = dbg.run(target.ref, P, "flood", str(3 * MIB), "2").succeeded()
    assert len(result.err) == 3 * MIB and result.out == b""


@pytest.mark.falls_without("HALF_CLOSE")
def test_half_close(dbg, target):
    """The end of stdin is passed on, and what comes after it is not lost."""
    assert dbg.run(target.ref, P, "late", input=b"a", timeout=5).succeeded().out == b"alate\n"


def test_command_closes_stdin_first(dbg, target):
    """Who writes to a command that does not read gets EPIPE or nothing, never a hang."""
    session = dbg.start(target.ref, "sh", "-c", "exec <&-; echo closed; sleep 0.2")
    feeder = Feeder(session.popen.stdin, 4 * MIB)
    assert session.popen.stdout.read() == b"closed\n"
    assert session.popen.wait(patience()) == 0
    feeder.join(5)


def test_command_closes_stdout_first(dbg, target):
    """stdin and stderr go on."""
    session = dbg.start(target.ref, "sh", "-c", "echo one; exec >&-; read word; echo $word >&2; exit 5")
    session.read_until(b"one\n")
    result = session.finish(input=b"two\n")
    assert (result.code, result.out, result.err) == (5, b"", "two\n")


def test_slow_reader_slows_the_command_down(dbg, target):
    """Nothing grows: neither dbgattach nor what lies in between; and nothing is lost."""
    session = dbg.start(target.ref, P, "flood", str(64 * MIB))
    session.running()
    seen = peak = 0
    for _ in range(20):
        seen += len(os.read(session.popen.stdout.fileno(), 4096))
        time.sleep(0.01)
        peak = max(peak, resident_kib(session.pid))
    assert peak < RSS_LIMIT, f"{peak} KiB resident"
    assert session.popen.poll() is None
    rest = digest(session.popen.stdout)[1]
    assert seen + rest == 64 * MIB
    assert session.popen.wait(patience()) == 0


def test_monitor_is_small(dbg, target):
    """Under 4 MiB resident, also with much traffic."""
    session = dbg.start(target.ref, P, "flood")
    session.running()
    for _ in range(200):
        session.popen.stdout.read1(MIB)
    assert peak_kib(session.pid) < 4096, f"{peak_kib(session.pid)} KiB"


@pytest.mark.falls_without("DRAIN")
def test_what_was_written_is_read(dbg, target):
    """A command that ends with full pipes loses nothing of what it wrote."""
    size = 100 * 1024  # more than one pipe holds, less than the pipes on the way do
    session = dbg.start(target.ref, P, "flood", str(size))
    time.sleep(0.3)
    out, _ = session.popen.communicate(timeout=patience())
    assert len(out) == size and session.popen.returncode == 0


def test_held_stdout_does_not_hold_the_session(dbg, target, unchanged):
    """Somebody else keeps the pipe open: the session ends with its leader, not with the pipe."""
    with unchanged(target):
        result = dbg.run(target.ref, P, "hold")
    assert (result.code, result.out) == (7, b"held\n") and result.seconds < 3, result


def test_flooded_after_the_end(dbg, target):
    result = dbg.run(target.ref, P, "hold", "flood")
    assert result.code == 7 and result.seconds < 3


def test_reader_is_gone(dbg, target, unchanged):
    """dbgattach ... | head -1: the session ends, as ssh's would."""
    with unchanged(target):
        session = dbg.start(target.ref, P, "flood")
        session.popen.stdout.read(1)
        session.popen.stdout.close()
        assert session.popen.wait(patience()) in (1, 141, -13)


def test_no_deadlock_with_both_directions_full(dbg, target):
    """10 MiB each way, and nobody reads before all is written."""
    session = dbg.start(target.ref, P, "cat")
    feeder = Feeder(session.popen.stdin, 10 * MIB)
    time.sleep(0.2)
    assert digest(session.popen.stdout) == (feeder.sha.hexdigest(), 10 * MIB)
    assert session.popen.wait(patience()) == 0


def test_stdin_is_served_while_stdout_is_full(dbg, target):
    """A stuck stdout must not keep the stdin from its reader."""
    script = f"{P} flood 1000000 & head -c 5 >&2; wait"
    session = dbg.start(target.ref, "sh", "-c", script)
    time.sleep(0.2)
    session.popen.stdin.write(b"hello")
    session.popen.stdin.flush()
    ready, _, _ = select.select([session.popen.stderr], [], [], 5)
    assert ready and session.popen.stderr.read1(100) == b"hello"
    session.popen.stdin.close()
    assert digest(session.popen.stdout)[1] == 1000000


def test_stdin_dev_null(dbg, target):
    assert dbg.run(target.ref, P, "cat", input=None).succeeded().out == b""


CLOSED = [subset for n in (1, 2, 3) for subset in itertools.combinations((0, 1, 2), n)]


def closing(descriptors):
    def close():
        for fd in descriptors:
            os.close(fd)
    return close


@pytest.mark.parametrize("closed", CLOSED, ids=lambda c: "".join(map(str, c)))
def test_started_with_closed_descriptors(dbg, target, closed):
    """Works, and nothing of the host takes the place of a closed descriptor."""
    session = dbg.start(target.ref, P, "exit", "6", preexec_fn=closing(closed))
    assert session.finish().code == 6


@pytest.mark.falls_without("STDIO_OPEN")
def test_no_host_object_takes_the_place_of_a_closed_descriptor(dbg, test_build, target):
    """What the monitor opens must not become what it prints to."""
    session = dbg.start(target.ref, P, "sleep", "60", preexec_fn=closing((0, 1, 2)), barrier="monitor/channels")
    pid = session.at_barrier()
    assert [readlink(f"/proc/{pid}/fd/{fd}") for fd in range(3)] == ["/dev/null"] * 3


@pytest.mark.parametrize("closed", CLOSED, ids=str)
def test_session_behind_closed_descriptors(dbg, target, closed):
    """Every descriptor of the session is a pipe, whichever the caller had closed."""
    session = dbg.start(target.ref, P, "sleep", "60", preexec_fn=closing(closed))
    command = session.running()["command"]
    links = {fd: readlink(f"/proc/{command}/fd/{fd}") for fd in sorted(os.listdir(f"/proc/{command}/fd"))}
    assert set(links) == {"0", "1", "2"}, links
    assert all(link.startswith("pipe:") for link in links.values()), links


def test_host_files_are_never_the_sessions_stdio(dbg, target, tmp_path):
    """A file opened to be read could be opened again to be written, through /proc/PID/fd."""
    source, sink = tmp_path / "in", tmp_path / "out"
    source.write_bytes(b"host file\n")
    with open(source, "rb") as stdin, open(sink, "wb") as stdout:
        session = dbg.start(target.ref, "sh", "-c", "cat; sleep 60", stdin=stdin, stdout=stdout, stderr=stdout)
        roles = session.running()
        wait_until(lambda: sink.read_bytes() == b"host file\n", what="the output")
        for role in ("init", "command"):
            for fd in os.listdir(f"/proc/{roles[role]}/fd"):
                path = f"/proc/{roles[role]}/fd/{fd}"
                assert stat.S_ISFIFO(os.stat(path).st_mode), (role, fd, readlink(path))
    assert source.read_bytes() == b"host file\n"


@pytest.mark.parametrize("kind", ["socket", "file", "pipe"])
def test_kinds_of_stdin(dbg, target, tmp_path, kind):
    if kind == "socket":
        ours, theirs = socket.socketpair()
        ours.sendall(b"words")
        ours.shutdown(socket.SHUT_WR)
        result = dbg.start(target.ref, P, "cat", stdin=theirs).finish()
        ours.close()
        theirs.close()
    elif kind == "file":
        (tmp_path / "in").write_bytes(b"words")
        with open(tmp_path / "in", "rb") as file:
            result = dbg.start(target.ref, P, "cat", stdin=file).finish()
    else:
        result = dbg.run(target.ref, P, "cat", input=b"words")
    assert result.succeeded().out == b"words"


def test_callers_descriptors_keep_their_flags(dbg, target):
    """O_NONBLOCK on a shared description would break the shell that started us."""
    read_end, write_end = os.pipe()
    before = [fcntl.fcntl(fd, fcntl.F_GETFL) for fd in (read_end, write_end)]
    session = dbg.start(target.ref, P, "sleep", "60", stdin=read_end, stdout=write_end)
    session.running()
    assert [fcntl.fcntl(fd, fcntl.F_GETFL) for fd in (read_end, write_end)] == before
    session.popen.terminate()
    session.popen.wait(patience())
    assert [fcntl.fcntl(fd, fcntl.F_GETFL) for fd in (read_end, write_end)] == before
    os.close(read_end)
    os.close(write_end)
