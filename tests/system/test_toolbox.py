# SPDX-License-Identifier: Apache-2.0
"""The tools are ours alone: nothing of the target is loaded or read as configuration, whatever it plants."""
import os
import re
import shutil

import pytest

P = "/payload"
TRAP = b"echo TRAPPED-BY-THE-TARGET\nexit 66\n"
PLANTED = ["etc/profile", "root/.profile", "etc/busybox.conf", "root/.ashrc", ".profile", ".ashrc", "data/.profile",
           "etc/inputrc", "root/.inputrc", "etc/ld.so.preload", "etc/ld.so.cache", "etc/nsswitch.conf", "etc/terminfo/x/xterm",
           "lib/terminfo/x/xterm", "usr/share/terminfo/x/xterm", "etc/ld-musl-x86_64.path", "bin/sh", "bin/ls", "bin/ash",
           "usr/bin/id", "sbin/init", "lib/ld-musl-x86_64.so.1", "etc/shells", "etc/securetty", "etc/inittab", "etc/mtab"]
# What is meant to be the target's own: names and addresses, shown to the user.
MAY_BE_READ = {"/etc/passwd", "/etc/group", "/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/services",
               "/etc/protocols", "/etc/localtime", "/etc/TZ"}


@pytest.fixture
def hostile(fake, tree):
    modes = {path: 0o755 for path in PLANTED}
    return fake(tree=tree({path: TRAP for path in PLANTED}, modes=modes), env=("ENV=/etc/profile",))


def opened(log):
    """The paths that were opened or executed, by whoever."""
    return set(re.findall(r"(?:openat2?|open|execve|execveat|access|readlink)\((?:[\w<>/.-]+, )?\"([^\"]*)\"", log))


@pytest.mark.parametrize("way", ["login shell", "interactive", "command string", "applets"])
def test_nothing_planted_is_opened(dbg, terminal, hostile, tmp_path, way):
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    log = tmp_path / "log"
    trace = ("/usr/bin/strace", "-f", "-qq", "-e", "trace=open,openat,openat2,execve,execveat,access,readlink", "-o", str(log))
    if way == "interactive":
        tty = terminal(program=(*trace, dbg.path(), hostile.ref))
        tty.send("id; ls /; ash -l -c 'echo in''ner'\r")
        tty.expect(r"inner\r\n")
        tty.send("exit\r")
        tty.wait()
        out = tty.seen
    elif way == "login shell":
        out = dbg.run(hostile.ref, input=b"id; ls -l / >/dev/null; echo done\n", prefix=trace).succeeded().out
    elif way == "command string":
        out = dbg.run("-c", "sh -l -c 'id; ash -c id'; echo done", hostile.ref, prefix=trace).succeeded().out
    else:
        out = dbg.run("-c", "vi -h; less -h; top -h; ps; mount | head -1; hostname; whoami; date; echo done", hostile.ref,
                      prefix=trace).succeeded().out
    assert b"TRAPPED" not in out
    assert way == "interactive" or out.endswith(b"done\n"), out
    paths = opened(log.read_text(errors="replace"))
    assert any(path.startswith("/dbg/bin/") for path in paths), paths  # the session itself was followed
    assert not paths & ({"/" + path for path in PLANTED} - MAY_BE_READ)


def test_tools_come_first(dbg, hostile):
    """PATH: ours before the target's."""
    out = dbg.run("-c", "which sh ls id; echo $PATH", hostile.ref).succeeded().text.split()
    assert all(path.startswith("/dbg/") for path in out[:3]), out
    assert out[3].split(":")[0] == "/dbg/bin"


def test_prompt(terminal, docker_target):
    """Names the target and the profile."""
    tty = terminal(docker_target.ref)
    tty.expect(docker_target.name.encode() + rb".*general|general.*" + docker_target.name.encode())
    tty.send("exit\r")
    tty.wait()


def test_prompt_shows_writable(terminal, fake):
    tty = terminal("--write", fake(rw=True).ref)
    tty.expect(r"\(general[^)]*writ")
    tty.send("exit\r")
    tty.wait()


@pytest.mark.parametrize("term", ["xterm", "xterm-256color", "linux", "screen", "tmux-256color", "vt100"])
def test_terminfo(dbg, target, term):
    """TERM comes along when we have its description."""
    out = dbg.run("-t", target.ref, "sh", "-c", "echo $TERM", env={"TERM": term}, input=None).succeeded().text
    assert out.strip() == term


@pytest.mark.parametrize("term", ["../../etc/passwd", "evil\nX=1", "", "no-such-terminal", "x" * 5000])
def test_hostile_term(dbg, target, term):
    out = dbg.run("-t", target.ref, "sh", "-c", "echo [$TERM]", env={"TERM": term}, input=None).succeeded().text
    assert re.fullmatch(r"\[[\w.+-]+\]", out.strip()) and ".." not in out


APPLETS = "sh ash ls cat ps top vi less grep find sed awk tar wget nc netstat ip ping nslookup id stat strings hexdump " \
          "mount df du free kill head tail sha256sum od dd seq sleep env tty stty readlink hostname"


def test_applets(dbg, target):
    out = dbg.run("-c", f"for a in {APPLETS}; do command -v $a >/dev/null || echo $a; done", target.ref).succeeded().out
    assert out == b""


def test_launcher_and_init_are_no_tools(dbg, target):
    """They do nothing when somebody calls them by hand."""
    out = dbg.run("-c", "find /dbg -type f -perm -1 ! -path '/dbg/bin/*'", target.ref).succeeded().text.split()
    assert "/dbg/libexec/dbgattach/launcher" in out
    for program in out:
        assert dbg.run(target.ref, program, timeout=8).code != 0


def test_no_setuid(dbg, target):
    assert dbg.run("-c", "find /dbg -perm -4000 -o -perm -2000 -o -type b -o -type c", target.ref).succeeded().out == b""


def test_ptrace_works(dbg, docker_target):
    """What the toolbox's tracers need: the target's memory map and its root can be read."""
    script = "head -1 /proc/1/maps >/dev/null && ls /proc/1/root/ && readlink /proc/1/cwd"
    out = dbg.run("-c", script, docker_target.ref).succeeded().text.split()
    assert "payload" in out


def test_unpacked_and_sealed(dbg, target, tmp_path):
    """Where the image cannot be mounted out of the program, as on an overlay: a copy that is no less sealed."""
    script = 'mount -t overlay overlay -o "lowerdir=$1:$2" "$1" && shift 2 && exec "$@"'
    prefix = ("unshare", "-m", "sh", "-c", script, "sh", os.path.dirname(dbg.path()), str(tmp_path))
    command = "grep ' /dbg ' /proc/mounts; mount -o remount,rw /dbg; echo x >/dbg/bin/x; grep -c . /proc/1/mounts"
    result = dbg.run("-v", "--profile", "sysadmin", "-c", command, target.ref, prefix=prefix)
    assert "mounted as overlay" in result.err
    assert " /dbg overlay ro," in result.text
    assert "/dbg/bin/x: Read-only file system" in result.err
