# SPDX-License-Identifier: Apache-2.0
"""Layers over a toolbox: at the attach, and brought to sessions that run."""
import time

import pytest
import toolboxes

BASE, COUNT = 200000, 65536
IDMAPPED = pytest.mark.uses("mount_setattr")
FORMATS = ("erofs", "squashfs", "tree")


def test_layers_lie_over_core(dbg, target, core, trees):
    for name in ("tshark", "nmap"):
        toolboxes.make(core.parent, name, trees / name, base=core)
    result = dbg.run("-c", "nmap; tshark; busybox true && echo $DBGATTACH_TOOLBOX", target.ref).succeeded()
    lines = result.text.splitlines()
    assert lines[:2] == ["nmap is here", "tshark is here"] and lines[2].endswith(" +nmap +tshark")


def test_a_layer_for_another_core_is_left_out(dbg, target, core, trees):
    toolboxes.make(core.parent, "nmap", trees / "nmap", base=core, stated={"base": "sha256:" + "0" * 64})
    result = dbg.run("-c", "command -v nmap || echo none", target.ref).succeeded()
    assert result.text == "none\n"
    assert result.err.count("\n") == 1 and "nmap is left out: it was made for another core" in result.err


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("userns", [None, pytest.param(f"{BASE}:{COUNT}", marks=IDMAPPED)])
def test_a_layer_comes_to_a_session_that_runs(dbg, fake, core, trees, form, userns, unchanged):
    """Within a second, under the shell that is open, with its files and its working directory."""
    target = fake(userns=userns) if userns else fake()
    script = ("cd /dbg/rw && echo kept >file && echo ready && while ! nmap 2>/dev/null; do sleep 0.02; done;"
              "cat file /dbg/rw/file; touch /dbg/rw/new && ls; pwd; read word; tshark; (echo x >/dbg/bin/x) && echo written")
    session = dbg.start("-c", script, target.ref)
    assert session.popen.stdout.readline() == b"ready\n"
    new = toolboxes.make(core.parent, ".new", trees / "nmap", formats=(form,), base=core, name="nmap")
    start = time.monotonic()
    new.rename(core.parent / "nmap")
    assert session.popen.stdout.readline() == b"nmap is here\n"
    assert time.monotonic() - start < 1
    for line in (b"kept\n", b"kept\n", b"file\n", b"new\n", b"tmp\n", b"/dbg/rw\n"):
        assert session.popen.stdout.readline() == line
    toolboxes.make(core.parent, ".new", trees / "tshark", base=core, name="tshark").rename(core.parent / "tshark")
    time.sleep(0.3)
    result = session.finish(input=b"go\n")
    assert result.out == b"tshark is here\n", result.err
    assert "Read-only file system" in result.err


def test_a_layer_comes_to_every_session(dbg, fake, core, trees):
    sessions = [dbg.start("-c", "echo ready; while ! nmap 2>/dev/null; do sleep 0.05; done", fake().ref) for _ in range(3)]
    for session in sessions:
        assert session.popen.stdout.readline() == b"ready\n"
    toolboxes.make(core.parent, ".new", trees / "nmap", base=core, name="nmap").rename(core.parent / "nmap")
    for session in sessions:
        assert session.finish().succeeded().out == b"nmap is here\n"


def test_a_damaged_layer_does_not_come(dbg, fake, core, trees):
    session = dbg.start("-c", "echo ready; read word; command -v nmap || echo none", fake().ref)
    assert session.popen.stdout.readline() == b"ready\n"
    new = toolboxes.make(core.parent, ".new", trees / "nmap", base=core, name="nmap")
    toolboxes.damage(new, "changed")
    new.rename(core.parent / "nmap")
    time.sleep(0.3)
    result = session.finish(input=b"\n").succeeded()
    assert result.text == "none\n"
    assert "goes on with the tools that it has" in result.err and "damaged" in result.err


def test_nothing_stays(dbg, fake, core, trees, unchanged):
    """Neither on the host nor in the target, also where a layer came meanwhile."""
    target = fake()
    with unchanged(target):
        session = dbg.start("-c", "echo ready; while ! nmap 2>/dev/null; do sleep 0.05; done", target.ref)
        assert session.popen.stdout.readline() == b"ready\n"
        toolboxes.make(core.parent, ".new", trees / "nmap", base=core, name="nmap").rename(core.parent / "nmap")
        session.finish().succeeded()
