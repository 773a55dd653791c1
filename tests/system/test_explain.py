# SPDX-License-Identifier: Apache-2.0
"""--explain prints the plan and does nothing."""
import os
import re

import pytest

from program import STEPS

P = "/payload"
WORDS = {
    "general": ((), ["general", "SYS_PTRACE", "DAC_READ_SEARCH", "seccomp", "cgroup", "pid", "mnt", "net", "read-only", "/dbg"]),
    "sysadmin": (("--profile", "sysadmin"), ["sysadmin", "SYS_ADMIN"]),
    "write": (("--write",), ["DAC_OVERRIDE", "CHOWN", "FOWNER"]),
    "lsm": (("--lsm", "target"), ["lsm"]),
    "user": (("-u", "1000:2000"), ["1000", "2000"]),
    "caps": (("--cap-add", "SYS_TIME", "--cap-drop", "KILL"), ["SYS_TIME"]),
}


@pytest.mark.parametrize("case", WORDS)
def test_plan(dbg, target, unchanged, case):
    options, words = WORDS[case]
    with unchanged(target):
        result = dbg.run("--explain", *options, target.ref, P, "true").succeeded()
    assert result.err == ""
    missing = [word for word in words if word.lower() not in result.text.lower()]
    assert not missing, f"{missing} not in:\n{result.text}"


def test_steps_in_order(dbg, target):
    """The order of the entry is data, and this is it."""
    text = dbg.run("--explain", target.ref).succeeded().text
    at = text.rindex("keyring")
    for word in ("pivot", "groups", "bounding", "label", "no-new-privs", "seccomp"):
        assert text.find(word, at) >= 0, f"{word} after position {at} of\n{text}"
        at = text.find(word, at)


def test_names_the_target(dbg, docker_target):
    text = dbg.run("--explain", docker_target.name).succeeded().text
    assert docker_target.id[:12] in text and docker_target.name in text and str(docker_target.pid) in text


def test_shared_namespaces_are_named(dbg, fake):
    text = dbg.run("--explain", "--host-net", fake(share="net").ref).succeeded().text
    assert "host" in text and "net" in text


def test_limits_of_the_view_are_said(dbg, target):
    """What a session that may trace can do all the same."""
    assert "/proc/" in dbg.run("--explain", target.ref).succeeded().text


def test_does_not_hide_errors(dbg):
    dbg.run("--explain", "no-such-container").failed("not-found")
    dbg.run("--explain", "--profile", "nope", "x").failed("usage")


def test_refusals_are_the_same(dbg, fake):
    dbg.run("--explain", fake(share="pid").ref).failed("refused")


def test_nothing_runs(dbg, fake):
    target = fake("pause", rw=True)
    dbg.run("--explain", "--write", target.ref, "touch", "/data/ran").succeeded()
    assert not os.path.exists(target.root("/data/ran"))


def test_verbose_steps(dbg, target):
    """-v: each step, on stderr, each line ours."""
    result = dbg.run("-v", target.ref, P, "true").succeeded()
    assert result.out == b"" and len(result.lines) > 5
    assert all(line.startswith("dbgattach: ") for line in result.lines)
    for process in ("monitor", "entry"):  # what is stopped at in the tests of the endings is all there is
        named = re.findall(rf"^dbgattach: {process}: ([a-z-]+)$", result.err, re.M)
        assert named == STEPS[process][:len(named)] and len(named) >= len(STEPS[process]) - 1


def test_quiet(dbg, fake, tree):
    """-q: no remarks, but errors."""
    target = fake(tree=tree({"dbg": None}))
    assert dbg.run("-q", target.ref, P, "true").succeeded().err == ""
    dbg.run("-q", "no-such-container").failed("not-found")
