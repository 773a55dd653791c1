# SPDX-License-Identifier: Apache-2.0
import pytest
from builder import elf, relocate
from conftest import LOADER, make_elf

RULES = relocate.Rules({"etc": {"ssl", "ld.so.cache"}, "var": {"lib/vim"}}, ["/usr/kept"])

MOVED = {
    "/usr/share/x": "/dbg/share/x",
    "/usr": "/dbg",
    "/lib/x86_64-linux-gnu/": "/dbg/x86_64-linux-gnu/",
    "/lib64/x": "/dbg/l/x",
    "/bin/sh": "/dbg/sh",
    "/sbin/ip": "/dbg//ip",
    "PATH=/usr/bin:/bin": "PATH=/dbg/bin:/dbg",
    "/etc/ssl/cert.pem": "/dbg/ssl/cert.pem",
    "/etc/ld.so.cache": "/dbg/ld.so.cache",
    "~/.vim,/var/lib/vim,x": "~/.vim,/dbg/lib/vim,x",
    "${X:-/usr/share}": "${X:-/dbg/share}",
    "file:///etc/ssl": "file:///dbg/ssl",
    "/bin:/usr/bin:/etc:/x": "/dbg:/dbg/bin:/dbg:/x",
    "#!/bin/sh\n": "#!/dbg/sh\n",
    'a="/usr"': 'a="/dbg"',
}
STAYS = [
    "/etc/passwd", "/etc/sslx", "/etc/ld.so.cached", "/var/lib/x", "/usrx", "/binary", "x/usr/share", "%s/usr/share",
    "./bin/x", "-I/usr/include", "/usr/lib/debug/.build-id", "/usr/share/zoneinfo", "/lib/modules/5", "/usr/kept/x",
    "/etc", "http://host/usr/x", "${X}/lib/x",
]


@pytest.mark.parametrize("before", MOVED)
def test_paths_that_move(before):
    data, counts, places = RULES.relocate(b"\0" + before.encode() + b"\0")
    assert data == b"\0" + MOVED[before].encode() + b"\0"
    assert sum(counts.values()) == len(places) > 0


@pytest.mark.parametrize("text", STAYS)
def test_paths_that_stay(text):
    data, counts, _ = RULES.relocate(b"\0" + text.encode() + b"\0")
    assert data == b"\0" + text.encode() + b"\0" and not counts


def test_busyboxs_login_shell_moves():
    assert RULES.relocate(b"\0-/bin/sh\0")[0] == b"\0-/dbg/sh\0"


@pytest.mark.parametrize("loader, moved", [
    (LOADER, "/dbg/l/ld-linux-x86-64.so.2"),
    ("/lib/ld-linux-aarch64.so.1", "/dbg/ld-linux-aarch64.so.1"),
])
def test_the_interpreter_moves_by_its_header(loader, moved):
    # A byte before it that no pattern would accept: the header alone says where it is.
    data = make_elf(["libc.so.6"], interpreter="x" + loader)
    at = elf.read(data, "").interpreter_at
    header = data.index(at.to_bytes(8, "little"))
    data = data[:header] + (at + 1).to_bytes(8, "little") + data[header + 8:]
    assert elf.read(data, "").interpreter == loader
    result, counts, places = RULES.relocate(data)
    assert elf.read(result, "").interpreter == moved and places == [("interp", at + 1)] and counts == {"interp": 1}
    assert len(result) == len(data) and b"x/dbg/" in result


def test_leftovers_are_judged():
    found = relocate.leftovers(b"\0/etc/passwd\0say /tmp/x.%s, or /var/run\n\0/dbg/x\0x/usr/y\0/usr/a(b)\0")
    assert found == {"/etc/passwd", "/tmp/x.%s", "/var/run", "/usr/a"}
    refused, unused = relocate.judge(found, ["/etc/passwd", "/tmp/*", "/never"])
    assert refused == ["/usr/a", "/var/run"] and unused == ["/never"]


def test_the_list_of_allowed_ones(tmp_path):
    path = tmp_path / "list"
    path.write_text("# comment\n/a*   # why\n\n/b\n")
    assert relocate.read_allowed(path) == ["/a*", "/b"]
