# SPDX-License-Identifier: Apache-2.0
"""Many at once: 200 sessions that begin, live and end together, in one container and in fifty; and a host that has no time."""
import contextlib
import os

import pytest

import processes
from targets import unique

SESSIONS, CONTAINERS = 200, 50
# Tells that it is there, waits until all others are, and says and returns what it is told.
COMMAND = 'echo ready; read -r number; echo "mine is $number"; exit "$number"'
SLICE_US, PERIOD_US = 5_000, 1_000_000  # of a processor's time: an attach takes longer than entering may then


def held_back(gate):
    """A prefix with which a command begins only when somebody opens the FIFO for writing."""
    return ("sh", "-c", ': <"$0"; exec "$@"', gate)


def all_at_once(dbg, targets, gate):
    os.mkfifo(gate)
    sessions = [dbg.start(targets[number % len(targets)].ref, "sh", "-c", COMMAND, prefix=held_back(gate))
                for number in range(SESSIONS)]
    with open(gate, "wb"):
        for session in sessions:
            session.read_until(b"ready\n", 60)
    for number, session in enumerate(sessions):
        session.popen.stdin.write(b"%d\n" % (number % 100))
        session.popen.stdin.flush()
    for number, session in enumerate(sessions):
        result = session.finish(60)
        assert (result.code, result.text, result.err) == (number % 100, f"mine is {number % 100}\n", "")


def test_two_hundred_in_one_container(dbg, once, runc, unchanged, tmp_path):
    target = once(runc)
    with unchanged(target):
        all_at_once(dbg, [target], tmp_path / "gate")


def test_two_hundred_over_fifty_containers(dbg, once, runc, unchanged, tmp_path):
    targets = [once(runc) for _ in range(CONTAINERS)]
    with contextlib.ExitStack() as stack:
        for target in targets[::10]:
            stack.enter_context(unchanged(target))
        all_at_once(dbg, targets, tmp_path / "gate")


@pytest.fixture
def starved():
    """A prefix with which a command has next to no time on a processor."""
    root = "/sys/fs/cgroup/cpu"
    if not os.path.isdir(root):
        root = "/sys/fs/cgroup"
        if "cpu" not in processes.read(f"{root}/cgroup.subtree_control").split():
            pytest.skip("no cpu controller that could be used")
    folder = f"{root}/{unique('starved')}"
    os.mkdir(folder)
    limits = {"cpu.cfs_period_us": PERIOD_US, "cpu.cfs_quota_us": SLICE_US} if root.endswith("/cpu") else {
        "cpu.max": f"{SLICE_US} {PERIOD_US}"}
    for name, value in limits.items():
        with open(f"{folder}/{name}", "w") as file:
            file.write(str(value))
    yield ("sh", "-c", f'echo $$ >{folder}/cgroup.procs; exec "$@"', "sh")

    def removed():
        with contextlib.suppress(OSError):
            os.rmdir(folder)
        return not os.path.exists(folder)
    processes.wait_until(removed, what=f"{folder} to be empty")


def test_a_busy_host_is_waited_for(dbg, target, starved, unchanged):
    """Whoever waits for a processor does not hang: that is no reason to give an attach up."""
    with unchanged(target):
        sessions = [dbg.start(*options, target.ref, "/payload", "true", prefix=starved)
                    for options in ((), ("-u", "app")) * 4]
        for session in sessions:
            session.finish(60).succeeded()
