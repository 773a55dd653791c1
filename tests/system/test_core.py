# SPDX-License-Identifier: Apache-2.0
"""Core as `make toolbox` has built it, in sessions: what a responder does first, and a layer built while a session is open."""
import json
import os
import pathlib
import re
import tempfile

import pytest

PORT = "8080"


@pytest.fixture(scope="module")
def built(build):
    core = pathlib.Path(build, "toolbox/core")
    if not (core / "toolbox.json").exists():
        pytest.skip(f"{core} is not built: make toolbox")
    return core


@pytest.fixture
def store(dbg, built):
    """A store with core in it."""
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="dbgtest.") as name:
        os.chmod(name, 0o755)
        dbg.settings["DBGATTACH_STORE"] = name
        dbg.run("toolbox", "add", str(built)).succeeded()
        yield pathlib.Path(name)


@pytest.fixture
def server(fake):
    return fake("serve", PORT)


def test_size(built):
    facts = json.loads((built / "toolbox.json").read_text())
    assert facts["images"][0]["size"] <= 45e6
    assert facts["programs"] >= 350


def test_one_file_is_one_digest(dbg, store, built):
    assert (store / "core/files").read_text() == (built / "files").read_text()
    dbg.run("toolbox", "verify", "core").succeeded()
    document = json.loads(dbg.run("toolbox", "sbom").succeeded().text)
    names = {package["name"] for package in document["packages"]}
    assert document["spdxVersion"] == "SPDX-2.3" and {"bash", "gdb-minimal", "libc6", "busybox"} <= names
    assert all(package.get("versionInfo") and package.get("licenseDeclared") for package in document["packages"])


@pytest.mark.parametrize("command, says", [
    ("ps -e -o pid,args", r"1 .*payload serve"),
    ("ss -Hltnp", rf"LISTEN .*127\.0\.0\.1:{PORT}|LISTEN .*0\.0\.0\.0:{PORT}"),
    (f"curl -s http://127.0.0.1:{PORT}/", r"served by the target"),
    (f"wget -qO- http://127.0.0.1:{PORT}/", r"served by the target"),
    ("gdb -p 1 -batch -ex bt -ex 'info proc'", r"^#\d .* in (accept|cmd_serve)"),
    (f"strace -o /dev/stdout -e trace=accept,accept4,read -p 1 -f & sleep 0.4; curl -s http://127.0.0.1:{PORT}/ >/dev/null; sleep 0.2; kill $!",
     r"accept.* = \d"),
    ("lsof -p 1 -a -i -P -n", rf":{PORT} \(LISTEN\)"),
    (f"tcpdump -c 1 -i lo -n tcp port {PORT} & sleep 0.5; curl -s http://127.0.0.1:{PORT}/; wait", rf"\.{PORT}: Flags \[S\]"),
    ("readelf -h /proc/1/exe 2>/dev/null || eu-readelf -h /proc/1/exe", r"ELF64"),
    ("file -L /proc/1/exe", r"ELF 64-bit"),
    ("jq -rn '{a: 1} | .a'", r"^1$"),
    ("sqlite3 :memory: 'select 6 * 7'", r"^42$"),
    ("locale charmap", r"^UTF-8$"),
    ("type bash; echo $BASH_VERSION", r"/dbg/bin/bash"),
])
def test_what_a_responder_does(dbg, store, server, command, says):
    result = dbg.run("-c", command, server.ref)
    assert re.search(says, result.text, re.M), f"{result.text}\n{result.err}"


def test_it_is_a_shell_to_work_in(terminal, dbg, store, server):
    """The first prompt; line editing, completion, history; help; vim, less, tmux."""
    tty = terminal(server.ref)
    tty.expect(r"general\).*[#$] ")
    tty.send("echo $((6*7))\r")
    tty.expect(r"\r42\r\n")
    tty.send("help\r")
    tty.expect(r"(?i)network")
    tty.send("q\r")
    tty.send("curl --vers\t 2>&1 | head -1\r")
    tty.expect(r"curl 7|curl 8")
    tty.send("vim -c ':q' && echo vim-$?\r")
    tty.expect(r"vim-0")
    tty.send("tmux -L x new -d 'sleep 9'; tmux -L x ls; tmux -L x kill-server\r")
    tty.expect(r"1 windows")
    tty.send("history | grep -c vers; ls $HISTFILE | grep -c rw\r")
    tty.expect(r"[1-9]\r\n")
    tty.send("exit\r")
    tty.wait()


def test_nmap_comes_to_an_open_session(dbg, store, server, build, built):
    """Built on the host while the session is open, and used against the target's own port."""
    session = dbg.start("-c", f"echo ready; while ! command -v nmap; do sleep 0.05; done; date +%s.%N; nmap -n -Pn -sT -p {PORT} 127.0.0.1",
                        server.ref)
    assert session.popen.stdout.readline() == b"ready\n"
    cache = built.parent / "packages"
    dbg.binary = os.path.join(build, "dbgattach")  # in its checkout, where the builder is
    added = dbg.run("toolbox", "add", "--lock", "follow", "nmap", timeout=240, env={"XDG_CACHE_HOME": str(cache)})
    assert added.code == 0, added.err
    ready = (store / "nmap").stat().st_ctime
    lines = session.finish(timeout=60).succeeded().text.splitlines()
    assert lines[0] == "/dbg/bin/nmap"
    assert float(lines[1]) - ready < 1
    assert any(re.match(rf"{PORT}/tcp +open", line) for line in lines), lines
