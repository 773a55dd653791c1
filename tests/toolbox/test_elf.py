# SPDX-License-Identifier: Apache-2.0
import pathlib
import re
import shutil
import subprocess

import pytest
from builder import Failure, elf
from conftest import LOADER, make_elf


def test_facts_of_a_made_file():
    facts = elf.read(make_elf(["a.so.1", "b.so"], "me.so.2", "/x:$ORIGIN/y", LOADER), "made")
    assert facts.needed == ("a.so.1", "b.so") and facts.soname == "me.so.2" and facts.runpath == ("/x", "$ORIGIN/y")
    assert facts.interpreter == LOADER and facts.architecture == "amd64"
    assert elf.read(make_elf(machine=183), "made").architecture == "arm64"


@pytest.mark.parametrize("program", ["bash", "python3", "readelf"])
def test_facts_of_a_real_file_are_readelfs(program):
    path = pathlib.Path(shutil.which(program, path="/usr/bin:/bin")).resolve()
    facts = elf.read(path.read_bytes(), program)
    said = subprocess.run(["readelf", "-dlW", path], capture_output=True, text=True, check=True).stdout
    assert list(facts.needed) == re.findall(r"\(NEEDED\).*\[(.*)\]", said)
    assert [facts.interpreter] == re.findall(r"program interpreter: (.*)\]", said)
    assert path.read_bytes()[facts.interpreter_at:].startswith(facts.interpreter.encode() + b"\0")


@pytest.mark.parametrize("spoil", [
    lambda data: data[:40],
    lambda data: data[:120],
    lambda data: b"\x7fELF\x01" + data[5:],
    lambda data: data.replace(b"\x00\x00\x40\x00", b"\x00\x00\x50\x00"),
], ids=["header", "segments", "32-bit", "addresses"])
def test_a_broken_file_is_refused(spoil):
    data = spoil(make_elf(["a.so"], interpreter=LOADER))
    with pytest.raises(Failure):
        if elf.read(data, "broken").needed == ():
            raise Failure("nothing read")
