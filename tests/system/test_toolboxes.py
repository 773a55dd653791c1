# SPDX-License-Identifier: Apache-2.0
"""Toolboxes of the store: how they are chosen, mounted and verified; the commands."""
import fcntl
import json
import os
import shutil
import subprocess

import pytest
import toolboxes
from processes import wait_until

BASE, COUNT = 200000, 65536
IDMAPPED = pytest.mark.uses("mount_setattr")
FORMATS = ("erofs", "squashfs", "tree")


def mounts(text):
    """{mount point: [(type, options)]} of a mounts file, lowest first."""
    result = {}
    for line in text.splitlines():
        _, point, kind, options, *_ = line.split(" ")
        result.setdefault(point, []).append((kind, options.split(",")))
    return result


# ---- which one

def test_core_is_found_by_itself(dbg, target, core):
    result = dbg.run(target.ref, "sh", "-c", "echo $SHELL; echo $DBGATTACH_TOOLBOX; ls /dbg/libexec/dbgattach").succeeded()
    digest = json.loads((core / "toolbox.json").read_text())["digest"]
    assert result.text.split("\n") == ["/dbg/bin/bash", f"core {digest[:19]}", "launcher", ""]
    assert result.err == ""


def test_its_shell_runs_what_is_asked_of_a_shell(dbg, target, core):
    for words, command in ((("-c", "x"), "/dbg/bin/bash -c x"), ((), "/dbg/bin/bash -l")):
        assert f" {command}\n" in dbg.run("--explain", *words, target.ref).succeeded().text


@pytest.mark.parametrize("words, says", [
    (("--toolbox", "minimal"), "minimal 0"),
    (("--toolbox", "core"), "core sha256:"),
    (("--toolbox", "STORE/core"), "core sha256:"),
    (("--shell", "/dbg/bin/ash"), "core sha256:"),
])
def test_another_is_taken_where_asked(dbg, target, store, core, words, says):
    words = [word.replace("STORE", str(store)) for word in words]
    assert says in dbg.run(*words, target.ref, "sh", "-c", "echo $DBGATTACH_TOOLBOX").succeeded().text


def test_another_shell(dbg, target, core):
    assert "/dbg/bin/ash" in dbg.run("--shell", "/dbg/bin/ash", "-c", "echo $SHELL", target.ref).succeeded().text
    assert dbg.run("--shell", "/payload", "-c", "x", target.ref).code != 0


@pytest.mark.parametrize("name, kind, says", [
    ("nmap", "not-found", "nmap"),
    ("./nowhere", "not-found", "./nowhere"),
    ("UPPER", "usage", "UPPER"),
    ("../core", "not-found", "../core"),
])
def test_what_is_not_there(dbg, target, core, name, kind, says):
    result = dbg.run("--toolbox", name, target.ref, "true").failed(kind)
    assert says in result.err


# ---- how it is mounted

@pytest.mark.parametrize("form", FORMATS)
def test_every_format(dbg, target, store, trees, form):
    toolboxes.make(store, "core", trees / "core", formats=(form,))
    result = dbg.run("-v", target.ref, "sh", "-c", "cat /proc/self/mounts").succeeded()
    kind, options = mounts(result.text)["/dbg"][-1]
    assert kind == {"tree": "overlay"}.get(form, form)
    assert {"ro", "nosuid", "nodev"} <= set(options)


NO_NODES = ("unshare", "-m", "sh", "-c", "mount -t tmpfs dev /dev && mknod /dev/null c 1 3 && mknod /dev/loop-control c 10 237 && "
            'exec "$@"', "sh")  # as in a container or a chroot


@pytest.mark.parametrize("prefix", [(), NO_NODES], ids=["", "no nodes"])
def test_by_a_loop_device_where_the_file_cannot_be_mounted(dbg, target, trees, tmp_path, core, prefix):
    """As on a tmpfs; the device ends with the session."""
    before = subprocess.run(["losetup", "-a"], capture_output=True, check=True).stdout
    place = tmp_path / "tmpfs"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", place], check=True)
    try:
        for form in ("erofs", "squashfs"):
            entry = toolboxes.make(place, form, trees / "core", formats=(form,))
            result = dbg.run("-v", "--toolbox", str(entry), target.ref, "cat", "/proc/self/mounts", prefix=prefix).succeeded()
            assert f"mounted as {form} (loop)" in result.err
            assert mounts(result.text)["/dbg"][-1][0] == form
        wait_until(lambda: subprocess.run(["losetup", "-a"], capture_output=True, check=True).stdout == before, 5,
                   "the loop devices are gone")
    finally:
        subprocess.run(["umount", place], check=True)


@IDMAPPED
@pytest.mark.parametrize("form", FORMATS)
def test_its_files_belong_to_root_of_the_target_s_namespace(dbg, fake, store, trees, form):
    core = toolboxes.make(store, "core", trees / "core", formats=(form,))
    toolboxes.make(store, "nmap", trees / "nmap", formats=(form,), base=core)
    target = fake(userns=f"{BASE}:{COUNT}")
    script = "stat -c %u:%g /dbg/bin/busybox /dbg/libexec/dbgattach/launcher /dbg/bin/nmap; nmap"
    assert dbg.run("-c", script, target.ref).succeeded().text.split("\n") == ["0:0", "0:0", "0:0", "nmap is here", ""]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("layered", [False, True])
def test_nothing_of_it_can_be_written(dbg, fake, store, trees, form, layered):
    """Also by a root of the target's namespace with every capability: the superblock is read-only, not the mount alone."""
    core = toolboxes.make(store, "core", trees / "core", formats=(form,))
    if layered:
        toolboxes.make(store, "nmap", trees / "nmap", formats=(form,), base=core)
    before = toolboxes.listing(store)
    script = ("mount -o remount,rw,bind /dbg; mount -o remount,rw /dbg; mount -o remount,rw /dbg/libexec/dbgattach;"
              "for f in /dbg/bin/busybox /dbg/libexec/dbgattach/launcher /dbg/x; do echo x >>$f && echo written; done; true")
    result = dbg.run("--profile", "sysadmin", "-c", script, fake(userns=f"{BASE}:{COUNT}").ref)
    assert result.code == 0
    assert "written" not in result.text
    assert result.err.count("Read-only file system") >= 3
    assert toolboxes.listing(store) == before


def test_setuid_and_devices_of_an_image_mean_nothing(dbg, target, store, trees, tmp_path):
    tree = tmp_path / "tree"
    shutil.copytree(trees / "core", tree, symlinks=True)
    (tree / "bin/busybox").chmod(0o4755)
    toolboxes.make(store, "core", tree)
    _, options = mounts(dbg.run(target.ref, "cat", "/proc/self/mounts").succeeded().text)["/dbg"][-1]
    assert {"nosuid", "nodev"} <= set(options)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("userns", [None, f"{BASE}:{COUNT}"])
def test_without_mount_setattr(dbg, helpers, fake, store, trees, form, userns):
    """As ever; but that it cannot be shown as another namespace's. That is told, and the one inside dbgattach serves if none was named."""
    toolboxes.make(store, "core", trees / "core", formats=(form,))
    target = fake(userns=userns) if userns else fake()
    prefix = (helpers["nosys"], "mount_setattr", "--")
    result = dbg.run("-c", "stat -c %u /dbg/bin/busybox", target.ref, prefix=prefix).succeeded()
    assert result.text == "0\n"
    if not userns:
        assert result.err == "" and dbg.run("-c", "(echo x >/dbg/bin/x) 2>&1", target.ref, prefix=prefix).code != 0
    else:
        assert "idmapped mounts are of Linux 5.12" in result.err and "the toolbox inside dbgattach is used" in result.err
        line = dbg.run("--toolbox", "core", target.ref, "true", prefix=prefix).failed("unsupported").err
        assert "idmapped mounts are of Linux 5.12" in line


@pytest.mark.parametrize("form", ("erofs", "squashfs"))
@pytest.mark.parametrize("userns", [None, pytest.param(f"{BASE}:{COUNT}", marks=IDMAPPED)])
def test_hot_files_lie_over_an_image(dbg, fake, store, trees, form, userns):
    """And with layers, below them; sealed like everything else."""
    core = toolboxes.make(store, "core", trees / "core", formats=(form,), hot={"bin/hot": b"#!/dbg/bin/sh\necho it is hot\n"})
    target = fake(userns=userns) if userns else fake()
    script = "hot; stat -c %u /dbg/bin/hot; busybox true && echo image; (echo x >/dbg/bin/hot) 2>/dev/null && echo written; true"
    assert dbg.run("--profile", "sysadmin", "-c", script, target.ref).succeeded().text == "it is hot\n0\nimage\n"
    toolboxes.make(store, "nmap", trees / "nmap", base=core)
    assert dbg.run("-c", "hot; nmap", target.ref).succeeded().text == "it is hot\nnmap is here\n"


def test_hot_files_are_not_needed_in_a_folder(dbg, target, store, trees):
    toolboxes.make(store, "core", trees / "core", formats=("tree",), hot={"bin/hot": b""})
    assert dbg.run("-c", "ls /dbg/bin/hot", target.ref).code == 1


# ---- is it what was built?

DAMAGE = {"changed": ("malformed", "damaged"), "truncated": ("malformed", "bytes, not"), "writable": ("refused", "by others"),
          "writable folder": ("refused", "by others"), "missing": ("not-found", "image.erofs is not there"),
          "architecture": ("unsupported", "riscv64"), "json": ("malformed", "toolbox.json"), "somebody's": ("refused", "by others"),
          "link": ("refused", "is a link"), "hot changed": ("malformed", "damaged"), "hot writable": ("refused", "by others")}


@pytest.mark.parametrize("how", DAMAGE)
def test_one_that_is_not_what_was_built(dbg, target, core, how):
    """By name: refused, in one line. By itself: told, and the one inside the program is used."""
    kind, says = DAMAGE[how]
    subprocess.run([dbg.path(), "toolbox", "verify"], check=True, capture_output=True)
    toolboxes.damage(core, how)
    result = dbg.run("--toolbox", "core", target.ref, "true").failed(kind)
    assert "toolbox core" in result.err and says in result.err, result.err
    result = dbg.run(target.ref, "sh", "-c", "echo $DBGATTACH_TOOLBOX $SHELL").succeeded()
    assert result.text.startswith("minimal ") and result.text.endswith(" /dbg/bin/sh\n")
    assert result.err.count("\n") == 1 and says in result.err
    verified = dbg.run("toolbox", "verify")
    assert verified.code == 1 and says in verified.err and verified.out == b""


@pytest.mark.falls_without("TOOLBOX_DIGEST")
def test_a_changed_image_is_refused(dbg, target, core):
    toolboxes.damage(core, "changed")
    assert dbg.run("--toolbox", "core", target.ref, "true").code == 125


@pytest.mark.falls_without("STORE_OWNER")
def test_a_store_of_others_is_refused(dbg, target, store, core):
    os.chown(store, 1000, 1000)
    assert dbg.run("--toolbox", "core", target.ref, "true").code == 125


def test_when_it_is_hashed(dbg, target, core):
    """Whether the image was read from end to end, as strace sees it."""
    def reads(*options):
        run = subprocess.run(["strace", "-f", "-qq", "-e", "trace=pread64", "-o", "/dev/stdout", dbg.path(), *options, target.ref,
                              "true"], capture_output=True, check=True, env=dbg.environment())
        return run.stdout.count(b"pread64(")
    subprocess.run([dbg.path(), "toolbox", "verify"], check=True, capture_output=True)
    assert reads("--toolbox-check", "always") > 5
    assert reads("--toolbox-check", "never") == 0
    assert reads() == 0
    (core / "image.erofs").touch()
    assert reads() > 5
    assert reads("--toolbox-check", "cached") > 5


# ---- the commands

def tool(dbg, *words, **options):
    return dbg.run("toolbox", *words, **options)


def test_list(dbg, store, core, trees):
    toolboxes.make(store, "nmap", trees / "nmap", base=core)
    toolboxes.make(store, "old", trees / "nmap", base=core, stated={"base": "sha256:" + "0" * 64})
    (store / "broken").mkdir()
    rows = {row["name"]: row for row in json.loads(tool(dbg, "list", "-o", "json").succeeded().text)}
    assert [(name, row["state"]) for name, row in rows.items()] == [
        ("broken", "unusable"), ("core", "ready"), ("nmap", "ready"), ("old", "left out"), ("minimal", "inside dbgattach")]
    assert rows["core"]["formats"] == ["erofs"] and rows["core"]["size"] == (core / "image.erofs").stat().st_size
    assert "toolbox.json is not there" in rows["broken"]["reason"]
    table = tool(dbg, "list").succeeded().text.splitlines()
    assert table[0].split() == ["NAME", "KIND", "DIGEST", "SIZE", "PROGRAMS", "STATE"] and len(table) == 6


def test_list_of_no_store(dbg, store):
    os.rmdir(store)
    assert [row["name"] for row in json.loads(tool(dbg, "list", "-ojson").succeeded().text)] == ["minimal"]
    assert not store.exists()
    store.mkdir()


def test_path_and_sbom(dbg, store, core):
    assert tool(dbg, "path").succeeded().text == f"{store}\n"
    assert tool(dbg, "path", "core").succeeded().text == f"{core}\n"
    assert json.loads(tool(dbg, "sbom").succeeded().text)["name"] == "core"
    tool(dbg, "sbom", "nmap").failed("not-found")


def test_add_a_folder_and_remove_it(dbg, target, store, core, trees, tmp_path):
    tmp_path.chmod(0o755)
    built = toolboxes.make(tmp_path, "nmap", trees / "nmap", formats=("erofs", "tree"), base=core)
    assert tool(dbg, "add", f"{built}/").succeeded().text.startswith("nmap: sha256:")
    assert dbg.run("-c", "nmap", target.ref).succeeded().text == "nmap is here\n"
    assert sorted(path.name for path in store.iterdir()) == [".lock", "core", "nmap"]
    assert tool(dbg, "add", str(built)).succeeded().code == 0
    tool(dbg, "remove", "nmap").succeeded()
    assert sorted(path.name for path in store.iterdir()) == [".lock", "core"]
    tool(dbg, "remove", "nmap").failed("not-found")


def test_a_damaged_folder_is_not_added(dbg, store, core, trees, tmp_path):
    tmp_path.chmod(0o755)
    built = toolboxes.make(tmp_path, "nmap", trees / "nmap", base=core)
    toolboxes.damage(built, "changed")
    tool(dbg, "add", str(built)).failed("malformed")
    assert sorted(path.name for path in store.iterdir()) == [".lock", "core"]


def test_one_at_a_time(dbg, store, core):
    with open(store / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "just now" in tool(dbg, "remove", "core").failed("refused").err
    assert core.exists()


@pytest.mark.parametrize("words", [("lst",), ("list", "core"), ("list", "-o", "xml"), ("list", "-o"), ("add",), ("remove",),
                                   ("path", "a", "b"), ("verify", "--format", "erofs"), ("add", "core"), ("add", "UPPER"),
                                   ("remove", "../x"), ("sbom", "minimal")])
def test_wrong_words(dbg, store, core, words):
    tool(dbg, *words).failed("usage")


def test_help(dbg):
    text = tool(dbg, "--help").succeeded().text
    for verb in ("list", "build", "add", "remove", "verify", "sbom", "path"):
        assert f"\n  {verb} " in text
    assert tool(dbg).code == 125
