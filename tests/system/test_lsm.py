# SPDX-License-Identifier: Apache-2.0
"""--lsm on this kernel, whatever is active on it. Labels in force are tests/lsm's (make test-lsm)."""
import shutil

import pytest

P = "/payload"


def active():
    """A module answers for our own process."""
    for path in ("/proc/self/attr/apparmor/current", "/proc/self/attr/current"):
        try:
            with open(path, encoding="utf-8") as file:
                return file.read() != ""
        except OSError:
            continue
    return False


@pytest.mark.parametrize("options", [(), ("--lsm", "target"), ("--lsm", "unconfined"),
                                     ("--profile", "sysadmin", "--lsm", "target")], ids=str)
def test_values(dbg, target, unchanged, options):
    """The target runs under our own label here, so there is nothing that could deviate."""
    with unchanged(target):
        result = dbg.run(*options, target.ref, P, "exit", "0").succeeded()
    assert result.err == ""


def test_nonsense(dbg, target):
    dbg.run("--lsm", "docker-default", target.ref, P, "exit", "0").failed("usage")


def test_nothing_is_written_where_nothing_is_active(dbg, target, tmp_path):
    if active():
        pytest.skip("a security module with labels is active")
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    log = tmp_path / "log"
    trace = ("/usr/bin/strace", "-f", "-qq", "-e", "trace=open,openat,openat2", "-o", str(log))
    dbg.run(target.ref, P, "exit", "0", prefix=trace).succeeded()
    lines = [line for line in log.read_text(errors="replace").splitlines() if "attr/" in line]
    assert any("attr/current" in line for line in lines)  # the question was asked
    assert not [line for line in lines if "exec" in line or "O_WRONLY" in line]
    assert "no module with labels is active" in dbg.run("--explain", target.ref).succeeded().text
