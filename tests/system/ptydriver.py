# SPDX-License-Identifier: Apache-2.0
"""A real terminal: a program runs on it as the foreground job of a session leader, as under a shell."""
import fcntl
import os
import re
import select
import signal
import socket
import struct
import subprocess
import termios
import time

import processes
from processes import Late, patience, wait_until
from program import REFUSED, Program, Session


class Terminal:
    def __init__(self, command, leader, env, rows=24, columns=80, barrier=None, modes=None):
        """leader: the payload, whose `leader` command leads the terminal's session."""
        self.master, slave = os.openpty()
        self.resize(rows, columns)
        if modes:  # the local modes as a caller could have set them
            changed = termios.tcgetattr(slave)
            changed[3] = modes(changed)
            termios.tcsetattr(slave, termios.TCSANOW, changed)
        self.before = termios.tcgetattr(self.master)
        self.seen = b""
        # The leader reports on a socket and waits for its end; it is told its number.
        self.report, theirs = socket.socketpair()
        self.leader = subprocess.Popen([leader, "leader", str(theirs.fileno()), *command], stdin=slave, stdout=slave,
                                       stderr=slave, env=env, pass_fds=(theirs.fileno(),), start_new_session=True)
        Program.known.add(self.leader.pid)
        os.close(slave)
        theirs.close()
        self.reports = b""
        self.pid = int(self._report("pid"))
        self.session = Session(self.leader, barrier, pid=self.pid)

    def _report(self, word, timeout=None):
        pattern = re.compile(rb"^" + word.encode() + rb" (\d+)\n", re.M)
        timeout = timeout or patience()
        deadline = time.monotonic() + timeout
        while not (match := pattern.search(self.reports)):
            self._pump(0.02, also=self.report)
            if time.monotonic() > deadline:
                raise Late(f"no {word!r} from the session leader within {timeout} s; seen {self.seen[-500:]!r}")
        return match.group(1)

    def _pump(self, timeout, also=None):
        """Takes in what there is; a terminal that nobody reads blocks those who write."""
        watched = [fd for fd in (self.master, also) if fd is not None]
        for fd in select.select(watched, [], [], timeout)[0]:
            if fd is also:
                data = also.recv(4096)
                if not data:
                    raise Late("the session leader is gone")
                self.reports += data
            else:
                try:
                    self.seen += os.read(self.master, 65536)
                except OSError:  # EIO: all slaves are closed
                    time.sleep(timeout)

    # keys and screen

    def send(self, keys):
        os.write(self.master, keys if isinstance(keys, bytes) else keys.encode())

    def expect(self, pattern, timeout=None):
        """Waits for a regular expression in what was not yet looked at; what came before and it are used up."""
        compiled = re.compile(pattern if isinstance(pattern, bytes) else pattern.encode(), re.S)
        timeout = timeout or patience()
        deadline = time.monotonic() + timeout
        while not (match := compiled.search(self.seen)):
            if time.monotonic() > deadline:
                raise Late(f"{pattern!r} did not come within {timeout} s, but {self.seen[-1500:]!r}")
            self._pump(0.05)
        self.seen = self.seen[match.end():]
        return match

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    # its settings

    def modes(self):
        return termios.tcgetattr(self.master)

    def is_raw(self):
        return not self.modes()[3] & (termios.ICANON | termios.ECHO)

    def restored(self, timeout=None):
        """Waits until the settings are what they were."""
        try:
            wait_until(lambda: self.modes() == self.before, timeout, "the terminal's own settings")
        except Late as late:
            raise Late(f"{late}\n before {self.before[:6]}\n now    {self.modes()[:6]}") from None

    # its end

    def wait(self, timeout=None):
        """The program's exit status, 128+N for a signal."""
        timeout = timeout or patience()
        deadline = time.monotonic() + timeout
        pattern = re.compile(rb"^(exit|signal) (\d+)\n", re.M)
        while not (match := pattern.search(self.reports)):
            if time.monotonic() > deadline:
                raise Late(f"no end within {timeout} s; {self.session.picture()}; seen {self.seen[-1000:]!r}")
            self._pump(0.02, also=self.report)
        while select.select([self.master], [], [], 0)[0]:
            before = len(self.seen)
            self._pump(0)
            if len(self.seen) == before:
                break
        return int(match.group(2)) + (128 if match.group(1) == b"signal" else 0)

    def refused(self):
        """As Session.refused: it ended with a failure of its own."""
        while self.report.fileno() >= 0 and select.select([self.report], [], [], 0)[0] and (data := self.report.recv(4096)):
            self.reports += data
        return b"exit %d\n" % REFUSED in self.reports

    def hang_up(self):
        """What a lost connection does: the terminal's other side is gone."""
        if self.master is not None:
            os.close(self.master)
            self.master = None

    def close(self):
        self.report.close()
        if self.pid in processes.children(self.leader.pid):  # else the pid may be another's by now
            processes.send(self.pid, signal.SIGKILL)
        self.hang_up()
        processes.end(self.leader)
        Program.known.discard(self.leader.pid)
