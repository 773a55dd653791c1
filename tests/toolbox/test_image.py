# SPDX-License-Identifier: Apache-2.0
import os
import subprocess

import pytest
from builder import Failure, image, layout
from builder.tree import Base, Entry, Tree
from conftest import TOOLBOX, make_elf

FILES = {"bin/a": b"#!/bin/sh\n" * 1000, "etc/b": b"b" * 70000, "lib/x/c": b"", "lib-x": b"x"}


def make_tree(root, umask=0o022, time=10**9, backwards=False):
    """One tree by several hands."""
    for name in sorted(FILES, reverse=backwards):
        path = root / name
        for folder in reversed(path.relative_to(root).parents):
            (root / folder).mkdir(exist_ok=True)
            (root / folder).chmod(0o777 & ~umask)
        path.write_bytes(FILES[name])
        path.chmod((0o777 if name.startswith("bin/") else 0o666) & ~umask)
    (root / "link").symlink_to("etc/b")
    for path in (root, *root.rglob("*")):
        os.utime(path, (time, time), follow_symlinks=False)
    return root


@pytest.fixture
def trees(tmp_path):
    return make_tree(tmp_path / "one"), make_tree(tmp_path / "two", 0o077, 2 * 10**9, True)


def test_the_listing_is_sorted_by_bytes_and_blind_to_times_and_modes(trees):
    listing = image.listing(trees[0])
    assert listing == image.listing(trees[1])
    names = [line.rsplit(b" ", 1)[1] for line in listing.splitlines()]
    assert names == [b".", b"bin", b"bin/a", b"etc", b"etc/b", b"lib", b"lib-x", b"lib/x", b"lib/x/c", b"link"]
    assert listing.startswith(b"d .\n") and b"\nl etc/b link\n" in listing and b"\nf 755 " in listing


def test_hot_files_are_a_folder_of_the_same_bytes(trees, tmp_path):
    """Whatever the umask and the times; a link, and what is not there, is refused."""
    made = []
    for number, tree in enumerate(trees):
        out = tmp_path / f"hot{number}"
        out.mkdir()
        line = image.pack_hot(["bin/*", "lib/x/c"], tree, out)
        assert line == {"format": "hot", "file": "hot", "sha256": image.digest(image.listing(out / "hot")).hex()}
        made.append((line, image.listing(out / "hot"), {path.stat().st_mode & 0o7777 for path in (out / "hot").rglob("*") if path.is_dir()}))
    assert made[0] == made[1]
    assert b" bin/a\n" in made[0][1] and b" lib/x/c\n" in made[0][1] and b"etc" not in made[0][1]
    assert made[0][2] == {0o755}
    for wrong in ("link", "bin/none", "etc"):
        out = tmp_path / f"wrong-{wrong.replace('/', '-')}"
        out.mkdir()
        with pytest.raises(Failure, match=f"{wrong} is no file"):
            image.pack_hot([wrong], trees[0], out)


@pytest.mark.parametrize("kind", ["erofs", "squashfs"])
def test_images_are_the_same_for_the_same_tree(trees, tmp_path, kind):
    made = []
    for number, tree in enumerate(trees):
        copy, out = tmp_path / f"copy{number}", tmp_path / f"out{number}"
        out.mkdir()
        image.normal_copy(tree, copy)
        modes = {path.name: path.stat().st_mode & 0o7777 for path in copy.rglob("*") if not path.is_symlink()}
        assert modes == dict.fromkeys(("bin", "etc", "lib", "x", "a"), 0o755) | dict.fromkeys(("b", "c", "lib-x"), 0o644)
        for path in (copy, *copy.rglob("*")):
            os.utime(path, (number, 10**9 * number), follow_symlinks=False)
        line = image.pack(kind, copy, out, image.digest(image.listing(tree)))
        made.append((line, (out / line["file"]).read_bytes()))
    assert made[0] == made[1]


def test_mkimage(trees, tmp_path):
    made = [tmp_path / "a.erofs", tmp_path / "b.erofs"]
    for tree, target in zip(trees, made):
        subprocess.run([TOOLBOX / "mkimage", tree, target], check=True)
    assert made[0].read_bytes() == made[1].read_bytes()
    # Not compressed: mkindex finds each file in one piece.
    assert all(content in made[0].read_bytes() for content in FILES.values())


@pytest.mark.parametrize("spoil, said", [
    (lambda tree: (tree / "bin/a").chmod(0o4755), "setuid"),
    (lambda tree: (tree / "etc").chmod(0o1755), "sticky"),
    (lambda tree: os.mkfifo(tree / "x"), "neither file, folder nor link"),
    (lambda tree: (tree / "x").symlink_to("/etc/b"), "leads out"),
    (lambda tree: (tree / "etc/x").symlink_to("../../etc/b"), "leads out"),
    (lambda tree: (tree / "x").symlink_to("none"), "leads nowhere"),
    (lambda tree: (tree / "a b").write_text(""), "a blank or worse"),
    (lambda tree: (tree / "a\nb").write_text(""), "a blank or worse"),
    (lambda tree: (tree / "x").symlink_to("a b"), "a blank or worse"),
])
def test_what_a_toolbox_must_not_have(trees, spoil, said):
    spoil(trees[0])
    with pytest.raises(Failure) as failure:
        image.listing(trees[0])
    assert said in str(failure.value)


def test_a_layers_link_may_lead_below_it(trees):
    (trees[0] / "x").symlink_to("bin/of-the-base")
    with pytest.raises(Failure):
        image.listing(trees[0])
    assert b"l bin/of-the-base x\n" in image.listing(trees[0], {"bin/of-the-base"})


@pytest.mark.parametrize("elf, optional, said", [
    (make_elf(["libnone.so"]), (), "bin/x needs libnone.so"),
    (make_elf(["libnone.so"]), {"libnone.so"}, None),
    (make_elf(["libx.so"], runpath="$ORIGIN/../lib/own"), (), None),
    (make_elf(["libx.so"], runpath="/dbg/lib/x86_64-linux-gnu/own"), (), None),
    (make_elf(["libx.so"], runpath="$ORIGIN/../../own"), (), "looks for libraries in"),
    (make_elf(interpreter="/lib64/ld.so"), (), "starts with /lib64/ld.so"),
    (make_elf(interpreter="/dbg/l/ld.so"), (), "starts with /dbg/l/ld.so"),
])
def test_the_audit(elf, optional, said):
    tree = Tree()
    tree.add("bin/x", Entry("f", content=elf, executable=True))
    tree.add("lib/own/libx.so", Entry("f", content=b""))

    def audit():
        layout.audit(tree, Base(), optional, "x86_64-linux-gnu")
    if said is None:
        audit()
        return
    with pytest.raises(Failure) as failure:
        audit()
    assert said in str(failure.value)
