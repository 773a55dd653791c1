# SPDX-License-Identifier: Apache-2.0
"""A distribution of our own, small enough to be made for each test: ELF files by hand, packages by dpkg-deb."""
import hashlib
import json
import os
import pathlib
import struct
import subprocess
import sys

import pytest

TOOLBOX = pathlib.Path(__file__).resolve().parents[2] / "toolbox"
sys.dont_write_bytecode = True
sys.path.insert(0, str(TOOLBOX))
LOADER = "/lib64/ld-linux-x86-64.so.2"
DEP5 = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2026 somebody
License: GPL-2+

License: GPL-2+
 The text.
"""


def make_elf(needed=(), soname="", runpath="", interpreter="", machine=62, strings=()):
    """A 64-bit ELF file that a loader would read as it reads real ones; STRINGS are compiled into it."""
    table = b"\0"

    def name(text):
        nonlocal table
        at = len(table)
        table += text.encode() + b"\0"
        return at
    dynamic = [(1, name(text)) for text in needed]
    dynamic += [(14, name(soname))] if soname else []
    dynamic += [(29, name(runpath))] if runpath else []
    count = 3 if interpreter else 2
    start = 64 + 56 * count
    interp = interpreter.encode() + b"\0" if interpreter else b""
    tables = start + len(interp)
    data = b"\0".join(text.encode() for text in ("", *strings, ""))
    size = tables + 16 * (len(dynamic) + 2) + len(table) + len(data)
    base = 0x400000
    dynamic += [(5, base + tables + 16 * (len(dynamic) + 2)), (0, 0)]
    blob = b"".join(struct.pack("<QQ", *entry) for entry in dynamic)
    header = b"\x7fELF\x02\x01\x01" + b"\0" * 9 + struct.pack(
        "<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, 0, 0, 64, 56, count, 0, 0, 0)

    def segment(kind, offset, length):
        return struct.pack("<IIQQQQQQ", kind, 4, offset, base + offset, base + offset, length, length, 1)
    segments = segment(1, 0, size) + segment(2, tables, len(blob))
    segments += segment(3, start, len(interp)) if interpreter else b""
    return header + segments + interp + blob + table + data


class Distribution:
    """Packages in a cache and a folder with manifests and locks, as build-toolbox wants them; no mirror is asked."""

    def __init__(self, folder):
        self.folder, self.home, self.cache = folder, folder / "home", folder / "cache"
        self.lines = {}
        (self.home / "manifests").mkdir(parents=True)
        (self.home / "locks").mkdir()
        (self.home / "leftovers").mkdir()
        (self.cache / "debs").mkdir(parents=True)

    def package(self, name, files, version="1.0", copyright=DEP5, links=None):
        """FILES: path -> content (bytes; executable if below bin or an ELF file); LINKS: path -> target."""
        root = self.folder / "made" / f"{name}-{version}"
        if copyright:
            files = {**files, f"/usr/share/doc/{name}/copyright": copyright.encode()}
        for path, content in files.items():
            file = root / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            file.chmod(0o755 if "/bin/" in path or "/sbin/" in path else 0o644)
        for path, target in (links or {}).items():
            link = root / path.lstrip("/")
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(target)
        (root / "DEBIAN").mkdir()
        (root / "DEBIAN/control").write_text(f"Package: {name}\nVersion: {version}\nArchitecture: amd64\n"
                                             "Maintainer: nobody <nobody@example.com>\nDescription: for a test\n")
        deb = self.cache / "debs" / f"{name}_{version}_amd64.deb"
        subprocess.run(["dpkg-deb", "-Znone", "--root-owner-group", "-b", root, deb], check=True, capture_output=True)
        data = deb.read_bytes()
        self.lines[name] = f"{name} {version} amd64 {hashlib.sha256(data).hexdigest()} {len(data)} {name} {version}\n"

    def manifest(self, name, text, counts=None, leftovers=""):
        (self.home / "manifests" / name).write_text(text)
        (self.home / "leftovers" / name).write_text(leftovers)
        (self.home / "locks" / f"{name}.amd64").write_text("".join(self.lines.values()))
        if counts is not None:
            (self.home / "locks" / f"{name}.amd64.counts").write_text(counts)

    def build(self, name, out, *options, env=None, umask=0o022):
        """The finished process."""
        return subprocess.run([TOOLBOX / "build-toolbox", "--arch", "amd64", "--cache", self.cache, *options,
                               str(self.home / "manifests" / name), out], capture_output=True, text=True, check=False,
                              env=os.environ | (env or {}), umask=umask)


SMALL = """toolbox 1
kind toolbox
suite bookworm
shell bin/prog
pkg prog
own /etc prog.conf
dir rw
"""
SMALL_COUNTS = "prog etc=1 interp=1 usr=2\n"


@pytest.fixture
def distribution(tmp_path):
    """One program, one library, a loader; `small` is a manifest of them."""
    made = Distribution(tmp_path)
    made.package("libc6", {LOADER: make_elf(soname="ld-linux-x86-64.so.2")})
    made.package("libfoo", {"/usr/lib/x86_64-linux-gnu/libfoo.so.1.2": make_elf(soname="libfoo.so.1")},
                 links={"/usr/lib/x86_64-linux-gnu/libfoo.so.1": "libfoo.so.1.2"})
    made.package("prog", {
        "/usr/bin/prog": make_elf(["libfoo.so.1", "ld-linux-x86-64.so.2"], interpreter=LOADER,
                                  strings=("/usr/share/prog", "/etc/prog.conf", "/etc/passwd", "/usr/lib/prog/x")),
    })
    made.manifest("small", SMALL, SMALL_COUNTS, "/etc/passwd  # a fact\n")
    return made


def read_json(path):
    return json.loads(pathlib.Path(path).read_text())
