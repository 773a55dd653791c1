# SPDX-License-Identifier: Apache-2.0
"""Toolboxes and layers for tests: entries of a store, as the builder makes them, out of small trees."""
import hashlib
import json
import os
import pathlib
import platform
import shutil
import stat
import subprocess

ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]


def listing(tree):
    """What a tree's digest is made of."""
    lines = []
    for path in sorted([tree, *tree.rglob("*")], key=lambda path: str(path.relative_to(tree))):
        name = path.relative_to(tree)
        if path.is_symlink():
            lines.append(f"l {os.readlink(path)} {name}\n")
        elif path.is_dir():
            lines.append(f"d {name}\n")
        else:
            content = path.read_bytes()
            lines.append(f"f {stat.S_IMODE(path.stat().st_mode):o} {hashlib.sha256(content).hexdigest()} {name}\n")
    return "".join(lines)


PACKERS = {
    "erofs": lambda tree, image: ["mkfs.erofs", "--quiet", "--all-root", "-T0", "-x-1", image, tree],
    "squashfs": lambda tree, image: ["mksquashfs", tree, image, "-quiet", "-no-progress", "-all-root", "-noappend"],
}


def make(store, folder, tree, formats=("erofs",), base=None, name=None, hot=None, stated=()):
    """The entry FOLDER of the store; base: the entry that it is a layer for. hot: {path: content} laid over an
    image. stated: what toolbox.json says instead."""
    entry, name = store / folder, name or folder
    entry.mkdir(mode=0o755)
    images = []
    for form in formats:
        image = entry / (form if form == "tree" else f"image.{form}")
        if form == "tree":
            shutil.copytree(tree, image, symlinks=True)
            images.append({"format": form, "file": image.name})
        else:
            subprocess.run(PACKERS[form](tree, image), check=True, stdout=subprocess.DEVNULL)
            image.chmod(0o644)
            images.append({"format": form, "file": image.name, "size": image.stat().st_size,
                           "sha256": hashlib.sha256(image.read_bytes()).hexdigest()})
    if hot:
        for path, content in hot.items():
            file = entry / "hot" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            file.chmod(0o755)
        images.append({"format": "hot", "file": "hot", "sha256": hashlib.sha256(listing(entry / "hot").encode()).hexdigest()})
    text = listing(tree)
    (entry / "files").write_text(text)
    (entry / "sbom.spdx.json").write_text(json.dumps({"spdxVersion": "SPDX-2.3", "name": name}))
    manifest = {"version": 1, "name": name, "prefix": "/dbg", "architecture": ARCHITECTURE, "suite": "bookworm",
                "digest": "sha256:" + hashlib.sha256(text.encode()).hexdigest(), "packages": 1, "programs": 1,
                "images": images}
    if base:
        manifest |= {"kind": "layer", "base": json.loads((base / "toolbox.json").read_text())["digest"]}
    else:
        manifest |= {"kind": "toolbox", "shell": "bin/bash"}
    manifest |= dict(stated)
    (entry / "toolbox.json").write_text(json.dumps({key: value for key, value in manifest.items() if value is not None}))
    for path in (entry, *entry.rglob("*")):
        if not path.is_symlink() and path.parent == entry:
            path.chmod(0o755 if path.is_dir() else 0o644)
    return entry


def core_tree(build, tree):
    """The minimal toolbox's files, without its launcher, and with a shell that calls itself bash."""
    shutil.copytree(pathlib.Path(build) / "toolbox/root", tree, symlinks=True)
    (tree / "libexec/dbgattach/launcher").unlink()
    (tree / "bin/bash").write_text('#!/dbg/bin/sh\nexec /dbg/bin/sh "$@"\n')
    (tree / "bin/bash").chmod(0o755)
    return tree


def layer_tree(tree, program, says):
    (tree / "bin").mkdir(parents=True)
    (tree / "bin" / program).write_text(f"#!/dbg/bin/sh\necho {says}\n")
    (tree / "bin" / program).chmod(0o755)
    return tree


def damage(core, how):
    """One of the ways in which an entry is not what was built."""
    image = core / "image.erofs"
    if how == "changed":
        data = bytearray(image.read_bytes())
        data[len(data) // 2] ^= 1
        image.write_bytes(data)
    elif how == "truncated":
        os.truncate(image, image.stat().st_size - 4096)
    elif how == "writable":
        image.chmod(0o666)
    elif how == "writable folder":
        core.chmod(0o777)
    elif how == "missing":
        image.unlink()
    elif how == "architecture":
        text = (core / "toolbox.json").read_text()
        (core / "toolbox.json").write_text(text.replace(f'"{ARCHITECTURE}"', '"riscv64"'))
    elif how == "json":
        (core / "toolbox.json").write_text("{")
    elif how == "somebody's":
        os.chown(image, 1000, 1000)
    elif how == "hot changed":
        (core / "hot/bin/hot").write_bytes(b"x")
    elif how == "hot writable":
        (core / "hot/bin/hot").chmod(0o666)
    elif how == "link":
        image.rename(core / "real")
        image.symlink_to("real")
