# SPDX-License-Identifier: Apache-2.0
import dataclasses
import subprocess

import pytest
from builder import Failure, apt, lock

BASH = lock.Package("bash", "5.2.15-2+b8", "amd64", "ab" * 32, 1490000, "bash", "5.2.15-2")
ACL = lock.Package("acl", "1:2.3", "amd64", "cd" * 32, 60000, "acl", "1:2.3")


def test_written_and_read(tmp_path):
    path = tmp_path / "lock"
    lock.write(path, [BASH, ACL])
    assert path.read_text().splitlines()[1:] == [f"acl 1:2.3 amd64 {'cd' * 32} 60000 acl 1:2.3",
                                                 f"bash 5.2.15-2+b8 amd64 {'ab' * 32} 1490000 bash 5.2.15-2"]
    assert lock.read(path) == {"acl": ACL, "bash": BASH}
    assert ACL.file == "acl_1%3a2.3_amd64.deb"


def test_what_moved():
    locked = {"acl": ACL, "bash": BASH}
    assert lock.moved(locked, locked) == {}
    newer = dataclasses.replace(BASH, version="5.3", sha256="ef" * 32)
    other = dataclasses.replace(ACL, sha256="ef" * 32)
    assert lock.moved(locked, {"acl": other, "bash": newer}) == {
        "acl": "acl (other content)", "bash": "bash 5.2.15-2+b8 -> 5.3"}
    assert lock.moved(locked, {"bash": BASH}) == {"acl": "acl (gone)"}


def test_counts(tmp_path):
    path = tmp_path / "counts"
    counts = {"bash": {"usr": 3, "bin": 1}, "acl": {"interp": 2}}
    lock.write_counts(path, counts)
    assert path.read_text().splitlines()[1:] == ["acl interp=2", "bash bin=1 usr=3"]
    assert lock.read_counts(path) == counts
    assert lock.differences(counts, counts) == []
    assert lock.differences(counts, {"bash": {"usr": 3, "bin": 1, "lib": 1}}) == [
        "acl interp: 0 replaced, 2 expected", "bash lib: 1 replaced, 0 expected"]


def test_a_line_is_not_endless():
    assert apt.some("abc") == "a, b, c" and apt.some("abcdefgh") == "a, b, c, d, e and 3 more"


class Mirror(apt.Apt):
    """One that answers what the test says."""

    def __init__(self, tmp_path, answers):
        super().__init__(tmp_path, "bookworm", "amd64")
        self.answers = answers

    def ask(self, *args, cwd=None):
        return subprocess.CompletedProcess(args, *self.answers)


@pytest.mark.parametrize("said, wanted", [
    ("E: Unable to locate package nosuch\n", "bookworm for amd64 has no nosuch"),
    ("Reading...\nE: Package 'dummy' has no installation candidate\n", "bookworm for amd64 has no dummy"),
    ("W: x\nE: Unable to correct problems, you have held broken packages.\n", "held broken packages"),
])
def test_packages_that_cannot_be_had(tmp_path, said, wanted):
    with pytest.raises(Failure) as failure:
        Mirror(tmp_path, (100, "", said)).resolve(["x"])
    assert wanted in str(failure.value)


def test_what_apt_says_is_understood(tmp_path):
    stanza = ("Package: bash\nSource: bash (5.2.15-2)\nVersion: 5.2.15-2+b8\nArchitecture: amd64\n"
              f"Depends: x\nSize: 1490000\nSHA256: {'ab' * 32}\nDescription: a shell\n more: of it\n\n")
    mirror = Mirror(tmp_path, (0, stanza + "Package: other\nVersion: 1\n", ""))
    assert mirror.facts(["bash"]) == {"bash": BASH}
    mirror = Mirror(tmp_path, (0, "Inst libx (1 Debian [amd64])\nInst bash (5)\nConf bash (5)\n", ""))
    assert mirror.resolve(["bash"]) == ["bash", "libx"]


def test_a_package_is_intact_or_not(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    good = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    package = dataclasses.replace(BASH, sha256=good, size=3)
    assert apt.intact(path, package)
    assert not apt.intact(path, dataclasses.replace(package, size=4))
    assert not apt.intact(path, dataclasses.replace(package, sha256="ab" * 32))
    assert not apt.intact(tmp_path / "none", package)
