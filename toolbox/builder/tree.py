"""What does a toolbox's tree consist of, and what does the one below a layer have already?"""
import dataclasses
import hashlib
import json
import os
import pathlib

from . import Failure

WRAPPED = "libexec/wrapped"


@dataclasses.dataclass
class Entry:
    kind: str  # f, l or d, as in the listing
    package: str = ""
    content: bytes = b""
    executable: bool = False
    target: str = ""
    path: str = ""  # where it lay in its package

    def line(self, name):
        if self.kind == "f":
            digest = hashlib.sha256(self.content).hexdigest()
            return f"f {'755' if self.executable else '644'} {digest} {name}\n"
        return f"l {self.target} {name}\n" if self.kind == "l" else f"d {name}\n"


class Tree:
    def __init__(self):
        self.entries = {}

    def __contains__(self, name):
        return name in self.entries

    def add(self, name, entry):
        """One more entry and the folders that it lies in. Two of one name must be alike."""
        old = self.entries.get(name)
        if old and old.line(name) != entry.line(name):
            raise Failure(f"laying out {name} failed: {old.package or 'the manifest'} and "
                          f"{entry.package or 'the manifest'} differ in it; leave one out with `except`")
        if old:
            return
        parent = os.path.dirname(name)
        if parent and parent not in self.entries:
            self.add(parent, Entry("d"))
        if parent and self.entries[parent].kind != "d":
            raise Failure(f"laying out {name} failed: {parent} is no folder; give it another place")
        self.entries[name] = entry

    def link(self, name, target, package=""):
        self.add(name, Entry("l", package, target=target))

    def link_to(self, name, other, package=""):
        """A link at NAME to OTHER, both seen from the tree's root."""
        self.link(name, os.path.relpath(other, os.path.dirname(name) or "."), package)

    def names(self, folder):
        return {name.rsplit("/", 1)[1] for name in self.entries if name.startswith(folder + "/")
                and name.count("/") == folder.count("/") + 1}

    def write(self, folder):
        for name, entry in sorted(self.entries.items()):
            path = folder / name
            if entry.kind == "d":
                path.mkdir(parents=True, exist_ok=True)
            elif entry.kind == "l":
                path.symlink_to(entry.target)
            else:
                path.write_bytes(entry.content)
                path.chmod(0o755 if entry.executable else 0o644)


class Base:
    """The toolbox that a layer is laid over; without a folder, none."""

    def __init__(self, folder=None):
        self.lines = {}
        self.facts = {}
        self.digest = ""
        if folder is None:
            return
        try:
            self.facts = json.loads(pathlib.Path(folder, "toolbox.json").read_text(encoding="utf-8"))
            listing = pathlib.Path(folder, "files").read_bytes()
        except (OSError, ValueError) as error:
            raise Failure(f"reading the base {folder} failed: {error}; it must be a built toolbox's folder") from error
        self.digest = "sha256:" + hashlib.sha256(listing).hexdigest()
        if self.digest != self.facts.get("digest") or self.facts.get("kind") != "toolbox":
            raise Failure(f"reading the base {folder} failed: its files and toolbox.json do not agree; build it again")
        for line in listing.decode("ascii").splitlines(keepends=True):
            self.lines[line.rstrip("\n").rsplit(" ", 1)[1]] = line

    def __contains__(self, name):
        return name in self.lines

    def names(self, folder):
        return {name.rsplit("/", 1)[1] for name in self.lines if name.startswith(folder + "/")
                and name.count("/") == folder.count("/") + 1}
