"""What is added to the packages' files, and where do the paths lead that were moved?"""
import collections
import fnmatch
import os
import pathlib
import re

from . import Failure, elf, relocate
from .apt import some
from .tree import Entry

# Where the first folder below /dbg stands for what the rule took away: /etc/ssl became /dbg/ssl.
BEHIND = {"interp": "lib", "lib": "lib", "bin": "bin", "sbin": "bin", "etc": "etc"}
SCRIPT = re.compile(rb"#! */")
COMPONENT = re.compile(rb"/dbg/{1,2}([A-Za-z0-9_.+-]+)")


def add_skeleton(tree, multiarch):
    """What the rules of relocate.py and the shape of packages ask for: /sbin, /lib64, and libraries in one folder."""
    for name, target in {"sbin": "bin", "l": "lib", multiarch: "lib", f"lib/{multiarch}": "."}.items():
        tree.link(name, target)


def add_files(tree, folder):
    """A folder of the project's own files, as it is; placeholders that keep a folder in git are left out."""
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        raise Failure(f"copying {folder} failed: there is no such folder; see `files` in the manifest")
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            tree.link(name, os.readlink(path))
        elif path.is_dir():
            tree.add(name, Entry("d"))
        elif path.name != ".gitkeep":
            tree.add(name, Entry("f", content=path.read_bytes(), executable=os.access(path, os.X_OK)))


def add_busybox(tree, base, minimal, leave, arch):
    """BusyBox out of the minimal toolbox's tree, moved already, and a link for each name that no real tool has."""
    program = minimal / "bin/busybox"
    if not program.is_file():
        raise Failure(f"filling with BusyBox failed: {minimal} has no bin/busybox; `make` builds it, "
                      "--busybox names it")
    content = program.read_bytes()
    if (have := elf.read(content, program).architecture) != arch:
        raise Failure(f"filling with BusyBox failed: {program} is for {have}, not {arch}; --busybox names another")
    tree.add("bin/busybox", Entry("f", "busybox", content, True))
    names = {path.name for path in (minimal / "bin").iterdir() if path.is_symlink()}
    for name in sorted(names - set(leave)):
        if f"bin/{name}" not in tree and f"bin/{name}" not in base:
            tree.link(f"bin/{name}", "busybox", "busybox")
    for work in ("busybox", "musl"):
        for path in sorted((minimal / "share/doc" / work).iterdir()):
            tree.add(f"share/doc/{work}/{path.name}", Entry("f", work, path.read_bytes()))


def relocatable(name, entry, patterns):
    """Programs, libraries and scripts out of packages, and the texts that the manifest names."""
    return entry.kind == "f" and bool(entry.path) and (
        elf.is_elf(entry.content) or SCRIPT.match(entry.content) or
        any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns))


def relocate_tree(tree, rules, patterns):
    """Move the paths in every file; return how often each rule applied by package, and what the paths now lead to."""
    counts = collections.defaultdict(collections.Counter)
    wanted = set()
    for name, entry in sorted(tree.entries.items()):
        if not relocatable(name, entry, patterns):
            continue
        entry.content, found, places = rules.relocate(entry.content)
        counts[entry.package].update(found)
        for rule, place in places:
            match = COMPONENT.match(entry.content, place) if rule in BEHIND else None
            if match:
                wanted.add((match[1].decode(), BEHIND[rule]))
    return {package: dict(found) for package, found in counts.items() if found}, wanted


def link_moved(tree, base, wanted):
    """Links in the root for what was named below /bin, /sbin, /lib and /etc, where the toolbox has it. What is in the
    root already was put there on purpose."""
    made = {}
    for name, folder in sorted(wanted):
        target = f"{folder}/{name}"
        if name in tree or name in base or not (target in tree or target in base):
            continue
        if made.setdefault(name, target) != target:
            raise Failure(f"linking {name} failed: both {made[name]} and {target} are wanted there; "
                          "say which with `link`")
    for name, target in made.items():
        tree.link(name, target)


def audit(tree, base, optional, multiarch):
    """Every program starts with the toolbox's loader and its libraries are inside."""
    problems = []

    def have(name):
        return name in tree or name in base
    for name, entry in sorted(tree.entries.items()):
        if entry.kind == "l" and (entry.target.startswith("/") or
                                  not have(os.path.normpath(f"{os.path.dirname(name)}/{entry.target}").lstrip("/"))):
            problems.append(f"{name} leads to {entry.target}, which is not inside")
        if entry.kind != "f" or not elf.is_elf(entry.content):
            continue
        facts = elf.read(entry.content, name)
        if facts.interpreter:
            folder, _, loader = facts.interpreter.removeprefix("/dbg/").rpartition("/")
            if not facts.interpreter.startswith("/dbg/") or folder not in ("", "l") or not have(f"lib/{loader}"):
                problems.append(f"{name} starts with {facts.interpreter}")
        folders = ["lib"]
        for folder in facts.runpath:
            folder = folder.replace("${ORIGIN}", "$ORIGIN").replace("$ORIGIN", "/dbg/" + os.path.dirname(name))
            inside = os.path.normpath(folder).removeprefix("/dbg/").replace(f"lib/{multiarch}", "lib")
            if not os.path.normpath(folder).startswith("/dbg"):
                problems.append(f"{name} looks for libraries in {folder}")
            folders.append(inside)
        for soname in facts.needed:
            if soname not in optional and not any(have(f"{folder}/{soname}") for folder in folders):
                problems.append(f"{name} needs {soname}")
    if problems:
        raise Failure(f"checking the tree failed: {some(problems, 3)}; see builder/layout.py audit()")


def leftovers(tree, patterns):
    """path -> one file that names it"""
    found = {}
    for name, entry in sorted(tree.entries.items()):
        if relocatable(name, entry, patterns):
            for path in relocate.leftovers(entry.content):
                found.setdefault(path, name)
    return found
