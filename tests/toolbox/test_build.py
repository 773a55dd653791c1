# SPDX-License-Identifier: Apache-2.0
"""Whole builds, of a distribution of three packages."""
import hashlib
import json
import os
import subprocess

import pytest
from builder import elf
from conftest import LOADER, SMALL, SMALL_COUNTS, make_elf, read_json


def built(distribution, *options, name="small", **how):
    out = distribution.folder / "out"
    run = distribution.build(name, out, "--format", "tree", *options, **how)
    assert (run.returncode, run.stderr) == (0, "")
    return out


def refused(distribution, name="small", *options, **how):
    """The line that a build ended with; it leaves nothing."""
    out = distribution.folder / "out"
    run = distribution.build(name, out, *options, **how)
    assert run.returncode == 1 and run.stderr.startswith("toolbox: ") and run.stderr.count("\n") == 1, run.stderr
    assert "failed: " in run.stderr and run.stdout == ""
    assert not out.exists() and not [path for path in distribution.folder.iterdir() if path.name.startswith(".")]
    return run.stderr


def test_the_tree(distribution):
    out = built(distribution)
    tree = out / "tree"
    assert {str(path.relative_to(tree)) for path in tree.rglob("*")} == {
        "bin", "bin/prog", "etc", "etc/toolbox.json", "l", "lib", "lib/ld-linux-x86-64.so.2", "lib/libfoo.so.1",
        "lib/libfoo.so.1.2", "lib/x86_64-linux-gnu", "x86_64-linux-gnu", "rw", "sbin", "share", "share/doc",
        "share/doc/libc6", "share/doc/libc6/copyright",
        "share/doc/libfoo", "share/doc/libfoo/copyright", "share/doc/prog", "share/doc/prog/copyright"}
    program = (tree / "bin/prog").read_bytes()
    assert elf.read(program, "").interpreter == "/dbg/l/ld-linux-x86-64.so.2"
    for text in (b"\0/dbg/share/prog\0", b"\0/dbg/prog.conf\0", b"\0/etc/passwd\0", b"\0/dbg/lib/prog/x\0"):
        assert text in program
    assert os.readlink(tree / "lib/libfoo.so.1") == "libfoo.so.1.2"
    # One text for what is the same text.
    assert os.readlink(tree / "share/doc/prog/copyright") == "../libc6/copyright"
    assert {path.stat().st_mode & 0o7777 for path in tree.rglob("*") if not path.is_symlink()} == {0o755, 0o644}


def test_facts_and_listing(distribution):
    out = built(distribution)
    listing = (out / "files").read_bytes()
    facts = read_json(out / "toolbox.json")
    assert facts == {
        "version": 1, "name": "small", "kind": "toolbox", "prefix": "/dbg", "architecture": "amd64",
        "suite": "bookworm", "shell": "bin/prog", "packages": 3, "programs": 1,
        "digest": "sha256:" + hashlib.sha256(listing).hexdigest(),
        "images": [{"format": "tree", "file": "tree"}]}
    assert read_json(out / "tree/etc/toolbox.json") == {
        name: value for name, value in facts.items() if name not in ("digest", "images")}
    lines = listing.decode().splitlines()
    assert lines[0] == "d ." and [line.rsplit(" ", 1)[1] for line in lines] == sorted(
        line.rsplit(" ", 1)[1] for line in lines)
    digest = hashlib.sha256((out / "tree/bin/prog").read_bytes()).hexdigest()
    assert f"f 755 {digest} bin/prog" in lines and "l lib l" in lines and "d rw" in lines
    assert sorted(path.name for path in out.iterdir()) == ["files", "sbom.spdx.json", "toolbox.json", "tree"]


def test_two_builds_are_one(distribution, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    formats = ("--format", "erofs", "--format", "squashfs")
    assert distribution.build("small", first, *formats, env={"TZ": "Asia/Kathmandu"}, umask=0o077).returncode == 0
    # Another order of the packages, and other times: they are made anew.
    lock = distribution.home / "locks/small.amd64"
    lock.write_text("".join(reversed(lock.read_text().splitlines(keepends=True))))
    assert distribution.build("small", second, *formats, env={"TZ": "America/Lima"}, umask=0o002).returncode == 0
    names = sorted(path.name for path in first.iterdir())
    assert names == ["files", "image.erofs", "image.squashfs", "sbom.spdx.json", "toolbox.json"]
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
        assert (first / name).stat().st_mode == (second / name).stat().st_mode == 0o100644
    for image in read_json(first / "toolbox.json")["images"]:
        data = (first / image["file"]).read_bytes()
        assert image["size"] == len(data) and image["sha256"] == hashlib.sha256(data).hexdigest()


def test_an_old_toolbox_is_replaced_and_no_other_folder(distribution):
    out = built(distribution)
    (out / "old").write_text("")
    assert not (built(distribution) / "old").exists()
    (out / "toolbox.json").unlink()
    run = distribution.build("small", out)
    assert run.returncode == 1 and "is no toolbox" in run.stderr and (out / "files").exists()


def test_what_is_taken_along(distribution):
    (distribution.home / "own/libexec").mkdir(parents=True)
    (distribution.home / "own/libexec/wrap").write_text("#!/dbg/sh\n")
    distribution.package("extra", {
        "/usr/bin/script": b"#!/bin/prog\n. /etc/prog.conf\n",
        "/usr/bin/left": b"#!/usr/bin/perl\n",
        "/etc/prog.conf": b"x=/usr/share\n",
        "/usr/share/extra/a": b"", "/usr/share/extra/with blank": b"", "/usr/share/other/b.txt": b"",
        "/usr/lib/x86_64-linux-gnu/plug.so": make_elf(["libfoo.so.1"]),
    }, links={"/usr/sbin/other": "/usr/bin/script", "/usr/share/extra/link": "a"})
    distribution.manifest("small", SMALL + "pkg extra except left\ndata extra /usr/share/extra -> share/here\n"
                          "data extra /usr/share/other/*.txt\nlib plug.so\ndata extra /etc/prog.conf\ntext *.conf\n"
                          "files own\nwrap script\nlink bin/alias prog\n",
                          SMALL_COUNTS + "extra bin=1 etc=1 usr=1\n", "/etc/passwd")
    tree = built(distribution) / "tree"
    assert os.readlink(tree / "bin/script") == "../libexec/wrap"
    assert (tree / "libexec/wrapped/script").read_text() == "#!/dbg/prog\n. /dbg/prog.conf\n"
    assert (tree / "etc/prog.conf").read_text() == "x=/dbg/share\n"
    assert os.readlink(tree / "bin/other") == "script" and os.readlink(tree / "bin/alias") == "prog"
    assert sorted(path.name for path in (tree / "share/here").iterdir()) == ["a", "link"]
    assert (tree / "share/other/b.txt").exists() and (tree / "lib/plug.so").exists()
    # Where the moved paths lead to: /bin/prog was named in a script, /etc/prog.conf in all.
    assert os.readlink(tree / "prog") == "bin/prog" and os.readlink(tree / "prog.conf") == "etc/prog.conf"
    assert not (tree / "bin/left").exists()


def test_busybox_fills_and_files_are_copied(distribution, tmp_path):
    minimal = tmp_path / "minimal"
    for path, content in {"bin/busybox": make_elf(), "share/doc/busybox/copyright": b"x",
                          "share/doc/musl/copyright": b"y", "etc/toolbox.json": b'{"busybox":"1.2"}'}.items():
        (minimal / path).parent.mkdir(parents=True, exist_ok=True)
        (minimal / path).write_bytes(content)
    for name in ("prog", "vi", "ls"):
        (minimal / "bin" / name).symlink_to("busybox")
    own = distribution.home / "own"
    (own / "etc/empty").mkdir(parents=True)
    (own / "etc/profile").write_text("/usr/stays\n")
    (own / ".gitkeep").write_text("")
    distribution.manifest("small", SMALL + "fill busybox except vi\nfiles own\n", SMALL_COUNTS, "/etc/passwd")
    out = built(distribution, "--busybox", str(minimal))
    tree = out / "tree"
    assert sorted(path.name for path in (tree / "bin").iterdir()) == ["busybox", "ls", "prog"]
    assert (tree / "etc/profile").read_text() == "/usr/stays\n" and (tree / "etc/empty").is_dir()
    assert not (tree / ".gitkeep").exists()
    versions = {entry["name"]: entry["versionInfo"] for entry in read_json(out / "sbom.spdx.json")["packages"]}
    assert versions["busybox"] == "1.2" and versions["prog"] == "1.0"
    run = distribution.build("small", tmp_path / "none", "--busybox", str(tmp_path))
    assert run.returncode == 1 and "has no bin/busybox" in run.stderr


LAYER = "toolbox 1\nsuite bookworm\npkg more\n"


def layer(distribution, files, text=LAYER, counts="more interp=1\n"):
    """A base at `base`, and the manifest of a layer called `more` with FILES."""
    (distribution.home / "manifests/core").write_text(SMALL)
    distribution.manifest("base", SMALL, SMALL_COUNTS, "/etc/passwd")
    assert distribution.build("base", distribution.folder / "base").returncode == 0
    distribution.package("more", {
        "/usr/bin/more": make_elf(["libfoo.so.1", "ld-linux-x86-64.so.2"], interpreter=LOADER), **files})
    distribution.manifest("more", text, counts)
    return ("--base", str(distribution.folder / "base"))


def test_a_layer_has_only_what_its_base_lacks(distribution):
    base = layer(distribution, {"/usr/share/more": b""}, LAYER + "data more /usr/share/more\nlink bin/prog2 prog\n")
    out = built(distribution, *base, name="more")
    tree = out / "tree"
    assert {str(path.relative_to(tree)) for path in tree.rglob("*") if not path.is_dir() or path.is_symlink()} == {
        "bin/more", "bin/prog2", "etc/toolbox.d/more.json", "share/more", "share/doc/more/copyright"}
    facts = read_json(out / "toolbox.json")
    base_facts = read_json(distribution.folder / "base/toolbox.json")
    assert facts["kind"] == "layer" and facts["base"] == base_facts["digest"] and "shell" not in facts
    assert facts["packages"] == 1 and facts["programs"] == 2


def test_a_layer_does_not_change_its_base(distribution):
    base = layer(distribution, {"/usr/bin/prog": b"#!/usr/bin/prog\n"}, counts="more interp=1 usr=1\n")
    assert "both have bin/prog" in refused(distribution, "more", *base)


def test_a_base_is_looked_at(distribution):
    base = layer(distribution, {})
    assert "--base names" in refused(distribution, "more")
    assert "reading the base" in refused(distribution, "more", "--base", "/nonexistent")
    (distribution.folder / "base/files").write_text("d .\n")
    assert "do not agree" in refused(distribution, "more", *base)


@pytest.mark.parametrize("files, text, said", [
    ({"/usr/bin/x": make_elf(["libnone.so.1"])}, "pkg x", "it needs libnone.so.1"),
    ({"/usr/bin/x": b"#!/usr/bin/perl\n"}, "pkg x", "a script for perl"),
    ({"/usr/bin/x": make_elf(machine=183)}, "pkg x", "it is for arm64"),
    ({"/usr/bin/x": b"\x7fELF\x02\x01"}, "pkg x", "a broken ELF file"),
    ({"/usr/bin/x": make_elf(interpreter="/opt/ld.so")}, "pkg x", "starts with /opt/ld.so"),
    ({"/usr/bin/x": make_elf(["libfoo.so.1"], runpath="/opt/x")}, "pkg x", "looks for libraries in /opt/x"),
    ({"/usr/bin/x": make_elf(strings=["/var/lib/x"])}, "pkg x", "/var/lib/x (in bin/x)"),
    ({"/usr/share/x": b""}, "pkg x", "it has no programs"),
    ({"/usr/bin/x": b""}, "pkg x except y", "has no program y"),
    ({"/usr/bin/x": b""}, "data x /usr/share/x", "it has no such file"),
    ({"/usr/bin/prog": b""}, "pkg x", "it and prog both have /usr/bin/prog"),
    ({"/usr/bin/x": b""}, "pkg x\nwrap y", "no such program"),
    ({"/usr/bin/x": b""}, "pkg x\nwrap x", "leads to ../libexec/wrap, which is not inside"),
    ({"/usr/bin/x": b""}, "pkg x\nmake tea", "known are"),
    ({"/usr/bin/x": b""}, "pkg x\nfiles nowhere", "no such folder"),
    ({"/usr/bin/x": b""}, "pkg x\nlink bin/y z", "leads to z, which is not inside"),
    ({"/usr/bin/x": b""}, "pkg x\nlink y ../z", "leads to ../z, which is not inside"),
    ({"/usr/bin/x": b""}, "pkg x\nlink y /z", "leads to /z, which is not inside"),
])
def test_what_ends_a_build(distribution, files, text, said):
    distribution.package("x", files)
    distribution.manifest("small", SMALL + text + "\n", SMALL_COUNTS, "/etc/passwd")
    assert said in refused(distribution)


def test_an_optional_library_may_be_missing(distribution):
    distribution.package("x", {"/usr/bin/x": make_elf(["libnone.so.1"])})
    distribution.manifest("small", SMALL + "pkg x\nlib libnone.so.1 optional\n", SMALL_COUNTS, "/etc/passwd")
    built(distribution)


def test_a_path_that_stays_is_judged_and_a_list_that_is_too_long_refused(distribution):
    distribution.manifest("small", SMALL, SMALL_COUNTS, "")
    assert "/etc/passwd (in bin/prog)" in refused(distribution, "small", "--leftovers", str(distribution.home / "list"))
    assert (distribution.home / "list").read_text() == "/etc/passwd\tbin/prog\n"
    distribution.manifest("small", SMALL, SMALL_COUNTS, "/etc/passwd\n/never  # used\n")
    assert "/never in leftovers/small is not left anywhere" in refused(distribution)


def test_counts_are_asserted(distribution):
    distribution.manifest("small", SMALL, "prog etc=1 interp=1 usr=3\n", "/etc/passwd")
    assert "prog usr: 2 replaced, 3 expected" in refused(distribution)


def test_a_package_without_licence_is_refused(distribution):
    distribution.package("x", {"/usr/bin/x": b""}, copyright=None)
    distribution.manifest("small", SMALL + "pkg x\n", SMALL_COUNTS, "/etc/passwd")
    assert "x has no copyright file" in refused(distribution)


def test_a_lock_that_lacks_a_package(distribution):
    distribution.manifest("small", SMALL + "pkg bash\n", SMALL_COUNTS, "/etc/passwd")
    assert "it lacks bash; make toolbox-lock refreshes it" in refused(distribution)
    (distribution.home / "locks/small.amd64").write_text("prog 1.0\n")
    assert "line 1 is not a lock's" in refused(distribution)


def test_a_missing_mirror_and_a_spoilt_package(distribution):
    """What is in the cache is compared with the lock; what is otherwise is fetched again, which fails here."""
    deb = distribution.cache / "debs/prog_1.0_amd64.deb"
    data = bytearray(deb.read_bytes())
    data[-1] ^= 1
    deb.write_bytes(data)
    said = refused(distribution, env={"DBG_TOOLBOX_MIRROR": "http://127.0.0.1:9/debian"})
    assert "asking the mirror for bookworm failed" in said and "127.0.0.1:9" in said


def test_a_missing_program(distribution, tmp_path):
    (tmp_path / "bin").mkdir()
    for name in ("python3", "dpkg", "dpkg-deb", "apt-get", "apt-cache"):
        (tmp_path / "bin" / name).symlink_to(f"/usr/bin/{name}")
    said = refused(distribution, "small", "--format", "squashfs", env={"PATH": str(tmp_path / "bin")})
    assert "mksquashfs is missing; install squashfs-tools" in said


def test_a_full_disk(distribution, tmp_path):
    """On a file system of its own, too small for the packages: the line says so, and nothing stays behind."""
    small = tmp_path / "small"
    small.mkdir()
    script = f"""mount -t tmpfs -o size=32k tmpfs {small} || exit 99
        {' '.join(map(str, command(distribution, small / 'out')))} 2>{tmp_path}/said; echo $? >{tmp_path}/status
        ls -A {small} >{tmp_path}/left"""
    run = subprocess.run(["unshare", *([] if os.geteuid() == 0 else ["-r"]), "-m", "sh", "-c", script], check=False,
                         capture_output=True, text=True)
    if run.returncode == 99 and os.environ.get("DBG_MUST_RUN") != "1":
        pytest.skip("a tmpfs of one's own needs a user namespace")
    said = (tmp_path / "said").read_text()
    assert (tmp_path / "status").read_text() == "1\n" and said.startswith("toolbox: ") and said.count("\n") == 1
    assert "No space left on device" in said or "is the disk full?" in said
    assert (tmp_path / "left").read_text() == ""


def command(distribution, out):
    from conftest import TOOLBOX
    return [TOOLBOX / "build-toolbox", "--arch", "amd64", "--cache", distribution.cache,
            distribution.home / "manifests/small", out]


def test_progress_is_a_line_a_stage(distribution):
    run = distribution.build("small", distribution.folder / "out", "--progress")
    assert [line.split(" ")[0] for line in run.stderr.splitlines()] == [
        "choosing", "unpacking", "laying", "moving", "writing", "packing"]


def test_json_is_plain(distribution):
    text = (built(distribution) / "toolbox.json").read_text()
    assert text == json.dumps(json.loads(text), indent=2) + "\n"
